package performance

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/services/reporting/internal/api/fault"
	"github.com/otklik/otklik/services/reporting/internal/operation"
	"github.com/otklik/otklik/services/reporting/internal/revenue"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
)

const week = 7

// comparison is what revenue is compared over.
type comparison struct {
	before, after span
	method        revenue.Method
	// known tells that days on which visitors and sales are both known stand for those on which they are not.
	known, byWeek bool
}

// QueryRevenue splits the change of revenue between two periods.
func (s *Server) QueryRevenue(ctx context.Context, req *reportingv1.QueryRevenueRequest) (*reportingv1.QueryRevenueResponse, error) {
	sel, err := s.selectionOf(ctx, req.GetQuery())
	if err != nil {
		return nil, err
	}
	c, err := comparisonOf(req, sel)
	if err != nil {
		return nil, err
	}
	t := compared{knownDays: map[string][2]int{}}
	opened := openings{segmentation: s.Segmentation}
	found, err := s.walk(ctx, sel, []span{c.before, c.after}, func(name string, days [][]count) error {
		of, err := opened.fill(ctx, &t, sides{name: name, before: days[0], after: days[1]}, c)
		if err != nil {
			return err
		}
		c.add(&t, of)
		return nil
	})
	if err != nil {
		return nil, err
	}
	currency, err := found.one()
	if err != nil {
		return nil, err
	}
	for _, name := range sel.locations {
		if _, ok := t.knownDays[name]; !ok {
			t.leftOut = append(t.leftOut, left(name, leftOutNoVisitors, 0))
		}
	}
	if len(t.pairs) == 0 {
		return nil, noData("visitors and sales of all days of both periods", t.leftOut)
	}
	whole, err := revenue.Sum(t.pairs, c.method)
	if err != nil {
		return nil, fault.Analysis(err)
	}
	basis := sel.basis(definitionRevenue, len(whole.Parts), t.leftOut)
	basis.Currency = currency
	return c.converted(req, basis, whole, t), nil
}

// comparisonOf checks what is to be compared.
func comparisonOf(req *reportingv1.QueryRevenueRequest, sel selection) (comparison, error) {
	before, err := spanOf("baseline_start_date", req.GetBaselineStartDate(), "baseline_end_date", req.GetBaselineEndDate())
	if err != nil {
		return comparison{}, err
	}
	if before.last >= sel.first {
		return comparison{}, fault.Field(codes.InvalidArgument, reportingv1.ErrorReason_ERROR_REASON_PERIODS_OVERLAP, "baseline_end_date",
			"it must be query.start_date, or before it: days of both periods would be compared with themselves")
	}
	c := comparison{
		before: before, after: sel.span, known: req.GetGaps() == reportingv1.GapTreatment_GAP_TREATMENT_KNOWN_DAYS, byWeek: req.GetByWeek(), method: revenue.LMDI,
	}
	if req.GetMethod() == reportingv1.DecompositionMethod_DECOMPOSITION_METHOD_SHAPLEY {
		c.method = revenue.Shapley
	}
	if c.byWeek && (c.before.days() != c.after.days() || c.after.days()%week != 0) {
		return comparison{}, fault.Field(codes.InvalidArgument, reportingv1.ErrorReason_ERROR_REASON_DATE_INVALID, "by_week",
			fmt.Sprintf("both periods must have as many days, a multiple of seven: they have %d and %d", c.before.days(), c.after.days()))
	}
	return c, nil
}

// sides are a location's days in both periods.
type sides struct {
	name          string
	before, after []count
}

// known counts the days on which visitors and sales are both known.
func known(days []count) (n int) {
	for _, d := range days {
		if d.visitors && d.sales {
			n++
		}
	}
	return n
}

// compared is what is compared of all locations.
type compared struct {
	pairs   []revenue.Pair
	leftOut []*reportingv1.LocationLeftOut
	// knownDays counts, by location, the days of both periods on which visitors and sales are both known.
	knownDays map[string][2]int
	// opened are locations that opened within the periods.
	opened []string
	// weeksWithout counts the weeks of locations of which one period has no known day, so that they are left out of both.
	weeksWithout int
}

// add takes in a location, or leaves it out.
func (c comparison) add(t *compared, s sides) {
	t.knownDays[s.name] = [2]int{known(s.before), known(s.after)}
	if reason, missing := c.unfit(s); reason != "" {
		t.leftOut = append(t.leftOut, left(s.name, reason, missing))
		return
	}
	of, without := c.pairsOf(s)
	t.weeksWithout += without
	if len(of) == 0 {
		t.leftOut = append(t.leftOut, left(s.name, leftOutGap, c.missing(s)))
		return
	}
	if slices.ContainsFunc(of, func(p revenue.Pair) bool { return p.Before.Check() != nil || p.After.Check() != nil }) {
		t.leftOut = append(t.leftOut, left(s.name, leftOutIdentity, 0))
		return
	}
	if c.method == revenue.LMDI && slices.ContainsFunc(of, func(p revenue.Pair) bool { return p.Before.Revenue < 0 || p.After.Revenue < 0 }) {
		// More was given back than sold, of which there is no logarithm.
		t.leftOut = append(t.leftOut, left(s.name, leftOutNegative, 0))
		return
	}
	t.pairs = append(t.pairs, of...)
}

// missing is how many days of both periods are not known of a location.
func (c comparison) missing(s sides) int {
	return c.before.days() - known(s.before) + c.after.days() - known(s.after)
}

// unfit is why a location is not compared; empty where it is.
func (c comparison) unfit(s sides) (reason string, missing int) {
	missing = c.missing(s)
	visitors, sales := false, false
	for _, d := range slices.Concat(s.before, s.after) {
		visitors, sales = visitors || d.visitors && !d.closed, sales || d.sales && !d.closed
	}
	switch {
	case !visitors:
		return leftOutNoVisitors, missing
	case !sales:
		return leftOutNoSales, missing
	case !c.known && missing > 0:
		return leftOutGap, missing
	}
	return "", 0
}

// part is a period of a location, or a week of it.
type part struct {
	revenue.Totals
	// known counts the days that are known and on which it was open, closed those before it opened.
	known, closed int
}

// parts are the period of a location, or its weeks.
func (c comparison) parts(days []count, first operation.Day) []part {
	out := make([]part, 1)
	if c.byWeek {
		out = make([]part, c.after.days()/week)
	}
	for _, d := range days {
		p := &out[0]
		if c.byWeek {
			p = &out[int(d.day-first)/week]
		}
		switch {
		case d.closed:
			p.closed++
		case d.visitors && d.sales:
			p.known++
			p.Totals = p.Add(revenue.Totals{Visitors: d.Visitors, Receipts: d.Receipts, Revenue: d.Revenue})
		}
	}
	return out
}

// whole are the totals of all days of a part, those that are not known taken to be like those that are; false where none is known.
func (p part) whole(days int) (revenue.Totals, bool) {
	switch open := days - p.closed; {
	case open == 0:
		return revenue.Totals{}, true
	case p.known == 0:
		return revenue.Totals{}, false
	default:
		return p.Of(p.known, open), true
	}
}

// pairsOf are both periods of a location, or the weeks of both. Those of which one side has no known day are left out on both, and counted.
func (c comparison) pairsOf(s sides) (out []revenue.Pair, without int) {
	before, after := c.parts(s.before, c.before.first), c.parts(s.after, c.after.first)
	lengths := [2]int{c.before.days(), c.after.days()}
	if c.byWeek {
		lengths = [2]int{week, week}
	}
	for i := range before {
		b, known := before[i].whole(lengths[0])
		a, both := after[i].whole(lengths[1])
		if !known || !both {
			without++
			continue
		}
		out = append(out, revenue.Pair{Place: s.name, Before: b, After: a})
	}
	return out, without
}

// converted is the answer.
func (c comparison) converted(req *reportingv1.QueryRevenueRequest, basis *reportingv1.PerformanceBasis, whole revenue.Whole, t compared) *reportingv1.QueryRevenueResponse {
	out := &reportingv1.QueryRevenueResponse{
		Basis: basis, BaselineStartDate: req.GetBaselineStartDate(), BaselineEndDate: req.GetBaselineEndDate(), Method: reportingv1.DecompositionMethod_DECOMPOSITION_METHOD_LMDI,
	}
	basis.Conventions = []string{"LMDI", "SUM_OVER_LOCATIONS"}
	if c.method == revenue.Shapley {
		out.Method, basis.Conventions[0] = reportingv1.DecompositionMethod_DECOMPOSITION_METHOD_SHAPLEY, "SHAPLEY"
	}
	if c.byWeek {
		basis.Conventions = append(basis.Conventions, "WEEK_BY_WEEK")
	}
	if c.before.days() != c.after.days() {
		basis.Notes = append(basis.Notes, fmt.Sprintf("the periods have %d and %d days: part of what traffic did is their length", c.before.days(), c.after.days()))
	}
	if whole.Together.Limit && c.method == revenue.LMDI {
		basis.Notes = append(basis.Notes, "a factor was 0 on a side: it takes the whole change there, which is the limit of LMDI")
	}
	var days [2]int
	for _, p := range whole.Parts {
		of := t.knownDays[p.Place]
		days[0], days[1] = days[0]+of[0], days[1]+of[1]
		out.Locations = append(out.Locations, &reportingv1.LocationRevenue{Location: locationPrefix + p.Place, Change: c.change(p.Decomposition, of, 1)})
	}
	slices.SortStableFunc(out.Locations, func(a, b *reportingv1.LocationRevenue) int {
		return cmp.Compare(math.Abs(float64(b.GetChange().GetChangeMinor())), math.Abs(float64(a.GetChange().GetChangeMinor())))
	})
	out.Total, out.AtOnce = c.change(whole.Together, days, len(whole.Parts)), c.change(whole.AtOnce, days, len(whole.Parts))
	if missing := out.GetTotal().GetBefore().GetDaysExpected() + out.GetTotal().GetAfter().GetDaysExpected() - int32(days[0]+days[1]); missing > 0 {
		basis.Conventions = append(basis.Conventions, "MEAN_OF_KNOWN_DAYS")
		basis.Notes = append(basis.Notes, fmt.Sprintf("%d days of locations are not known: each location's sums are scaled from its known days of a period to all its days", missing))
	}
	if c.byWeek && t.weeksWithout > 0 {
		basis.Notes = append(basis.Notes, fmt.Sprintf("%d weeks of locations are left out of both periods, as no day of theirs is known in one", t.weeksWithout))
	}
	if n := len(t.opened); n > 0 {
		basis.Conventions = append(basis.Conventions, "NOTHING_BEFORE_OPENING")
		basis.Notes = append(basis.Notes, fmt.Sprintf("%d locations opened within the periods, and had no visitors and no sales before: %s", n, shortList(t.opened)))
	}
	return out
}

// change converts a decomposition of so many locations.
func (c comparison) change(d revenue.Decomposition, days [2]int, locations int) *reportingv1.RevenueChange {
	totals := func(t revenue.Totals, known, expected int) *reportingv1.RevenueTotals {
		f := t.Factors()
		return &reportingv1.RevenueTotals{
			Visitors: t.Visitors, Receipts: t.Receipts, RevenueMinor: t.Revenue, Conversion: f.Conversion, AverageCheckMinor: f.Check, Days: int32(known),
			DaysExpected: int32(expected * locations),
		}
	}
	return &reportingv1.RevenueChange{
		Before: totals(d.Before, days[0], c.before.days()), After: totals(d.After, days[1], c.after.days()), ChangeMinor: d.Change, TrafficEffectMinor: d.Effects.Traffic,
		ConversionEffectMinor: d.Effects.Conversion, AverageCheckEffectMinor: d.Effects.Check, LimitRule: d.Limit && c.method == revenue.LMDI, FactorCarried: d.Carried,
	}
}
