// Package exports answers the calls of ExportService: it takes orders for files of responses and of what else there is, tells how far they have come, and gives
// them out.
package exports

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/page"
	"github.com/otklik/otklik/services/reporting/internal/api/fault"
	"github.com/otklik/otklik/services/reporting/internal/api/listing"
	"github.com/otklik/otklik/services/reporting/internal/export"
	"github.com/otklik/otklik/services/reporting/internal/peers"
	"github.com/otklik/otklik/services/reporting/internal/store"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
)

const collection = "exports/"

// Server answers the calls of ExportService.
type Server struct {
	reportingv1.UnimplementedExportServiceServer
	Store store.Exports
	// Sources have the rows, by kind.
	Sources  map[export.Kind]export.Source
	Batches  Batches
	Measures *peers.Measures
	Erasures *peers.Erasures
	Parts    Parts
	Tokens   page.Codec
	// Keep is how long a file is kept, Most how many an organisation may keep and AtOnce how many may be on the way.
	Keep         time.Duration
	Most, AtOnce int
	Now          func() time.Time
}

// Register registers the service's RPCs.
func (s *Server) Register(r grpc.ServiceRegistrar) { reportingv1.RegisterExportServiceServer(r, s) }

// CreateExport takes an order.
func (s *Server) CreateExport(ctx context.Context, req *reportingv1.CreateExportRequest) (*reportingv1.CreateExportResponse, error) {
	organization, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	caller, _ := authn.FromContext(ctx)
	e := export.Export{Organization: organization, ID: req.GetExportId(), Creator: caller.ID, State: export.Pending, Create: s.Now().UTC().Truncate(time.Microsecond)}
	e.Expire = e.Create.Add(s.Keep)
	if e.ID == "" {
		e.ID = strings.ToLower(rand.Text())
	}
	if e.Order, err = s.orderOf(ctx, req.GetExport()); err != nil {
		return nil, err
	}
	e.Total = s.total(ctx, e.Order)
	switch err := s.Store.CreateExport(ctx, e, s.Most, s.AtOnce); {
	case errors.Is(err, store.ErrExists):
		return s.repeated(ctx, e)
	case errors.Is(err, store.ErrTooMany):
		return nil, fault.Refuse(codes.ResourceExhausted, reportingv1.ErrorReason_ERROR_REASON_EXPORT_LIMIT,
			fmt.Sprintf("the organisation has %d exports, or %d on the way: delete one, or wait for one to end", s.Most, s.AtOnce))
	case err != nil:
		return nil, err
	}
	return &reportingv1.CreateExportResponse{Export: toProto(e)}, nil
}

// repeated answers an order whose identifier is taken: the same order has the same answer.
func (s *Server) repeated(ctx context.Context, e export.Export) (*reportingv1.CreateExportResponse, error) {
	there, err := s.Store.Export(ctx, e.Organization, e.ID)
	if err != nil {
		return nil, storeError(err)
	}
	if there.Creator != e.Creator || !there.Order.Equal(e.Order) {
		return nil, fault.Field(codes.AlreadyExists, reportingv1.ErrorReason_ERROR_REASON_EXPORT_EXISTS, "export_id", "is that of another export; choose another one")
	}
	return &reportingv1.CreateExportResponse{Export: toProto(there)}, nil
}

// find returns an export of the caller's.
func (s *Server) find(ctx context.Context, name string) (export.Export, error) {
	organization, err := authn.Organization(ctx)
	if err != nil {
		return export.Export{}, err
	}
	e, err := s.Store.Export(ctx, organization, strings.TrimPrefix(name, collection))
	if err != nil {
		return e, storeError(err)
	}
	if caller, _ := authn.FromContext(ctx); e.Creator != caller.ID {
		return e, storeError(store.ErrNotFound)
	}
	return e, nil
}

// storeError explains an error of the store.
func storeError(err error) error {
	switch {
	case errors.Is(err, store.ErrNotFound):
		return fault.Field(codes.NotFound, reportingv1.ErrorReason_ERROR_REASON_EXPORT_NOT_FOUND, "name", "there is no such export of yours; it may have expired")
	case errors.Is(err, store.ErrChanged):
		return fault.Field(codes.FailedPrecondition, reportingv1.ErrorReason_ERROR_REASON_EXPORT_ENDED, "name", "it has ended; delete it instead")
	}
	return err
}

// GetExport returns an export.
func (s *Server) GetExport(ctx context.Context, req *reportingv1.GetExportRequest) (*reportingv1.GetExportResponse, error) {
	e, err := s.find(ctx, req.GetName())
	if err != nil {
		return nil, err
	}
	return &reportingv1.GetExportResponse{Export: toProto(e)}, nil
}

// ListExports lists the caller's exports.
func (s *Server) ListExports(ctx context.Context, req *reportingv1.ListExportsRequest) (*reportingv1.ListExportsResponse, error) {
	organization, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	caller, _ := authn.FromContext(ctx)
	found, next, err := listing.After(s.Tokens, reportingv1.ExportService_ListExports_FullMethodName, organization+"/"+caller.ID, req,
		func(after string, limit int) ([]export.Export, error) {
			mark, err := markOf(after)
			if err != nil {
				return nil, err
			}
			return s.Store.ListExports(ctx, organization, caller.ID, mark, limit)
		}, func(e export.Export) string { return strconv.FormatInt(e.Create.UnixMicro(), 10) + "/" + e.ID })
	if err != nil {
		return nil, err
	}
	out := &reportingv1.ListExportsResponse{NextPageToken: next}
	for _, e := range found {
		out.Exports = append(out.Exports, toProto(e))
	}
	return out, nil
}

// markOf is where a page of exports ended.
func markOf(after string) (store.ExportMark, error) {
	if after == "" {
		return store.ExportMark{}, nil
	}
	micros, id, _ := strings.Cut(after, "/")
	created, err := strconv.ParseInt(micros, 10, 64)
	if err != nil || id == "" {
		return store.ExportMark{}, page.ErrMalformed
	}
	return store.ExportMark{Create: time.UnixMicro(created).UTC(), ID: id}, nil
}

// CancelExport calls off an export.
func (s *Server) CancelExport(ctx context.Context, req *reportingv1.CancelExportRequest) (*reportingv1.CancelExportResponse, error) {
	e, err := s.find(ctx, req.GetName())
	if err != nil {
		return nil, err
	}
	if err := s.Store.CancelExport(ctx, e.Organization, e.ID, s.Now()); err != nil {
		return nil, storeError(err)
	}
	if e, err = s.find(ctx, req.GetName()); err != nil {
		return nil, err
	}
	return &reportingv1.CancelExportResponse{Export: toProto(e)}, nil
}

// DeleteExport forgets an export.
func (s *Server) DeleteExport(ctx context.Context, req *reportingv1.DeleteExportRequest) (*reportingv1.DeleteExportResponse, error) {
	e, err := s.find(ctx, req.GetName())
	if err != nil {
		return nil, err
	}
	if err := s.Store.DeleteExport(ctx, e.Organization, e.ID); err != nil {
		return nil, storeError(err)
	}
	return &reportingv1.DeleteExportResponse{}, nil
}
