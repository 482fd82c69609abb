package exports

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/authz"
	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/services/reporting/internal/api/fault"
	"github.com/otklik/otklik/services/reporting/internal/api/rows"
	"github.com/otklik/otklik/services/reporting/internal/export"
	"github.com/otklik/otklik/services/reporting/internal/operation"
	"github.com/otklik/otklik/services/reporting/internal/peers"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
)

// orderOf reads an order, with the columns that the caller may have.
func (s *Server) orderOf(ctx context.Context, in *reportingv1.Export) (export.Order, error) {
	if in.GetKind() == reportingv1.Export_KIND_REPORTS {
		return s.batchOrder(ctx, in)
	}
	o, err := ordered(in)
	if err != nil {
		return o, err
	}
	list, persons := rows.Needed(o.Kind)
	if !authz.FromContext(ctx).Holds(list) {
		return o, forbidden(list)
	}
	if o.Rights, err = rows.Rights(ctx, o.Kind); err != nil {
		return o, err
	}
	source, ok := s.Sources[o.Kind]
	if !ok {
		return o, mismatch("export.kind", "is no kind of export")
	}
	there, err := source.Columns(ctx, o)
	if err != nil {
		return o, explain(o.Kind, err)
	}
	chosen, withheld, err := export.Choose(there, in.GetColumns(), authz.FromContext(ctx).Holds(persons))
	var unknown *export.UnknownError
	var personal *export.ForbiddenError
	switch {
	case errors.As(err, &unknown):
		return o, fault.Field(codes.InvalidArgument, reportingv1.ErrorReason_ERROR_REASON_COLUMN_UNKNOWN, fmt.Sprintf("export.columns[%d]", unknown.At),
			fmt.Sprintf("there is no column %q: leave columns out to get all", unknown.Name))
	case errors.As(err, &personal):
		return o, fault.Field(codes.PermissionDenied, reportingv1.ErrorReason_ERROR_REASON_COLUMN_FORBIDDEN, fmt.Sprintf("export.columns[%d]", personal.At),
			fmt.Sprintf("column %q is of persons: it needs %s; leave it out", personal.Name, persons))
	}
	for _, c := range chosen {
		o.Columns = append(o.Columns, c.Name)
	}
	o.Withheld = withheld
	return o, err
}

// ordered reads what an order says, and that it says what its kind needs and nothing that its kind has not.
func ordered(in *reportingv1.Export) (export.Order, error) {
	o := export.Order{
		Kind: export.Kind(max(1, in.GetKind())), Survey: in.GetSurvey(), Filter: in.GetFilter(), Format: export.Format(max(1, in.GetFormat())), Mark: in.GetByteOrderMark(),
		Named: len(in.GetColumns()) > 0, Operation: operation.Kind(in.GetOperationKind()), //nolint:gosec // the numbers are the API's
	}
	if start := in.GetPeriod().GetStartTime(); start != nil {
		o.From = start.AsTime()
	}
	if end := in.GetPeriod().GetEndTime(); end != nil {
		o.To = end.AsTime()
	}
	if a := in.GetScores(); a != nil {
		o.Scores = export.Asked{
			Metrics: a.GetMetrics(), Variants: a.GetVariants(), Question: a.GetQuestion(), Definition: a.GetDefinition(), By: a.GetGroupBy(),
			Grain: int32(a.GetGrain()), Population: int32(a.GetPopulation()), Zone: a.GetTimeZone(), Level: a.GetConfidenceLevel(), Weighted: a.GetWeighted(),
		}
	}
	ofSurvey := o.Kind == export.Responses || o.Kind == export.Scores || o.Kind == export.Refusals
	switch {
	case ofSurvey && o.Survey == "":
		return o, mismatch("export.survey", "name the survey whose rows are wanted")
	case !ofSurvey && o.Kind != export.Comments && o.Survey != "":
		return o, mismatch("export.survey", "these rows are of no survey: leave it out")
	case in.GetReports() != nil:
		return o, mismatch("export.reports", "only exports of reports have it: leave it out")
	case o.Format == export.ZIP:
		return o, mismatch("export.format", "only reports come in an archive: state another format")
	case o.Kind != export.Scores && in.GetScores() != nil:
		return o, mismatch("export.scores", "only exports of scores have it: leave it out")
	case o.Kind == export.Operations && o.Operation == 0:
		return o, mismatch("export.operation_kind", "say of what kind the records are")
	case o.Kind != export.Operations && o.Operation != 0:
		return o, mismatch("export.operation_kind", "only exports of operations have it: leave it out")
	}
	return o, nil
}

// forbidden refuses an export of what the caller may not read.
func forbidden(permission string) error {
	return fault.Field(codes.PermissionDenied, reportingv1.ErrorReason_ERROR_REASON_EXPORT_FORBIDDEN, "export.kind", "you may not read one by one what it would be of: that needs "+permission)
}

func mismatch(field, problem string) error {
	return fault.Field(codes.InvalidArgument, reportingv1.ErrorReason_ERROR_REASON_EXPORT_KIND_MISMATCH, field, problem)
}

// explain explains an error of whoever has the rows, in the words of our request.
func explain(kind export.Kind, err error) error {
	var said *peers.Refusal
	switch {
	case errors.As(err, &said):
		e := fault.Passed(said, ours)
		if e.Code == codes.NotFound && len(e.Fields) == 0 {
			e.Fields = []rpcerr.FieldViolation{{Field: "export.survey", Reason: e.Reason, Description: e.Message}}
		}
		return e
	case !errors.Is(err, peers.ErrUnavailable):
		return err
	case kind == export.Comments:
		return fault.Refuse(codes.Unavailable, reportingv1.ErrorReason_ERROR_REASON_COMMENT_UNAVAILABLE,
			"the comment service, which knows what was written, did not answer: try again", rpcerr.WithCause(err))
	case kind == export.Scores:
		return fault.Scoring(err, nil)
	case kind == export.Contacts || kind == export.Cases:
		return fault.Segmentation(err)
	}
	return fault.Survey(err)
}

// ours is the field of our request that a field of another service's stands for.
func ours(theirs string) string {
	field := strings.TrimPrefix(theirs, "query.")
	switch {
	case field == "parent" || field == "survey":
		return "export.survey"
	case field == "filter" || strings.HasPrefix(field, "period"):
		return "export." + field
	}
	return "export.scores." + field
}

// total is about how many rows there will be; below zero when that is not known.
func (s *Server) total(ctx context.Context, o export.Order) int64 {
	switch o.Kind {
	case export.Reports:
		return int64(len(o.Batch.Subjects))
	case export.Responses:
	default:
		return -1
	}
	resp, err := s.Measures.Query(ctx, &scoringv1.ScoreQuery{
		Survey: o.Survey, Filter: o.Filter, Period: rows.Period(o), Metrics: []scoringv1.Metric{scoringv1.Metric_METRIC_RESPONSE_RATE},
	})
	if err != nil || resp.GetCoverage() == nil {
		return -1
	}
	return resp.GetCoverage().GetCounted()
}
