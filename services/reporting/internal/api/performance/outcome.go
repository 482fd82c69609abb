package performance

import (
	"context"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/services/reporting/internal/api/fault"
	"github.com/otklik/otklik/services/reporting/internal/operation"
	"github.com/otklik/otklik/services/reporting/internal/store"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
)

const (
	// pageRecords is how many records are read at a time, mostRecords how many at most.
	pageRecords, mostRecords = 1000, 200_000
	oneDay                   = 24 * time.Hour
)

// outcome is what locations are judged by.
type outcome reportingv1.PerformanceOutcome

// outcomeOf is the one asked for.
func outcomeOf(o reportingv1.PerformanceOutcome) outcome {
	if o == reportingv1.PerformanceOutcome_PERFORMANCE_OUTCOME_UNSPECIFIED {
		return outcome(reportingv1.PerformanceOutcome_PERFORMANCE_OUTCOME_REVENUE)
	}
	return outcome(o)
}

// proto is the outcome as the API has it.
func (o outcome) proto() reportingv1.PerformanceOutcome { return reportingv1.PerformanceOutcome(o) }

// ratio is what the outcome is of a day: a part and what it is divided by; false where it is not known.
func (o outcome) ratio(d count) (part, of float64, ok bool) {
	switch o.proto() {
	case reportingv1.PerformanceOutcome_PERFORMANCE_OUTCOME_VISITORS:
		return float64(d.Visitors), 1, d.visitors
	case reportingv1.PerformanceOutcome_PERFORMANCE_OUTCOME_CONVERSION:
		return float64(d.Receipts), float64(d.Visitors), d.visitors && d.sales && d.Visitors > 0
	case reportingv1.PerformanceOutcome_PERFORMANCE_OUTCOME_AVERAGE_CHECK:
		return float64(d.Revenue), float64(d.Receipts), d.sales && d.Receipts > 0
	}
	return float64(d.Revenue), 1, d.sales
}

// overall is the outcome of a location over its days; false where no day is known.
func (o outcome) overall(days []count) (float64, bool) {
	var part, of float64
	for _, d := range days {
		if a, b, ok := o.ratio(d); ok {
			part, of = part+a, of+b
		}
	}
	return part / of, of > 0
}

// currency is that of the outcome; empty where it is no amount. Several are refused.
func (o outcome) currency(c currencies) (string, error) {
	switch o.proto() {
	case reportingv1.PerformanceOutcome_PERFORMANCE_OUTCOME_VISITORS, reportingv1.PerformanceOutcome_PERFORMANCE_OUTCOME_CONVERSION:
		return "", nil
	}
	return c.one()
}

// absent is why a location without a day has no outcome.
func (o outcome) absent() string {
	if o.proto() == reportingv1.PerformanceOutcome_PERFORMANCE_OUTCOME_VISITORS {
		return leftOutNoVisitors
	}
	return leftOutNoSales
}

// records calls fn with each record of a kind whose day is in a span, in the order of their start.
func (s *Server) records(ctx context.Context, sel selection, kind operation.Kind, over span, fn func(operation.Record)) error {
	if sel.locations != nil && len(sel.locations) == 0 {
		return nil
	}
	// Days are those of the location's zone, so that a record may have begun on the day before or after in universal time.
	q := store.OperationQuery{
		Kind: kind, Locations: sel.locations, From: over.first.Date().Add(-oneDay), To: over.last.Date().Add(2 * oneDay), Limit: pageRecords,
	}
	for read := 0; ; {
		found, more, err := s.Operations.ListOperations(ctx, sel.organization, q)
		if err != nil {
			return err
		}
		for _, r := range found {
			if r.Day >= over.first && r.Day <= over.last {
				fn(r)
			}
		}
		if !more || len(found) == 0 {
			return nil
		}
		if read += len(found); read > mostRecords {
			return fault.Field(codes.FailedPrecondition, reportingv1.ErrorReason_ERROR_REASON_TOO_MANY, "query",
				"there are more than 200,000 records: choose fewer days or locations")
		}
		last := found[len(found)-1]
		q.After = store.OperationMark{Start: last.Start, Key: last.Key}
	}
}
