package reports

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/interceptor/validation"
	"github.com/otklik/otklik/libs/mask"
	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/services/reporting/internal/api/fault"
	"github.com/otklik/otklik/services/reporting/internal/api/listing"
	"github.com/otklik/otklik/services/reporting/internal/report"
	"github.com/otklik/otklik/services/reporting/internal/store"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
)

// mutable are the fields of a report that an update may change.
var mutable = []string{"display_name", "survey", "sections", "filter", "language_code", "time_zone", "period_rule", "comparison", "cadence"}

// builtIn finds a report that comes with the product.
func builtIn(id string) (report.Definition, bool) {
	all := report.BuiltIns()
	i := slices.IndexFunc(all, func(d report.Definition) bool { return d.ID == id })
	if i < 0 {
		return report.Definition{}, false
	}
	return all[i], true
}

// find returns the report of a name, which stands in a field of the request.
func (s *Server) find(ctx context.Context, field, name string) (report.Definition, error) {
	organization, err := authn.Organization(ctx)
	if err != nil {
		return report.Definition{}, err
	}
	id, version := split(name)
	// The form has been checked; without a version it is 0, the newest.
	n, _ := strconv.Atoi(version)
	if d, ok := builtIn(id); ok {
		if n > d.Version {
			return d, notFound(field, name)
		}
		return d, nil
	}
	d, err := s.store.Report(ctx, organization, id, n)
	if errors.Is(err, store.ErrNotFound) {
		err = notFound(field, name)
	}
	return d, err
}

// GetReport returns a report.
func (s *Server) GetReport(ctx context.Context, req *reportingv1.GetReportRequest) (*reportingv1.GetReportResponse, error) {
	d, err := s.find(ctx, "name", req.GetName())
	if err != nil {
		return nil, err
	}
	return &reportingv1.GetReportResponse{Report: reportToProto(d, strings.Contains(req.GetName(), "@"))}, nil
}

// ListReports lists what comes with the product, and then the organisation's own.
func (s *Server) ListReports(ctx context.Context, req *reportingv1.ListReportsRequest) (*reportingv1.ListReportsResponse, error) {
	// A colon, which no identifier has, tells the cursors of those that come with the product from the others.
	const ours = ":"
	organization, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	list, next, err := listing.After(s.tokens, reportingv1.ReportService_ListReports_FullMethodName, organization, req, func(after string, size int) ([]report.Definition, error) {
		var out []report.Definition
		cursor, first := strings.CutPrefix(after, ours)
		if first || after == "" {
			out = slices.DeleteFunc(report.BuiltIns(), func(d report.Definition) bool { return d.ID <= cursor })
			after = ""
		}
		if len(out) >= size {
			return out[:size], nil
		}
		own, err := s.store.ListReports(ctx, organization, after, size-len(out))
		return append(out, own...), err
	}, func(d report.Definition) string {
		if d.BuiltIn() {
			return ours + d.ID
		}
		return d.ID
	})
	if err != nil {
		return nil, err
	}
	out := &reportingv1.ListReportsResponse{NextPageToken: next}
	for _, d := range list {
		out.Reports = append(out.Reports, reportToProto(d, false))
	}
	return out, nil
}

// ListReportVersions lists the versions of a report, the newest first.
func (s *Server) ListReportVersions(ctx context.Context, req *reportingv1.ListReportVersionsRequest) (*reportingv1.ListReportVersionsResponse, error) {
	organization, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	id, _ := split(req.GetName())
	list, next, err := listing.After(s.tokens, reportingv1.ReportService_ListReportVersions_FullMethodName, organization, req, func(after string, size int) ([]report.Definition, error) {
		if d, ok := builtIn(id); ok {
			return []report.Definition{d}, nil
		}
		// A cursor is what was encoded; there is none on the first page.
		before, _ := strconv.Atoi(after)
		versions, err := s.store.ReportVersions(ctx, organization, id, before, size)
		if errors.Is(err, store.ErrNotFound) {
			err = notFound("name", req.GetName())
		}
		return versions, err
	}, func(d report.Definition) string { return strconv.Itoa(d.Version) })
	if err != nil {
		return nil, err
	}
	out := &reportingv1.ListReportVersionsResponse{NextPageToken: next}
	for _, d := range list {
		out.Reports = append(out.Reports, reportToProto(d, true))
	}
	return out, nil
}

// CreateReport makes a report.
func (s *Server) CreateReport(ctx context.Context, req *reportingv1.CreateReportRequest) (*reportingv1.CreateReportResponse, error) {
	organization, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	id := req.GetReportId()
	if _, ok := builtIn(id); ok {
		return nil, fault.Field(codes.AlreadyExists, reportingv1.ErrorReason_ERROR_REASON_REPORT_BUILT_IN, "report_id", "a report that comes with the product has this identifier; choose another one")
	}
	content, err := contentFromProto(req.GetReport(), "report")
	if err != nil {
		return nil, err
	}
	if err := s.checkContent(ctx, content); err != nil {
		return nil, err
	}
	d := s.version(ctx, id, content)
	d.Version, err = s.store.CreateReport(ctx, organization, d)
	switch {
	case errors.Is(err, store.ErrExists):
		there, err := s.store.Report(ctx, organization, id, 0)
		if err == nil && reflect.DeepEqual(there.Content, content) {
			return &reportingv1.CreateReportResponse{Report: reportToProto(there, false)}, nil
		}
		return nil, fault.Field(codes.AlreadyExists, reportingv1.ErrorReason_ERROR_REASON_REPORT_EXISTS, "report_id", "there is a report of this identifier, which says something else; choose another one, or update it")
	case errors.Is(err, store.ErrTooMany):
		return nil, tooMany()
	case err != nil:
		return nil, err
	}
	return &reportingv1.CreateReportResponse{Report: reportToProto(d, false)}, nil
}

// version is a version by the caller.
func (s *Server) version(ctx context.Context, id string, c report.Content) report.Definition {
	p, _ := authn.FromContext(ctx)
	return report.Definition{ID: id, Content: c, Author: p.ID, Time: s.now().UTC().Truncate(time.Microsecond)}
}

// tooMany refuses more reports, or more versions of one.
func tooMany() error {
	return fault.Refuse(codes.ResourceExhausted, reportingv1.ErrorReason_ERROR_REASON_REPORT_LIMIT,
		"there may be 1,000 reports, and 10,000 versions of each: delete some, or make another one")
}

// UpdateReport makes a new version of a report.
func (s *Server) UpdateReport(ctx context.Context, req *reportingv1.UpdateReportRequest) (*reportingv1.UpdateReportResponse, error) {
	organization, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	in := req.GetReport()
	// The rules of the message are not held against what an update leaves out; that of the name is.
	id, ok := strings.CutPrefix(in.GetName(), reportPrefix)
	if !ok || id == "" || strings.Contains(id, "@") {
		const what = "must be reports/{report}, without a version: the newest is changed"
		return nil, rpcerr.New(codes.InvalidArgument, validation.Reason, "report.name: "+what, rpcerr.WithField("report.name", "NAME_INVALID", what))
	}
	if _, ok := builtIn(id); ok {
		return nil, unchangeable("report.name")
	}
	fields, err := mask.Changed(req.GetUpdateMask(), in, mutable)
	if err != nil {
		return nil, err
	}
	was, err := s.find(ctx, "report.name", in.GetName())
	if err != nil {
		return nil, err
	}
	if etag := in.GetEtag(); etag != "" && etag != etagOf(was) {
		return nil, changed("report.etag")
	}
	merged := reportToProto(was, false)
	mask.Overlay(merged, in, fields)
	content, err := contentFromProto(merged, "report")
	if err != nil {
		return nil, err
	}
	if reflect.DeepEqual(content, was.Content) {
		return &reportingv1.UpdateReportResponse{Report: reportToProto(was, false)}, nil
	}
	if err := s.checkContent(ctx, content); err != nil {
		return nil, err
	}
	d := s.version(ctx, id, content)
	d.Version = was.Version + 1
	switch err := s.store.UpdateReport(ctx, organization, d); {
	case errors.Is(err, store.ErrNotFound):
		return nil, notFound("report.name", in.GetName())
	case errors.Is(err, store.ErrChanged):
		return nil, changed("report.etag")
	case errors.Is(err, store.ErrTooMany):
		return nil, tooMany()
	case err != nil:
		return nil, err
	}
	return &reportingv1.UpdateReportResponse{Report: reportToProto(d, false)}, nil
}

// unchangeable refuses to change what comes with the product.
func unchangeable(field string) error {
	return fault.Field(codes.FailedPrecondition, reportingv1.ErrorReason_ERROR_REASON_REPORT_BUILT_IN, field, "the report comes with the product; make one of your own")
}

// changed refuses a change of what is not as it was any more.
func changed(field string) error {
	return fault.Field(codes.Aborted, reportingv1.ErrorReason_ERROR_REASON_REPORT_CHANGED, field, "the report changed since; read it again")
}

// DeleteReport deletes a report.
func (s *Server) DeleteReport(ctx context.Context, req *reportingv1.DeleteReportRequest) (*reportingv1.DeleteReportResponse, error) {
	organization, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	id, _ := split(req.GetName())
	if _, ok := builtIn(id); ok {
		return nil, unchangeable("name")
	}
	version := 0
	if etag := req.GetEtag(); etag != "" {
		was, err := s.find(ctx, "name", req.GetName())
		switch {
		case err != nil:
			return nil, err
		case etag != etagOf(was):
			return nil, changed("etag")
		}
		version = was.Version
	}
	switch err := s.store.DeleteReport(ctx, organization, id, version); {
	case errors.Is(err, store.ErrNotFound):
		return nil, notFound("name", req.GetName())
	case errors.Is(err, store.ErrChanged):
		return nil, changed("etag")
	case err != nil:
		return nil, err
	}
	return &reportingv1.DeleteReportResponse{}, nil
}
