package reports

import (
	"context"
	"strings"

	"github.com/otklik/otklik/libs/money"
	"github.com/otklik/otklik/services/reporting/internal/document"
	"github.com/otklik/otklik/services/reporting/internal/phrase"
	"github.com/otklik/otklik/services/reporting/internal/report"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
)

// measurePrefix begins what stores are judged by.
const measurePrefix = "PERFORMANCE_OUTCOME_"

// measureForm is how a number is written by which stores are judged.
type measureForm struct {
	name phrase.Key
	// unit is that of the number, difference that of how much it differs.
	unit, difference document.Unit
	digits           int
	factor           float64
	currency         string
}

// measureOf is what the section judges stores by.
func measureOf(s report.Section) reportingv1.PerformanceOutcome {
	return reportingv1.PerformanceOutcome(valueOf(reportingv1.PerformanceOutcome(0).Descriptor(), measurePrefix, string(s.Measure)))
}

// formOf is how a number is written, of amounts in a currency.
func formOf(o reportingv1.PerformanceOutcome, currency string) measureForm {
	units := money.Digits(currency)
	switch o {
	case reportingv1.PerformanceOutcome_PERFORMANCE_OUTCOME_VISITORS:
		return measureForm{name: phrase.MeasureVisitors, unit: document.Plain, difference: document.Plain, digits: 1, factor: 1}
	case reportingv1.PerformanceOutcome_PERFORMANCE_OUTCOME_CONVERSION:
		return measureForm{name: phrase.MeasureConversion, unit: document.Percent, difference: document.Points, digits: 1, factor: hundred}
	case reportingv1.PerformanceOutcome_PERFORMANCE_OUTCOME_AVERAGE_CHECK:
		return measureForm{name: phrase.MeasureCheck, unit: document.Money, difference: document.Money, digits: units, factor: major(1, units), currency: currency}
	}
	return measureForm{name: phrase.MeasureRevenue, unit: document.Money, difference: document.Money, factor: major(1, units), currency: currency}
}

// level is the number itself; nil is none.
func (f measureForm) level(r *run, v *float64, n int64, definition string) document.Number {
	out := document.Number{Unit: f.unit, Digits: f.digits, Currency: f.currency, N: &n, Definition: definition}
	if v == nil {
		out.Absent = r.words.Text(phrase.NoData)
		return out
	}
	value := f.factor * *v
	out.Value = &value
	return out
}

// change is by how much it differs.
func (f measureForm) change(r *run, e *reportingv1.AnalysisEstimate, n int64, definition string) document.Number {
	out := r.scaled(e, f.factor, &n, f.difference, f.digits, definition)
	out.Currency = f.currency
	return out
}

// standards shows how far standards are complied with, and which criteria go with sales.
func (r *run) standards(ctx context.Context, s report.Section) (part, error) {
	q, err := r.stores(ctx, "reporting.standards.query", r.period)
	if err != nil {
		return part{}, err
	}
	resp, err := r.performance.QueryStandards(ctx, &reportingv1.QueryStandardsRequest{Query: q, Outcome: measureOf(s)})
	if err != nil {
		return part{}, ofStores(err)
	}
	names, err := r.locationNames(ctx)
	if err != nil {
		return part{}, err
	}
	definition := definitionOfStores(resp.GetBasis())
	complied := func(c *reportingv1.StandardsCompliance) document.Number {
		n := int64(c.GetVisits())
		return r.scaled(c.GetCompliance(), hundred, &n, document.Percent, 1, definition)
	}
	verdicts := map[reportingv1.StandardsCriterion_Verdict]phrase.Key{
		reportingv1.StandardsCriterion_VERDICT_RELATED: phrase.VerdictRelated, reportingv1.StandardsCriterion_VERDICT_UNRELATED: phrase.VerdictUnrelated,
		reportingv1.StandardsCriterion_VERDICT_UNTESTED: phrase.VerdictUntested,
	}
	bars := &document.BarChart{ValueTitle: r.words.Text(phrase.ColumnCompliance)}
	var rows [][]document.Cell
	for _, c := range resp.GetCriteria() {
		n := int64(c.GetLocations())
		number := complied(c.GetCompliance())
		if len(bars.Bars) < mostBars && number.Value != nil {
			bars.Bars = append(bars.Bars, document.Bar{Label: c.GetCriterion(), Number: number})
		}
		related := tested(r.scaled(c.GetCorrelation(), 1, &n, document.Plain, 2, definition), c.GetTest())
		if related.Value == nil {
			related.Absent = r.words.Text(phrase.VerdictUntested)
		}
		rows = append(rows, []document.Cell{textCell(c.GetCriterion()), numberCell(number), numberCell(related), textCell(r.words.Text(verdicts[c.GetVerdict()]))})
	}
	columns := []document.Column{
		r.textColumn("criterion", phrase.ColumnCriterion), r.numberColumn("compliance", phrase.ColumnCompliance), r.numberColumn("correlation", phrase.ColumnCorrelation),
		r.textColumn("verdict", phrase.ColumnVerdict),
	}
	out := part{
		blocks: []document.Block{
			{Figures: []document.Figure{
				{Label: r.words.Text(phrase.ColumnCompliance), Number: complied(resp.GetTotal())}, {Label: r.words.Text(phrase.ColumnVisits), Number: count(int64(resp.GetTotal().GetVisits()))},
			}},
			{Chart: &document.Chart{ID: "compliance", Title: r.words.Text(phrase.ChartCompliance), Bars: bars}},
			r.table("criteria", phrase.TableCriteria, columns, rows, s.Rows, mostRows),
		},
		notes: []string{r.words.Text(phrase.NoteSalesMeasure, r.words.Text(formOf(resp.GetOutcome(), "").name))},
	}
	if len(resp.GetLocations()) > 1 {
		rows = nil
		for _, l := range resp.GetLocations() {
			rows = append(rows, []document.Cell{
				textCell(r.locationName(l.GetLocation(), names)), numberCell(complied(l.GetCompliance())), numberCell(count(int64(l.GetCompliance().GetVisits()))),
			})
		}
		columns = []document.Column{r.textColumn("location", phrase.ColumnUnit), r.numberColumn("compliance", phrase.ColumnCompliance), r.numberColumn("visits", phrase.ColumnVisits)}
		out.blocks = append(out.blocks, r.table("compliance", phrase.TableCompliance, columns, rows, s.Rows, mostRows))
	}
	if len(resp.GetUnrelated()) > 0 {
		out.notes = append(out.notes, r.words.Text(phrase.NoteUnrelated, strings.Join(resp.GetUnrelated(), ", ")))
	}
	out.notes = append(out.notes, r.words.Text(phrase.NoteAssociation))
	return out, nil
}

// factorNames are the names of what tells days apart, by the words of the API.
var factorNames = map[string]phrase.Key{
	"month": phrase.FactorMonth, "working-day": phrase.FactorWorkingDay, "weekday": phrase.FactorWeekday, "hour": phrase.FactorHour,
}

// levelNames are the names of days.
var levelNames = map[string]phrase.Key{
	"working": phrase.LevelWorking, "free": phrase.LevelFree, "monday": phrase.LevelMonday, "tuesday": phrase.LevelTuesday, "wednesday": phrase.LevelWednesday,
	"thursday": phrase.LevelThursday, "friday": phrase.LevelFriday, "saturday": phrase.LevelSaturday, "sunday": phrase.LevelSunday,
}

// monthNames are the names of months, by the words of the API.
var monthNames = map[string]phrase.Key{
	"01": phrase.LevelJanuary, "02": phrase.LevelFebruary, "03": phrase.LevelMarch, "04": phrase.LevelApril, "05": phrase.LevelMay, "06": phrase.LevelJune,
	"07": phrase.LevelJuly, "08": phrase.LevelAugust, "09": phrase.LevelSeptember, "10": phrase.LevelOctober, "11": phrase.LevelNovember, "12": phrase.LevelDecember,
}

// levelName names a level of a factor; an hour is its own name.
func (r *run) levelName(factor reportingv1.SeasonFactor, id string) string {
	known := levelNames
	if factor == reportingv1.SeasonFactor_SEASON_FACTOR_MONTH {
		known = monthNames
	}
	if key, ok := known[id]; ok {
		return r.words.Text(key)
	}
	return id
}

// seasonality shows what the calendar does: of a year up to the end of a shorter period, which has no seasons.
func (r *run) seasonality(ctx context.Context, s report.Section) (part, error) {
	span := r.period
	if from := span.End.In(span.Zone).AddDate(-1, 0, 0); from.Before(span.Start) {
		span.Start = from
	}
	q, err := r.stores(ctx, "reporting.seasonality.query", span)
	if err != nil {
		return part{}, err
	}
	resp, err := r.performance.QuerySeasonality(ctx, &reportingv1.QuerySeasonalityRequest{Query: q, Outcome: measureOf(s)})
	if err != nil {
		return part{}, ofStores(err)
	}
	definition, form := definitionOfStores(resp.GetBasis()), formOf(resp.GetOutcome(), resp.GetBasis().GetCurrency())
	n, explained := int64(resp.GetN()), hundred*resp.GetWithinRSquared()
	out := part{
		blocks: []document.Block{{Figures: []document.Figure{
			{Label: r.words.Text(form.name), Number: form.level(r, &resp.Mean, n, definition)},
			{Label: r.words.Text(phrase.FigureExplainedDays), Number: document.Number{Value: &explained, Unit: document.Percent, Digits: 1, N: &n, Definition: definition}},
		}}},
		notes: r.leftOut([]string{r.words.Text(phrase.NoteSpan, r.notation.Period(span)), r.words.Text(phrase.NoteSeason), r.words.Text(phrase.NoteAssociation)}, resp.GetBasis()),
	}
	var rows [][]document.Cell
	for _, f := range resp.GetFactors() {
		id := word(f.GetFactor(), "SEASON_FACTOR_")
		title := r.words.Text(factorNames[id])
		bars := &document.BarChart{ValueTitle: r.words.Text(phrase.ColumnDifference)}
		for _, e := range f.GetEffects() {
			label := r.levelName(f.GetFactor(), e.GetLevel())
			days := int64(e.GetN())
			number := tested(form.change(r, e.GetDifference(), days, definition), e.GetTest())
			bars.Bars = append(bars.Bars, document.Bar{Label: label, Number: number})
			relative := document.Number{Unit: document.Percent, Digits: 1, N: &days, Definition: definition, Absent: r.words.Text(phrase.NoData)}
			if e.Relative != nil {
				value := hundred * e.GetRelative()
				relative.Value, relative.Absent = &value, ""
			}
			rows = append(rows, []document.Cell{textCell(title), textCell(label), numberCell(number), numberCell(relative)})
		}
		out.blocks = append(out.blocks, document.Block{Chart: &document.Chart{ID: "season_" + strings.ReplaceAll(id, "-", "_"), Title: r.words.Text(phrase.ChartSeason, r.words.Text(form.name), title), Bars: bars}})
	}
	columns := []document.Column{
		r.textColumn("factor", phrase.ColumnFactor), r.textColumn("level", phrase.ColumnLevelName), r.numberColumn("difference", phrase.ColumnDifference),
		r.numberColumn("relative", phrase.ColumnRelative),
	}
	out.blocks = append(out.blocks, r.table("seasonality", phrase.TableSeason, columns, rows, s.Rows, mostRows))
	return out, nil
}
