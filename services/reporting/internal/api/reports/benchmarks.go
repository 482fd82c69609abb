package reports

import (
	"context"

	"github.com/otklik/otklik/libs/authz"
	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/services/reporting/internal/document"
	"github.com/otklik/otklik/services/reporting/internal/estimate"
	"github.com/otklik/otklik/services/reporting/internal/phrase"
	"github.com/otklik/otklik/services/reporting/internal/report"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
)

// Benchmarks compares own scores with those of others. Nobody else looks at its permission where reports ask it: the section does.
type Benchmarks interface {
	QueryBenchmark(context.Context, *reportingv1.QueryBenchmarkRequest) (*reportingv1.QueryBenchmarkResponse, error)
}

// benchmarkForms are what benchmarks measure, in the order in which reports show them.
var benchmarkForms = []struct {
	of   reportingv1.BenchmarkMetric
	form metric
}{
	{reportingv1.BenchmarkMetric_BENCHMARK_METRIC_NPS, metric{name: phrase.MetricNPS, unit: document.Points, digits: 1}},
	{reportingv1.BenchmarkMetric_BENCHMARK_METRIC_CSAT, metric{name: phrase.MetricCSAT, unit: document.Percent, digits: 1}},
	{reportingv1.BenchmarkMetric_BENCHMARK_METRIC_CES, metric{name: phrase.MetricEase, unit: document.Plain, digits: 2}},
	{reportingv1.BenchmarkMetric_BENCHMARK_METRIC_MEAN, metric{name: phrase.MetricMean, unit: document.Plain, digits: 2}},
}

// untested say why a number of others is not compared.
var untested = map[string]phrase.Key{
	"NO_OWN_SCORE": phrase.UntestedNoScore, "WITHHELD": phrase.Withheld, "SCALES_DIFFER": phrase.UntestedScales, "PRECISION_UNKNOWN": phrase.UntestedPrecision,
	"OWN_PRECISION_UNKNOWN": phrase.UntestedOwnPrecision,
}

// compared is a number of others beside the own one.
type compared struct {
	*reportingv1.BenchmarkComparison
	form       metric
	definition string
}

// benchmarks shows own scores beside those of others, each of the same days.
func (r *run) benchmarks(ctx context.Context, s report.Section) (part, error) {
	if !authz.FromContext(ctx).Holds("reporting.benchmarks.query") {
		return part{}, errPermission
	}
	var all []compared
	var p []*float64
	for _, b := range benchmarkForms {
		q := r.analysis()
		if r.protected {
			q.AsOfTime = nil
		}
		resp, err := r.others.QueryBenchmark(ctx, &reportingv1.QueryBenchmarkRequest{Query: q, Metric: b.of})
		if e, ok := rpcerr.FromError(err); err != nil && ok && unscored[e.Reason] {
			continue
		}
		if err != nil {
			return part{}, err
		}
		for _, c := range resp.GetComparisons() {
			all, p = append(all, compared{c, b.form, definitionOf(resp.GetBasis())}), append(p, pValueOf(c.GetTest()))
		}
	}
	if len(all) == 0 {
		return part{}, absent(phrase.AbsentBenchmarks)
	}
	// Each metric corrects for its own tests, and here all of them are seen at once.
	adjusted, _, err := estimate.Adjust(p)
	if err != nil {
		return part{}, err
	}
	bars := make(map[phrase.Key]*document.BarChart)
	rows := make([][]document.Cell, len(all))
	for i, c := range all {
		rows[i] = r.benchmarkRow(c, adjusted[i], bars)
	}
	var out part
	for _, b := range benchmarkForms {
		if chart := bars[b.form.name]; chart != nil {
			id := "benchmarks_" + word(b.of, "BENCHMARK_METRIC_")
			out.blocks = append(out.blocks, document.Block{Chart: &document.Chart{ID: id, Title: r.words.Text(phrase.ChartBenchmarks, r.words.Text(b.form.name)), Bars: chart}})
		}
	}
	columns := []document.Column{
		r.textColumn("subject", phrase.ColumnSubject), r.textColumn("metric", phrase.ColumnMetric), r.textColumn("days", phrase.ColumnDays), r.numberColumn("theirs", phrase.ColumnTheirs),
		r.numberColumn("own", phrase.ColumnOwn), r.numberColumn("difference", phrase.ColumnDifference), r.textColumn("verdict", phrase.ColumnVerdict), r.textColumn("source", phrase.ColumnSource),
	}
	out.blocks = append(out.blocks, r.table("benchmarks", phrase.TableBenchmarks, columns, rows, s.Rows, mostRows))
	out.notes = []string{r.words.Text(phrase.NoteBenchmarks)}
	return out, nil
}

// unscored are the reasons for which a survey has no score of a metric: it is compared in others.
var unscored = map[string]bool{"METRIC_MISMATCH": true, "METRIC_NOT_SUPPORTED": true, "QUESTION_NOT_SCORED": true, "QUESTION_NOT_FOUND": true}

// pValueOf is the p-value of a test before it was corrected; nil where there was none.
func pValueOf(t *reportingv1.AnalysisTest) *float64 {
	if t == nil {
		return nil
	}
	p := t.GetPValue()
	return &p
}

// benchmarkRow is a row of the table; the difference gets a bar of the chart of its metric.
func (r *run) benchmarkRow(c compared, p *float64, bars map[phrase.Key]*document.BarChart) []document.Cell {
	b := c.GetBenchmark()
	value := b.GetValue()
	theirs := document.Number{Value: &value, Unit: c.form.unit, Digits: c.form.digits, N: b.N}
	own := r.estimated(c.GetOwn().GetScore(), c.GetOwn().GetN(), c.form.unit, c.form.digits, c.definition)
	difference := r.estimated(c.GetDifference(), c.GetOwn().GetN(), differenceUnit(c.form.unit), c.form.digits, c.definition)
	difference.P = p
	days := r.notation.Period(document.Period{Start: r.on(b.GetStartDate()), End: r.on(b.GetEndDate()), Zone: r.period.Zone})
	verdict := phrase.BenchmarkSame
	switch reason, ok := untested[c.GetUntestedReason()]; {
	case ok:
		verdict = reason
	case p != nil && *p < significant && *difference.Value > 0:
		verdict = phrase.BenchmarkAbove
	case p != nil && *p < significant:
		verdict = phrase.BenchmarkBelow
	}
	if difference.Value != nil {
		chart := bars[c.form.name]
		if chart == nil {
			chart = &document.BarChart{ValueTitle: r.words.Text(phrase.ColumnDifference)}
			bars[c.form.name] = chart
		}
		if len(chart.Bars) < mostBars {
			chart.Bars = append(chart.Bars, document.Bar{Label: b.GetSubject() + ", " + days, Number: difference})
		}
	}
	return []document.Cell{
		textCell(b.GetSubject()), textCell(r.words.Text(c.form.name)), textCell(days), numberCell(theirs), numberCell(own), numberCell(difference), textCell(r.words.Text(verdict)),
		textCell(b.GetSeries() + ": " + b.GetSource()),
	}
}

// significant is the corrected p-value below which own scores are told to be above or below those of others.
const significant = 0.05
