package performance

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/services/reporting/internal/api/fault"
	"github.com/otklik/otklik/services/reporting/internal/operation"
	"github.com/otklik/otklik/services/reporting/internal/store"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
)

// Why a location is left out.
const (
	leftOutGap        = "GAP"
	leftOutNoVisitors = "NO_VISITORS"
	leftOutNoSales    = "NO_SALES"
	leftOutNoPresses  = "NO_PRESSES"
	leftOutFewDays    = "TOO_FEW_DAYS"
	leftOutIdentity   = "IDENTITY"
	leftOutNegative   = "NEGATIVE"
)

// count is what is known of a day of a location.
type count struct {
	day operation.Day
	// visitors, sales and presses tell whether anything of the kind was recorded: where it was not, a 0 is a gap.
	visitors, sales, presses bool
	// closed tells that it is before the location opened: visitors and sales are known to be none.
	closed bool
	operation.Numbers
}

// atOnce is how many locations are read at a time: a year of them takes some 20 MB.
const atOnce = 100

// currencies are those in which something was sold.
type currencies map[string]bool

// walk calls fn with each location that has a day in one of the spans, in the order of their names, with its days in each of them: never more than some locations
// are in memory, however many there are.
func (s *Server) walk(ctx context.Context, sel selection, over []span, fn func(name string, days [][]count) error) (currencies, error) {
	found := currencies{}
	whole := store.TotalsQuery{First: over[0].first, Last: over[0].last}
	for _, o := range over {
		whole.First, whole.Last = min(whole.First, o.first), max(whole.Last, o.last)
	}
	for after, more := "", sel.locations == nil || len(sel.locations) > 0; more; {
		var names []string
		var err error
		whole.Locations = sel.locations
		if names, more, err = s.Operations.OperationLocations(ctx, sel.organization, whole, after, atOnce); err != nil {
			return nil, err
		}
		if len(names) == 0 {
			break
		}
		after = names[len(names)-1]
		days := make(map[string][][]count, len(names))
		for i, o := range over {
			totals, err := s.Operations.OperationTotals(ctx, sel.organization, store.TotalsQuery{Locations: names, First: o.first, Last: o.last})
			if err != nil {
				return nil, err
			}
			for _, t := range totals {
				if days[t.Location] == nil {
					days[t.Location] = make([][]count, len(over))
				}
				days[t.Location][i] = found.add(days[t.Location][i], t, sel.currency)
			}
		}
		for _, name := range names {
			if of := days[name]; of != nil {
				if err := fn(name, of); err != nil {
					return nil, err
				}
			}
		}
	}
	return found, nil
}

// add counts a sum: those of one day follow each other, one for each currency.
func (c currencies) add(days []count, t operation.Total, currency string) []count {
	if n := len(days); n == 0 || days[n-1].day != t.Day {
		days = append(days, count{day: t.Day})
	}
	d := &days[len(days)-1]
	d.visitors, d.presses = d.visitors || t.VisitorDays > 0, d.presses || t.PressDays > 0
	d.Visitors, d.Consultations, d.Likes = d.Visitors+t.Visitors, d.Consultations+t.Consultations, d.Likes+t.Likes
	if t.SalesDays == 0 || currency != "" && t.Currency != currency {
		return days
	}
	c[t.Currency] = true
	d.sales = true
	d.Receipts, d.Revenue, d.Units = d.Receipts+t.Receipts, d.Revenue+t.Revenue, d.Units+t.Units
	return days
}

// one is the currency of the amounts; empty where there are none. Several are refused.
func (c currencies) one() (string, error) {
	found := slices.Sorted(maps.Keys(c))
	switch len(found) {
	case 0:
		return "", nil
	case 1:
		return found[0], nil
	}
	return "", fault.Field(codes.FailedPrecondition, reportingv1.ErrorReason_ERROR_REASON_CURRENCIES_MIXED, "query.currency",
		"amounts are in "+strings.Join(found, ", ")+", which are never summed: name one")
}

// basis says what an analysis rests on.
func (sel selection) basis(definition string, locations int, leftOut []*reportingv1.LocationLeftOut) *reportingv1.PerformanceBasis {
	slices.SortFunc(leftOut, func(a, b *reportingv1.LocationLeftOut) int { return cmp.Compare(a.GetLocation(), b.GetLocation()) })
	return &reportingv1.PerformanceBasis{
		Definition: definition, DefinitionVersion: 1, StartDate: sel.first.String(), EndDate: (sel.last + 1).String(), Locations: int32(locations), LeftOut: leftOut,
	}
}

// noData refuses what no location has data for.
func noData(what string, leftOut []*reportingv1.LocationLeftOut) error {
	text := fmt.Sprintf("no location has %s in these days", what)
	if n := len(leftOut); n > 0 {
		text += fmt.Sprintf("; %d were left out, the first, %s, for %s", n, leftOut[0].GetLocation(), leftOut[0].GetReason())
	}
	return fault.Refuse(codes.FailedPrecondition, reportingv1.ErrorReason_ERROR_REASON_NO_DATA, text+": import operations data, or choose other days or locations")
}

// left is a location that is left out.
func left(location, reason string, missing int) *reportingv1.LocationLeftOut {
	return &reportingv1.LocationLeftOut{Location: locationPrefix + location, Reason: reason, MissingDays: int32(missing)}
}
