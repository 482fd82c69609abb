package exports_test

import (
	"context"
	"testing"
	"time"

	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/services/reporting/internal/api/exports"
	"github.com/otklik/otklik/services/reporting/internal/api/rows"
	"github.com/otklik/otklik/services/reporting/internal/export"
	"github.com/otklik/otklik/services/reporting/internal/peers"
	"github.com/otklik/otklik/services/reporting/internal/store"

	accessv1 "github.com/otklik/otklik/proto/gen/go/otklik/access/v1"
	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
)

var begun = time.Date(2026, 11, 2, 10, 5, 0, 0, time.UTC)

// file is an export that has ended, until it is deleted.
type file struct {
	store.Exports
	kept    export.Export
	deleted bool
}

func (f *file) Export(context.Context, string, string) (export.Export, error) {
	if f.deleted {
		return export.Export{}, store.ErrNotFound
	}
	return f.kept, nil
}

func (f *file) DeleteExport(context.Context, string, string) error {
	f.deleted = true
	return nil
}

// privacy has one erasure, that was asked for before the export was begun; it runs while ended is zero.
type privacy struct {
	accessv1.UnimplementedPrivacyServiceServer
	ended time.Time
}

func (p privacy) ListErasures(_ context.Context, req *accessv1.ListErasuresRequest) (*accessv1.ListErasuresResponse, error) {
	e := &accessv1.Erasure{State: accessv1.Erasure_STATE_RUNNING, CreateTime: timestamppb.New(begun.Add(-time.Hour))}
	if !p.ended.IsZero() {
		e.State, e.EndTime = accessv1.Erasure_STATE_SUCCEEDED, timestamppb.New(p.ended)
		if p.ended.Before(req.GetUnderWaySince().AsTime()) {
			return &accessv1.ListErasuresResponse{}, nil
		}
	}
	return &accessv1.ListErasuresResponse{Erasures: []*accessv1.Erasure{e}}, nil
}

// An erasure that was asked for before an export was begun takes its file away, too, unless it had ended by then: its rows were read while the person was still there.
func TestErasuresTakeFilesAway(t *testing.T) {
	ctx := authn.WithPrincipal(t.Context(), authn.Principal{ID: "members/ann", Organization: "acme"})
	rights, err := rows.Rights(ctx, export.Responses)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		ended time.Time
		gone  bool
	}{
		"runs":               {time.Time{}, true},
		"ended after it":     {begun.Add(time.Minute), true},
		"ended at its begin": {begun, true},
		"ended before it":    {begun.Add(-time.Microsecond), false},
	} {
		channel := &inprocgrpc.Channel{}
		accessv1.RegisterPrivacyServiceServer(channel, privacy{ended: c.ended})
		f := &file{kept: export.Export{
			Organization: "acme", ID: "march", Creator: "members/ann", State: export.Succeeded, Begin: begun, Order: export.Order{Kind: export.Responses, Format: export.CSV, Rights: rights},
		}}
		s := &exports.Server{Store: f, Erasures: peers.NewErasures(channel)}
		answer, err := s.DownloadExport(ctx, &reportingv1.DownloadExportRequest{Name: "exports/march"})
		switch {
		case c.gone && (rpcerr.Reason(err) != rpcerr.ReasonOf(reportingv1.ErrorReason_ERROR_REASON_EXPORT_OUTDATED) || !f.deleted):
			t.Errorf("%s: %v, %v, deleted %t", name, answer, err, f.deleted)
		case !c.gone && (err != nil || answer.GetFileName() != "march.csv" || f.deleted):
			t.Errorf("%s: %v, %v, deleted %t", name, answer, err, f.deleted)
		}
	}
}
