// Package exports answers the calls of ExportService: it takes orders for files of responses, tells how far they have come, and gives them out.
package exports

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/authz"
	"github.com/otklik/otklik/libs/page"
	"github.com/otklik/otklik/services/reporting/internal/api/fault"
	"github.com/otklik/otklik/services/reporting/internal/export"
	"github.com/otklik/otklik/services/reporting/internal/peers"
	"github.com/otklik/otklik/services/reporting/internal/store"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

const (
	collection  = "exports/"
	defaultPage = 50
)

// Server answers the calls of ExportService.
type Server struct {
	reportingv1.UnimplementedExportServiceServer
	Store     store.Exports
	Responses *peers.Responses
	Measures  *peers.Measures
	Erasures  *peers.Erasures
	Parts     Parts
	Tokens    page.Codec
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
	e.Total = s.total(ctx, req.GetExport())
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
	was, wants := there.Order, e.Order
	if there.Creator != e.Creator || was.Survey != wants.Survey || !was.From.Equal(wants.From) || !was.To.Equal(wants.To) || was.Format != wants.Format || was.Mark != wants.Mark ||
		was.Named != wants.Named || was.Named && !slices.Equal(was.Columns, wants.Columns) {
		return nil, fault.Field(codes.AlreadyExists, reportingv1.ErrorReason_ERROR_REASON_EXPORT_EXISTS, "export_id", "is that of another export; choose another one")
	}
	return &reportingv1.CreateExportResponse{Export: toProto(there)}, nil
}

// orderOf reads an order, with the columns that the caller may have.
func (s *Server) orderOf(ctx context.Context, in *reportingv1.Export) (export.Order, error) {
	o := export.Order{Survey: in.GetSurvey(), Format: export.Format(max(1, in.GetFormat())), Mark: in.GetByteOrderMark(), Named: len(in.GetColumns()) > 0}
	if start := in.GetPeriod().GetStartTime(); start != nil {
		o.From = start.AsTime()
	}
	if end := in.GetPeriod().GetEndTime(); end != nil {
		o.To = end.AsTime()
	}
	var err error
	if o.Rights, err = peers.Rights(ctx); err != nil {
		return o, err
	}
	questions, err := s.Responses.Questions(ctx, in.GetSurvey())
	if err != nil {
		return o, fault.Survey(err)
	}
	chosen, withheld, err := export.Choose(export.Columns(questions), in.GetColumns(), authz.FromContext(ctx).Holds(peers.PersonsView))
	var unknown *export.UnknownError
	var forbidden *export.ForbiddenError
	switch {
	case errors.As(err, &unknown):
		return o, fault.Field(codes.InvalidArgument, reportingv1.ErrorReason_ERROR_REASON_COLUMN_UNKNOWN, fmt.Sprintf("export.columns[%d]", unknown.At),
			fmt.Sprintf("the survey has no column %q: leave columns out to get all", unknown.Name))
	case errors.As(err, &forbidden):
		return o, fault.Field(codes.PermissionDenied, reportingv1.ErrorReason_ERROR_REASON_COLUMN_FORBIDDEN, fmt.Sprintf("export.columns[%d]", forbidden.At),
			fmt.Sprintf("column %q is of persons: it needs %s; leave it out", forbidden.Name, peers.PersonsView))
	}
	for _, c := range chosen {
		o.Columns = append(o.Columns, c.Name)
	}
	o.Withheld = withheld
	return o, err
}

// total is about how many rows there will be; below zero when that is not known.
func (s *Server) total(ctx context.Context, in *reportingv1.Export) int64 {
	resp, err := s.Measures.Query(ctx, &scoringv1.ScoreQuery{Survey: in.GetSurvey(), Period: in.GetPeriod(), Metrics: []scoringv1.Metric{scoringv1.Metric_METRIC_RESPONSE_RATE}})
	if err != nil || resp.GetCoverage() == nil {
		return -1
	}
	return resp.GetCoverage().GetCounted()
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
	binding := page.Binding(reportingv1.ExportService_ListExports_FullMethodName, organization+"/"+caller.ID, req)
	cursor, err := s.Tokens.Decode(binding, req.GetPageToken())
	if err != nil {
		return nil, err
	}
	var after store.ExportMark
	if len(cursor) > 0 {
		if err := json.Unmarshal(cursor, &after); err != nil {
			return nil, page.ErrMalformed
		}
	}
	size := int(req.GetPageSize())
	if size == 0 {
		size = defaultPage
	}
	found, err := s.Store.ListExports(ctx, organization, caller.ID, after, size+1)
	if err != nil {
		return nil, err
	}
	out := &reportingv1.ListExportsResponse{}
	if len(found) > size {
		found = found[:size]
		last := found[size-1]
		mark, err := json.Marshal(store.ExportMark{Create: last.Create, ID: last.ID})
		if err != nil {
			return nil, err
		}
		out.NextPageToken = s.Tokens.Encode(binding, mark)
	}
	for _, e := range found {
		out.Exports = append(out.Exports, toProto(e))
	}
	return out, nil
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

// periodOf is the period of an order; nil for all time.
func periodOf(o export.Order) *typev1.Period {
	if o.From.IsZero() && o.To.IsZero() {
		return nil
	}
	return &typev1.Period{StartTime: stamp(o.From), EndTime: stamp(o.To)}
}
