package performance

import (
	"cmp"
	"context"
	"fmt"
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
	operation.Numbers
}

// place is a location with its days, in their order.
type place struct {
	name string
	days []count
}

// panel are the days of all locations.
type panel struct {
	places []place
	// currencies are those of the sales.
	currencies map[string]bool
}

// panelOf sums up what was recorded in a span.
func (s *Server) panelOf(ctx context.Context, sel selection, over span) (panel, error) {
	out := panel{currencies: map[string]bool{}}
	if sel.locations != nil && len(sel.locations) == 0 {
		return out, nil
	}
	totals, err := s.Operations.OperationTotals(ctx, sel.organization, store.TotalsQuery{Locations: sel.locations, First: over.first, Last: over.last})
	if err != nil {
		return panel{}, err
	}
	for _, t := range totals {
		out.add(t, sel.currency)
	}
	return out, nil
}

// add counts a sum: those of one location and day follow each other, one for each currency.
func (p *panel) add(t operation.Total, currency string) {
	if n := len(p.places); n == 0 || p.places[n-1].name != t.Location {
		p.places = append(p.places, place{name: t.Location})
	}
	at := &p.places[len(p.places)-1]
	if n := len(at.days); n == 0 || at.days[n-1].day != t.Day {
		at.days = append(at.days, count{day: t.Day})
	}
	d := &at.days[len(at.days)-1]
	d.visitors, d.presses = d.visitors || t.VisitorDays > 0, d.presses || t.PressDays > 0
	d.Visitors, d.Consultations, d.Likes = d.Visitors+t.Visitors, d.Consultations+t.Consultations, d.Likes+t.Likes
	if t.SalesDays == 0 || currency != "" && t.Currency != currency {
		return
	}
	p.currencies[t.Currency] = true
	d.sales = true
	d.Receipts, d.Revenue, d.Units = d.Receipts+t.Receipts, d.Revenue+t.Revenue, d.Units+t.Units
}

// oneCurrency is the currency of the amounts; empty where there are none. Several are refused.
func (p *panel) oneCurrency() (string, error) {
	found := make([]string, 0, len(p.currencies))
	for c := range p.currencies {
		found = append(found, c)
	}
	slices.Sort(found)
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
