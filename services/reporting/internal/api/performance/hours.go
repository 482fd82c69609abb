package performance

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/services/reporting/internal/api/fault"
	"github.com/otklik/otklik/services/reporting/internal/operation"
	"github.com/otklik/otklik/services/reporting/internal/store"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
)

// mostHourRecords is how many records are looked at for hours: they are read one by one.
const mostHourRecords = 2_000_000

// hourOf is an hour of a day of a location.
type hourOf struct {
	day  operation.Day
	hour int
}

// hoursOf are what was recorded of a location by hours.
type hoursOf struct {
	at map[hourOf]*moment
	// receipts are the days of which single receipts were recorded.
	receipts map[operation.Day]bool
}

// eachHour calls fn with the hours of each location, those of a day in their order, on the clock of the service's time zone; a record that lies in more than one
// hour is in none. An hour between the first and the last that is known of a day has no sales where single receipts
// were recorded on the day, and none in the hour.
func (s *Server) eachHour(ctx context.Context, sel selection, fn func(name string, of []moment)) (currencies, error) {
	found, read := currencies{}, 0
	_, err := s.walk(ctx, sel, []span{sel.span}, func(name string, days [][]count) error {
		if len(days[0]) == 0 {
			return nil
		}
		h := hoursOf{at: map[hourOf]*moment{}, receipts: map[operation.Day]bool{}}
		for _, kind := range []operation.Kind{operation.Visitors, operation.Sales, operation.Receipt} {
			q := store.OperationQuery{
				Kind: kind, Locations: []string{name}, From: sel.first.Date().Add(-oneDay), To: sel.last.Date().Add(2 * oneDay), Limit: pageRecords,
			}
			for more := true; more; {
				var list []operation.Record
				var err error
				if list, more, err = s.Operations.ListOperations(ctx, sel.organization, q); err != nil {
					return err
				}
				for _, r := range list {
					if r.Day >= sel.first && r.Day <= sel.last {
						h.add(r, s.Zone, sel.currency, found)
					}
				}
				if read += len(list); read > mostHourRecords {
					return fault.Field(codes.FailedPrecondition, reportingv1.ErrorReason_ERROR_REASON_TOO_MANY, "query",
						fmt.Sprintf("hours are counted from single records, and there are more than %d: choose fewer days or locations, or leave the hour out", mostHourRecords))
				}
				if len(list) > 0 {
					q.After = store.OperationMark{Start: list[len(list)-1].Start, Key: list[len(list)-1].Key}
				}
			}
		}
		fn(name, h.moments())
		return nil
	})
	return found, err
}

// add counts a record in its hour. The currencies of sales are added to those found.
func (h hoursOf) add(r operation.Record, zone *time.Location, currency string, found currencies) {
	start := r.Start.In(zone)
	if into := time.Duration(start.Minute())*time.Minute + time.Duration(start.Second())*time.Second + time.Duration(start.Nanosecond()); r.End.After(start.Add(time.Hour - into)) {
		return
	}
	key := hourOf{r.Day, start.Hour()}
	if h.at[key] == nil {
		h.at[key] = &moment{count: count{day: r.Day}, hour: key.hour}
	}
	m := h.at[key]
	if r.Kind == operation.Visitors || r.CountsVisitors {
		m.visitors, m.Visitors = true, m.Visitors+r.Visitors
	}
	if r.Kind == operation.Visitors || currency != "" && r.Currency != currency {
		return
	}
	found[r.Currency] = true
	if r.Kind == operation.Receipt {
		h.receipts[r.Day] = true
	}
	m.sales, m.Receipts, m.Revenue, m.Units = true, m.Receipts+r.Receipts, m.Revenue+r.Revenue, m.Units+r.Units
}

// moments are the hours in their order.
func (h hoursOf) moments() (out []moment) {
	ends := map[operation.Day][2]int{}
	for key := range h.at {
		e, ok := ends[key.day]
		if !ok {
			e = [2]int{key.hour, key.hour}
		}
		ends[key.day] = [2]int{min(e[0], key.hour), max(e[1], key.hour)}
	}
	for _, day := range slices.Sorted(maps.Keys(ends)) {
		for hour := ends[day][0]; hour <= ends[day][1]; hour++ {
			m := moment{count: count{day: day}, hour: hour}
			if known := h.at[hourOf{day, hour}]; known != nil {
				m = *known
			}
			m.sales = m.sales || h.receipts[day]
			out = append(out, m)
		}
	}
	return out
}
