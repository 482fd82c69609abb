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
	// known tells that days on which visitors and sales are both known stand for all.
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
	found, err := s.walk(ctx, sel, []span{c.before, c.after}, func(name string, days [][]count) error {
		c.add(&t, sides{name: name, before: days[0], after: days[1]})
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
	return c.converted(req, basis, whole, t.knownDays), nil
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
}

// add takes in a location, or leaves it out.
func (c comparison) add(t *compared, s sides) {
	t.knownDays[s.name] = [2]int{known(s.before), known(s.after)}
	if reason, missing := c.unfit(s); reason != "" {
		t.leftOut = append(t.leftOut, left(s.name, reason, missing))
		return
	}
	of := c.pairsOf(s)
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

// unfit is why a location is not compared; empty where it is.
func (c comparison) unfit(s sides) (reason string, missing int) {
	before, after := known(s.before), known(s.after)
	missing = c.before.days() - before + c.after.days() - after
	visitors, sales := false, false
	for _, d := range slices.Concat(s.before, s.after) {
		visitors, sales = visitors || d.visitors, sales || d.sales
	}
	switch {
	case !visitors:
		return leftOutNoVisitors, missing
	case !sales:
		return leftOutNoSales, missing
	case c.known && (before == 0 || after == 0), !c.known && missing > 0:
		return leftOutGap, missing
	}
	return "", 0
}

// pairsOf are both periods of a location, or the weeks of both.
func (c comparison) pairsOf(s sides) []revenue.Pair {
	weeks := 1
	if c.byWeek {
		weeks = c.after.days() / week
	}
	out := make([]revenue.Pair, weeks)
	for i := range out {
		out[i].Place = s.name
	}
	add := func(days []count, first operation.Day, into func(*revenue.Pair) *revenue.Totals) {
		for _, d := range days {
			if !d.visitors || !d.sales {
				continue
			}
			i := 0
			if c.byWeek {
				i = int(d.day-first) / week
			}
			t := into(&out[i])
			*t = t.Add(revenue.Totals{Visitors: d.Visitors, Receipts: d.Receipts, Revenue: d.Revenue})
		}
	}
	add(s.before, c.before.first, func(p *revenue.Pair) *revenue.Totals { return &p.Before })
	add(s.after, c.after.first, func(p *revenue.Pair) *revenue.Totals { return &p.After })
	return out
}

// converted is the answer.
func (c comparison) converted(req *reportingv1.QueryRevenueRequest, basis *reportingv1.PerformanceBasis, whole revenue.Whole, coverage map[string][2]int) *reportingv1.QueryRevenueResponse {
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
		of := coverage[p.Place]
		days[0], days[1] = days[0]+of[0], days[1]+of[1]
		out.Locations = append(out.Locations, &reportingv1.LocationRevenue{Location: locationPrefix + p.Place, Change: c.change(p.Decomposition, of, 1)})
	}
	slices.SortStableFunc(out.Locations, func(a, b *reportingv1.LocationRevenue) int {
		return cmp.Compare(math.Abs(float64(b.GetChange().GetChangeMinor())), math.Abs(float64(a.GetChange().GetChangeMinor())))
	})
	out.Total, out.AtOnce = c.change(whole.Together, days, len(whole.Parts)), c.change(whole.AtOnce, days, len(whole.Parts))
	if missing := out.GetTotal().GetBefore().GetDaysExpected() + out.GetTotal().GetAfter().GetDaysExpected() - int32(days[0]+days[1]); missing > 0 {
		basis.Notes = append(basis.Notes, fmt.Sprintf("%d days of locations are not known and were not counted: periods are compared that are not complete", missing))
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
