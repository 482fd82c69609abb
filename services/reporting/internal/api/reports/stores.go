package reports

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/otklik/otklik/libs/authz"
	"github.com/otklik/otklik/libs/money"
	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/services/reporting/internal/document"
	"github.com/otklik/otklik/services/reporting/internal/notation"
	"github.com/otklik/otklik/services/reporting/internal/phrase"
	"github.com/otklik/otklik/services/reporting/internal/report"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
)

// Performance are the analyses of what was recorded of stores. Nobody else looks at permissions where reports ask for them: the sections do.
type Performance interface {
	QueryRevenue(context.Context, *reportingv1.QueryRevenueRequest) (*reportingv1.QueryRevenueResponse, error)
	QueryQuality(context.Context, *reportingv1.QueryQualityRequest) (*reportingv1.QueryQualityResponse, error)
	QueryStandards(context.Context, *reportingv1.QueryStandardsRequest) (*reportingv1.QueryStandardsResponse, error)
	QuerySeasonality(context.Context, *reportingv1.QuerySeasonalityRequest) (*reportingv1.QuerySeasonalityResponse, error)
	QueryPolicyEffects(context.Context, *reportingv1.QueryPolicyEffectsRequest) (*reportingv1.QueryPolicyEffectsResponse, error)
	QueryReserve(context.Context, *reportingv1.QueryReserveRequest) (*reportingv1.QueryReserveResponse, error)
	// PolicyChanges are the changes of policies, without what changed with them.
	PolicyChanges(context.Context, *reportingv1.PerformanceQuery) ([]*reportingv1.PolicyEffect, error)
}

const (
	locationPrefix = "locations/"
	// mostDays is how many days analyses of operations data take.
	mostDays = 1100
	// hundred makes percents of shares.
	hundred = 100
)

// storeRefusals say in the words of stores why there is nothing, where those of answers would mislead.
var storeRefusals = map[string]phrase.Key{
	"NO_DATA": phrase.AbsentOperations, "TOO_FEW_ANSWERS": phrase.AbsentFewLocations, "CURRENCIES_MIXED": phrase.AbsentCurrencies, "REGION_NOT_FOUND": phrase.AbsentOperations,
}

// ofStores explains why an analysis of stores was refused.
func ofStores(err error) error {
	if e, ok := rpcerr.FromError(err); err != nil && ok {
		if key, ok := storeRefusals[e.Reason]; ok {
			return absent(key)
		}
	}
	return err
}

// dates are the first day of a period and the first after it.
func dates(p document.Period) (first, after string, err error) {
	start, end := notation.In(p.Start, p.Zone), notation.In(p.End, p.Zone)
	if p.Start.IsZero() || p.End.IsZero() || !notation.Midnight(start) || !notation.Midnight(end) || end.After(start.AddDate(0, 0, mostDays)) {
		return "", "", errDays
	}
	return start.Format("2006-01-02"), end.Format("2006-01-02"), nil
}

// stores is what analyses of operations data are asked by: they know filters by location and region alone, and permissions of their own.
func (r *run) stores(ctx context.Context, permission string, p document.Period, also ...string) (*reportingv1.PerformanceQuery, error) {
	if !authz.FromContext(ctx).Holds(permission) {
		return nil, errPermission
	}
	if !r.plain {
		return nil, errFilter
	}
	q := &reportingv1.PerformanceQuery{ConfidenceLevel: level}
	for key, value := range r.circumstances {
		switch {
		case key == "location":
			q.Locations = []string{locationPrefix + value}
		case key == "region":
			q.Region = "regions/" + value
		case !slices.Contains(also, key):
			return nil, errFilter
		}
	}
	var err error
	q.StartDate, q.EndDate, err = dates(p)
	return q, err
}

// locationNames says what people call locations.
func (r *run) locationNames(ctx context.Context) (map[string]string, error) {
	if only := r.circumstances["location"]; only != "" {
		return map[string]string{only: r.unitName(ctx, locationPrefix+only)}, nil
	}
	return r.names(ctx, "location")
}

// locationName is what people call a location.
func (r *run) locationName(name string, names map[string]string) string {
	return r.valueName(strings.TrimPrefix(name, locationPrefix), names)
}

// definitionOfStores names what an analysis of stores is.
func definitionOfStores(b *reportingv1.PerformanceBasis) string {
	return b.GetDefinition() + "@" + strconv.Itoa(int(b.GetDefinitionVersion()))
}

// leftOut tells how many locations were left out.
func (r *run) leftOut(notes []string, b *reportingv1.PerformanceBasis) []string {
	if n := len(b.GetLeftOut()); n > 0 {
		notes = append(notes, r.words.Plural(phrase.NoteLeftOut, int64(n)))
	}
	return notes
}

// amount is an amount of money that was counted, in minor units, from n receipts or days.
func amount(minor float64, currency, definition string, digits int, n int64) document.Number {
	value := major(minor, money.Digits(currency))
	return document.Number{Value: &value, Unit: document.Money, Currency: currency, Digits: digits, N: &n, Definition: definition}
}

// scaled is an estimate times a factor; nil is one that there is not.
func (r *run) scaled(e *reportingv1.AnalysisEstimate, factor float64, n *int64, unit document.Unit, digits int, definition string) document.Number {
	out := document.Number{Unit: unit, Digits: digits, N: n, Definition: definition}
	if e == nil {
		out.Absent = r.words.Text(phrase.NoData)
		return out
	}
	value := factor * e.GetValue()
	out.Value = &value
	if i := e.GetInterval(); i != nil {
		low, high := factor*i.GetLower(), factor*i.GetUpper()
		out.Low, out.High, out.Level = &low, &high, i.GetLevel()
	}
	return out
}

// revenue shows what traffic, conversion and the average check did to revenue since the period compared with.
func (r *run) revenue(ctx context.Context, s report.Section) (part, error) {
	q, err := r.stores(ctx, "reporting.revenue.query", r.period)
	if err != nil {
		return part{}, err
	}
	if r.baseline == nil {
		return part{}, errBaseline
	}
	req := &reportingv1.QueryRevenueRequest{Query: q}
	if req.BaselineStartDate, req.BaselineEndDate, err = dates(*r.baseline); err != nil {
		return part{}, err
	}
	resp, err := r.performance.QueryRevenue(ctx, req)
	if none := ofStores(err); errors.Is(none, absent(phrase.AbsentOperations)) {
		// Most stores are closed on some days. What is known is compared then, and it is said how many days are missing.
		req.Gaps = reportingv1.GapTreatment_GAP_TREATMENT_KNOWN_DAYS
		resp, err = r.performance.QueryRevenue(ctx, req)
	}
	if err != nil {
		return part{}, ofStores(err)
	}
	names, err := r.locationNames(ctx)
	if err != nil {
		return part{}, err
	}
	definition, currency, total := definitionOfStores(resp.GetBasis()), resp.GetBasis().GetCurrency(), resp.GetTotal()
	taken := func(t *reportingv1.RevenueTotals) document.Number {
		return amount(float64(t.GetRevenueMinor()), currency, definition, 0, t.GetReceipts())
	}
	chart := &document.BridgeChart{
		BeforeTitle: r.words.Text(phrase.ColumnBefore), AfterTitle: r.words.Text(phrase.ColumnNow),
		Before: taken(total.GetBefore()), After: taken(total.GetAfter()),
	}
	effects := func(c *reportingv1.RevenueChange) []document.Number {
		days := int64(c.GetBefore().GetDays() + c.GetAfter().GetDays())
		return []document.Number{
			amount(c.GetTrafficEffectMinor(), currency, definition, 0, days), amount(c.GetConversionEffectMinor(), currency, definition, 0, days),
			amount(c.GetAverageCheckEffectMinor(), currency, definition, 0, days),
		}
	}
	for i, title := range []phrase.Key{phrase.FigureVisitors, phrase.MeasureConversion, phrase.MeasureCheck} {
		chart.Parts = append(chart.Parts, document.BridgePart{Label: r.words.Text(title), Effect: effects(total)[i]})
	}
	out := part{
		blocks: []document.Block{
			{Figures: r.revenueFigures(total, currency, definition)},
			{Chart: &document.Chart{ID: "revenue", Title: r.words.Text(phrase.ChartRevenue), Bridge: chart}},
		},
		notes: []string{r.words.Text(phrase.NoteRevenue), r.words.Text(phrase.NoteBaseline, r.notation.Period(*r.baseline))},
	}
	if len(resp.GetLocations()) > 1 {
		var rows [][]document.Cell
		for _, l := range resp.GetLocations() {
			c := l.GetChange()
			row := []document.Cell{
				textCell(r.locationName(l.GetLocation(), names)), numberCell(taken(c.GetBefore())), numberCell(taken(c.GetAfter())),
			}
			for _, n := range effects(c) {
				row = append(row, numberCell(n))
			}
			rows = append(rows, row)
		}
		columns := []document.Column{
			r.textColumn("location", phrase.ColumnUnit), r.numberColumn("before", phrase.ColumnBefore), r.numberColumn("now", phrase.ColumnNow),
			r.numberColumn("traffic", phrase.ColumnTraffic), r.numberColumn("conversion", phrase.ColumnConversionEffect), r.numberColumn("average_check", phrase.ColumnCheckEffect),
		}
		out.blocks = append(out.blocks, r.table("revenue", phrase.TableRevenue, columns, rows, s.Rows, mostRows))
	}
	missing := total.GetBefore().GetDaysExpected() - total.GetBefore().GetDays() + total.GetAfter().GetDaysExpected() - total.GetAfter().GetDays()
	if missing > 0 {
		out.notes = append(out.notes, r.words.Text(phrase.NoteKnownDays, r.notation.Count(int64(missing))))
	}
	out.notes = r.leftOut(out.notes, resp.GetBasis())
	return out, nil
}

// revenueFigures are the headline numbers of revenue, and what it is the product of.
func (r *run) revenueFigures(c *reportingv1.RevenueChange, currency, definition string) []document.Figure {
	figure := func(title phrase.Key, now, was document.Number) document.Figure {
		f := document.Figure{Label: r.words.Text(title), Number: now}
		if now.Value != nil && was.Value != nil {
			change := now
			value := *now.Value - *was.Value
			change.Value, change.N = &value, nil
			if change.Unit == document.Percent {
				change.Unit = document.Points
			}
			f.Change = &change
		}
		return f
	}
	ratio := func(v *float64, unit document.Unit, digits int, of int64) document.Number {
		n := document.Number{Unit: unit, Digits: digits, N: &of, Definition: definition}
		switch {
		case v == nil:
			n.Absent = r.words.Text(phrase.NoData)
		case unit == document.Money:
			n = amount(*v, currency, definition, digits, of)
		default:
			value := hundred * *v
			n.Value = &value
		}
		return n
	}
	now, was := c.GetAfter(), c.GetBefore()
	check := money.Digits(currency)
	return []document.Figure{
		figure(phrase.FigureRevenue, amount(float64(now.GetRevenueMinor()), currency, definition, 0, now.GetReceipts()), amount(float64(was.GetRevenueMinor()), currency, definition, 0, was.GetReceipts())),
		figure(phrase.FigureVisitors, count(now.GetVisitors()), count(was.GetVisitors())),
		figure(phrase.MeasureConversion, ratio(now.Conversion, document.Percent, 1, now.GetVisitors()), ratio(was.Conversion, document.Percent, 1, was.GetVisitors())),
		figure(phrase.MeasureCheck, ratio(now.AverageCheckMinor, document.Money, check, now.GetReceipts()), ratio(was.AverageCheckMinor, document.Money, check, was.GetReceipts())),
	}
}

// quality shows whether visitors are consulted, and what goes with it.
func (r *run) quality(ctx context.Context, s report.Section) (part, error) {
	q, err := r.stores(ctx, "reporting.quality.query", r.period)
	if err != nil {
		return part{}, err
	}
	resp, err := r.performance.QueryQuality(ctx, &reportingv1.QueryQualityRequest{Query: q})
	if err != nil {
		return part{}, ofStores(err)
	}
	names, err := r.locationNames(ctx)
	if err != nil {
		return part{}, err
	}
	definition := definitionOfStores(resp.GetBasis())
	relations := []struct {
		title phrase.Key
		id    string
		of    *reportingv1.QualityRelation
	}{
		{phrase.ColumnTrafficQuality, "traffic_quality", resp.GetTrafficQuality()}, {phrase.ColumnEngagement, "seller_engagement", resp.GetSellerEngagement()},
		{phrase.ColumnPerceived, "perceived_quality", resp.GetPerceivedQuality()},
	}
	columns := []document.Column{r.textColumn("location", phrase.ColumnUnit), r.numberColumn("coverage", phrase.ColumnCoverage)}
	cells := make(map[string][]document.Cell)
	var order []string
	row := func(name string) []document.Cell {
		if cells[name] == nil {
			order = append(order, name)
			cells[name] = append([]document.Cell{textCell(r.locationName(name, names))}, make([]document.Cell, len(relations)+1)...)
		}
		return cells[name]
	}
	bars := &document.BarChart{ValueTitle: r.words.Text(phrase.ColumnCoverage)}
	visitors := int64(0)
	for _, c := range resp.GetCoverages() {
		n := c.GetVisitors()
		visitors += n
		number := r.scaled(c.GetCoverage(), hundred, &n, document.Percent, 1, definition)
		row(c.GetLocation())[1] = numberCell(number)
		if len(bars.Bars) < mostBars && number.Value != nil {
			bars.Bars = append(bars.Bars, document.Bar{Label: r.locationName(c.GetLocation(), names), Number: number})
		}
	}
	figures := []document.Figure{{Label: r.words.Text(phrase.ColumnCoverage), Number: r.scaled(resp.GetCoverage(), hundred, &visitors, document.Percent, 1, definition)}}
	for i, relation := range relations {
		columns = append(columns, r.numberColumn(relation.id, relation.title))
		days := int64(0)
		for _, l := range relation.of.GetLocations() {
			n := int64(l.GetDays())
			days += n
			row(l.GetLocation())[2+i] = numberCell(tested(r.scaled(l.GetCorrelation(), 1, &n, document.Plain, 2, definition), l.GetTest()))
		}
		figures = append(figures, document.Figure{Label: r.words.Text(relation.title), Number: r.scaled(relation.of.GetTypical(), 1, &days, document.Plain, 2, definition)})
	}
	if !slices.ContainsFunc(figures, func(f document.Figure) bool { return f.Number.Value != nil }) {
		return part{}, absent(phrase.AbsentOperations)
	}
	out := part{blocks: []document.Block{{Figures: figures}}, notes: r.leftOut([]string{r.words.Text(phrase.NoteQuality), r.words.Text(phrase.NoteAssociation)}, resp.GetBasis())}
	if len(order) > 1 {
		if len(bars.Bars) > 1 {
			out.blocks = append(out.blocks, document.Block{Chart: &document.Chart{ID: "coverage", Title: r.words.Text(phrase.ChartCoverage), Bars: bars}})
		}
		slices.Sort(order)
		rows := make([][]document.Cell, len(order))
		for i, name := range order {
			rows[i] = cells[name]
		}
		out.blocks = append(out.blocks, r.table("quality", phrase.TableQuality, columns, rows, s.Rows, mostRows))
	}
	return out, nil
}

// reserve shows which consultations could be gained.
func (r *run) reserve(ctx context.Context, s report.Section) (part, error) {
	q, err := r.stores(ctx, "reporting.reserve.query", r.period)
	if err != nil {
		return part{}, err
	}
	resp, err := r.performance.QueryReserve(ctx, &reportingv1.QueryReserveRequest{Query: q})
	if err != nil {
		return part{}, ofStores(err)
	}
	names, err := r.locationNames(ctx)
	if err != nil {
		return part{}, err
	}
	definition := definitionOfStores(resp.GetBasis())
	visitors := int64(0)
	var rows [][]document.Cell
	for _, l := range resp.GetLocations() {
		n := l.GetCoverage().GetVisitors()
		visitors += n
		rows = append(rows, []document.Cell{
			textCell(r.locationName(l.GetCoverage().GetLocation(), names)), numberCell(count(n)),
			numberCell(r.scaled(l.GetCoverage().GetCoverage(), hundred, &n, document.Percent, 1, definition)), numberCell(r.scaled(l.GetGained(), 1, &n, document.Count, 0, definition)),
		})
	}
	target, places := hundred*resp.GetTargetCoverage(), int64(resp.GetBasis().GetLocations())
	columns := []document.Column{
		r.textColumn("location", phrase.ColumnUnit), r.numberColumn("visitors", phrase.ColumnVisitors), r.numberColumn("coverage", phrase.ColumnCoverage),
		r.numberColumn("gained", phrase.ColumnGained),
	}
	return part{
		blocks: []document.Block{
			{Figures: []document.Figure{
				{Label: r.words.Text(phrase.ColumnGained), Number: r.scaled(resp.GetGained(), 1, &visitors, document.Count, 0, definition)},
				{Label: r.words.Text(phrase.FigureTarget), Number: document.Number{Value: &target, Unit: document.Percent, Digits: 1, N: &places, Definition: definition}, Note: r.words.Text(phrase.ColumnCoverage)},
			}},
			r.table("reserve", phrase.TableReserve, columns, rows, s.Rows, mostRows),
		},
		notes: r.leftOut([]string{r.words.Text(phrase.NoteReserve)}, resp.GetBasis()),
	}, nil
}
