package reports

import (
	"strconv"
	"strings"

	"github.com/otklik/otklik/services/reporting/internal/document"
	"github.com/otklik/otklik/services/reporting/internal/phrase"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// metric is a score that reports show first.
type metric struct {
	metric  scoringv1.Metric
	variant scoringv1.Variant
	name    phrase.Key
	unit    document.Unit
	digits  int
}

// metrics are the scores that reports show, in the order of importance.
var metrics = []metric{
	{scoringv1.Metric_METRIC_NPS, scoringv1.Variant_VARIANT_NPS_ANSWERED, phrase.MetricNPS, document.Points, 1},
	{scoringv1.Metric_METRIC_ENPS, scoringv1.Variant_VARIANT_ENPS_ANSWERED, phrase.MetricENPS, document.Points, 1},
	{scoringv1.Metric_METRIC_CSAT, scoringv1.Variant_VARIANT_CSAT_SHARE, phrase.MetricCSAT, document.Percent, 1},
	{scoringv1.Metric_METRIC_CES, scoringv1.Variant_VARIANT_CES_TOP_BOX, phrase.MetricCES, document.Percent, 1},
	{scoringv1.Metric_METRIC_MEAN, scoringv1.Variant_VARIANT_MEAN_SINGLE_QUESTION, phrase.MetricMean, document.Plain, 2},
	{scoringv1.Metric_METRIC_RESPONSE_RATE, scoringv1.Variant_VARIANT_RESPONSE_RATE_OUTCOMES, phrase.MetricResponse, document.Percent, 1},
}

// metricOf finds what is known of a variant; false for variants that reports do not show.
func metricOf(v scoringv1.Variant) (metric, bool) {
	for _, m := range metrics {
		if m.variant == v {
			return m, true
		}
	}
	return metric{}, false
}

// number is a score.
func (r *run) number(s *scoringv1.Score, m metric) document.Number {
	n := s.GetN()
	out := document.Number{
		Unit: m.unit, Digits: m.digits, N: &n, Definition: strings.TrimPrefix(s.GetDefinition(), "metricDefinitions/") + "@" + strconv.Itoa(int(s.GetDefinitionVersion())),
	}
	switch {
	case s.GetSuppression() == scoringv1.Suppression_SUPPRESSION_COMPLEMENTARY:
		out.Absent, out.N = r.words.Text(phrase.WithheldForOthers), nil
	case s.Suppression != nil:
		out.Absent, out.N = r.words.Text(phrase.Withheld), nil
	case s.Estimate == nil:
		out.Absent = r.words.Text(phrase.NoData)
	case m.metric == scoringv1.Metric_METRIC_RESPONSE_RATE && unanswered(s) == 0:
		// Of those whose outcome is known all have answered when nobody records the others: that is no rate.
		out.Absent = r.words.Text(phrase.AbsentRefusals)
	default:
		out.Value = s.Estimate
	}
	return bounded(out, s.GetInterval())
}

// unanswered is how many are known not to have answered: who refused, dismissed the question or let the time pass.
func unanswered(s *scoringv1.Score) int64 {
	c := s.GetCounts()
	return c.GetRefused() + c.GetDismissed() + c.GetTimedOut()
}

// bounded adds an interval.
func bounded(n document.Number, i *typev1.ConfidenceInterval) document.Number {
	if i != nil && n.Value != nil {
		low, high := i.GetLower(), i.GetUpper()
		n.Low, n.High, n.Level = &low, &high, i.GetLevel()
	}
	return n
}

// estimated is a number of an analysis; nil is one that could not be estimated.
func (r *run) estimated(e *reportingv1.AnalysisEstimate, n int64, unit document.Unit, digits int, definition string) document.Number {
	out := document.Number{Unit: unit, Digits: digits, N: &n, Definition: definition}
	if e == nil {
		out.Absent = r.words.Text(phrase.NoData)
		return out
	}
	value := e.GetValue()
	out.Value = &value
	return bounded(out, e.GetInterval())
}

// tested adds the corrected p-value of a test, where there is one.
func tested(n document.Number, t *reportingv1.AnalysisTest) document.Number {
	if t != nil {
		p := t.GetAdjustedPValue()
		n.P = &p
	}
	return n
}

// count is a number of things.
func count(n int64) document.Number {
	v := float64(n)
	return document.Number{Value: &v, Unit: document.Count}
}

// share is a part of n, in percent, with its interval by Wilson as it came; nil is none.
func (r *run) share(part *float64, i *typev1.ConfidenceInterval, n int64, definition string) document.Number {
	out := document.Number{Unit: document.Percent, Digits: 1, N: &n, Definition: definition}
	if part == nil {
		out.Absent = r.words.Text(phrase.NoData)
		return out
	}
	v := 100 * *part
	out.Value = &v
	if i != nil {
		low, high := 100*i.GetLower(), 100*i.GetUpper()
		out.Low, out.High, out.Level = &low, &high, i.GetLevel()
	}
	return out
}

// definitionOf names what an analysis is.
func definitionOf(b *reportingv1.AnalysisBasis) string {
	return b.GetDefinition() + "@" + strconv.Itoa(int(b.GetDefinitionVersion()))
}

// Cells of tables.

func textCell(text string) document.Cell { return document.Cell{Text: text} }

func numberCell(n document.Number) document.Cell { return document.Cell{Number: &n} }

// textColumn and numberColumn head the columns of a table.
func (r *run) textColumn(id string, title phrase.Key) document.Column {
	return document.Column{ID: id, Title: r.words.Text(title), Kind: document.TextColumn}
}

func (r *run) numberColumn(id string, title phrase.Key) document.Column {
	return document.Column{ID: id, Title: r.words.Text(title), Kind: document.NumberColumn}
}

// table makes a table of the first rows: as many as the section says, or most.
func (r *run) table(id string, title phrase.Key, columns []document.Column, rows [][]document.Cell, asked, most int) document.Block {
	if asked > 0 {
		most = asked
	}
	return document.Block{Table: &document.Table{
		ID: id, Title: r.words.Text(title), Columns: columns, Rows: rows[:min(most, len(rows))], Total: len(rows),
	}}
}
