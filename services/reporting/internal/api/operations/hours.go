package operations

import (
	"cmp"
	"context"
	"slices"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/services/reporting/internal/operation"
	"github.com/otklik/otklik/services/reporting/internal/store"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
)

// readAtOnce is how many records are read at a time.
const readAtOnce = 5000

// hourOf is an hour of a location.
type hourOf struct {
	location string
	start    int64
}

// hours sums records by the hours in which they lie, and tells how many lie in none.
func (s *Server) hours(ctx context.Context, organization string, asked span, locations []string) (out []*reportingv1.OperationSummary, longer int64, err error) {
	sums := map[hourOf]*reportingv1.OperationSummary{}
	for _, kind := range []operation.Kind{operation.Visitors, operation.Sales, operation.Receipt, operation.Presses} {
		q := store.OperationQuery{Kind: kind, Locations: locations, From: asked.from, To: asked.to, Limit: readAtOnce}
		for more := len(locations) > 0; more; {
			var list []operation.Record
			if list, more, err = s.Store.ListOperations(ctx, organization, q); err != nil {
				return nil, 0, err
			}
			for _, r := range list {
				start := hourIn(r.Start, asked.zone)
				if r.End.After(start.Add(time.Hour)) {
					longer++
					continue
				}
				at := hourOf{r.Location, start.Unix()}
				if sums[at] == nil {
					sums[at] = &reportingv1.OperationSummary{
						Location: locationPrefix + r.Location, StartTime: timestamppb.New(start), EndTime: timestamppb.New(start.Add(time.Hour)),
					}
					out = append(out, sums[at])
				}
				add(sums[at], totalOf(r))
			}
			if len(list) > 0 {
				last := list[len(list)-1]
				q.After = store.OperationMark{Start: last.Start, Key: last.Key}
			}
		}
	}
	for _, h := range out {
		// These count days, of which an hour has none.
		h.VisitorDays, h.SalesDays, h.PressDays = 0, 0, 0
	}
	slices.SortFunc(out, func(a, b *reportingv1.OperationSummary) int {
		return cmp.Or(cmp.Compare(a.GetLocation(), b.GetLocation()), cmp.Compare(a.GetStartTime().GetSeconds(), b.GetStartTime().GetSeconds()))
	})
	return out, longer, nil
}

// hourIn is the beginning of the hour in which a time lies, on the clock of a zone.
func hourIn(t time.Time, zone *time.Location) time.Time {
	local := t.In(zone)
	return local.Add(-time.Duration(local.Minute())*time.Minute - time.Duration(local.Second())*time.Second - time.Duration(local.Nanosecond()))
}

// totalOf is a record as what was recorded on a day.
func totalOf(r operation.Record) operation.Total {
	out := operation.Total{Currency: r.Currency, Numbers: r.Numbers}
	from := r.Sources()
	out.VisitorDays, out.SalesDays = from.Counter+from.Stated, from.Sales+from.Receipt
	if r.Kind == operation.Presses {
		out.PressDays = 1
	}
	return out
}
