package exports

import (
	"context"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/libs/authz"
	"github.com/otklik/otklik/services/reporting/internal/api/fault"
	"github.com/otklik/otklik/services/reporting/internal/api/rows"
	"github.com/otklik/otklik/services/reporting/internal/export"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// Batches finds out which reports a batch has. Errors name fields within `reports`.
type Batches interface {
	OrderBatch(ctx context.Context, in *reportingv1.ReportBatch) (export.Batch, error)
}

// batchOrder is the order of an export of reports.
func (s *Server) batchOrder(ctx context.Context, in *reportingv1.Export) (export.Order, error) {
	o := export.Order{Kind: export.Reports, Format: export.ZIP, Columns: []string{export.FileColumn, export.ContentColumn}}
	invalid := func(field, what string) (export.Order, error) {
		return o, fault.Field(codes.InvalidArgument, reportingv1.ErrorReason_ERROR_REASON_REPORT_BATCH_INVALID, field, what)
	}
	switch {
	case in.GetReports() == nil:
		return invalid("export.reports", "say which reports, and of whom")
	case in.GetFormat() != reportingv1.Export_FORMAT_UNSPECIFIED && in.GetFormat() != reportingv1.Export_FORMAT_ZIP:
		return invalid("export.format", "reports come in an archive: state FORMAT_ZIP or none; reports.format is that of each file")
	case in.GetSurvey() != "" || in.GetPeriod() != nil || in.GetFilter() != "":
		return invalid("export.reports.query", "state the survey, the period and the filter there, and not of the export")
	case len(in.GetColumns()) > 0:
		return invalid("export.columns", "reports have none: leave them out")
	}
	list, _ := rows.Needed(o.Kind)
	if !authz.FromContext(ctx).Holds(list) {
		return o, forbidden(list)
	}
	var err error
	if o.Rights, err = rows.Rights(ctx, export.Reports); err != nil {
		return o, err
	}
	o.Batch, err = s.Batches.OrderBatch(ctx, in.GetReports())
	return o, err
}

// batchToProto is which reports were asked for.
func batchToProto(b export.Batch) *reportingv1.ReportBatch {
	out := &reportingv1.ReportBatch{
		Query:    &reportingv1.ReportQuery{Name: b.Report, LanguageCode: b.Language, Survey: b.Survey, Filter: b.Filter, CalendarPeriod: b.Calendar},
		Format:   reportingv1.ReportFormat(reportingv1.ReportFormat_value["REPORT_FORMAT_"+strings.ToUpper(b.Form)]),
		Subjects: b.Named, Region: b.Region,
	}
	if !b.From.IsZero() || !b.To.IsZero() {
		out.Query.Period = &typev1.Period{StartTime: timestamppb.New(b.From), EndTime: timestamppb.New(b.To)}
	}
	if !b.Until.IsZero() {
		out.Query.AsOfTime = timestamppb.New(b.Until)
	}
	return out
}
