package query_test

import (
	"cmp"
	"errors"
	"testing"

	"github.com/otklik/otklik/services/scoring/internal/column"
	"github.com/otklik/otklik/services/scoring/internal/cube"
	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/metric"
	"github.com/otklik/otklik/services/scoring/internal/query"
	"github.com/otklik/otklik/services/scoring/internal/question"
	"github.com/otklik/otklik/services/scoring/internal/questionnaire"
)

// TestMismatchSaysWhatDoesNotFit reads the refusals of metrics and variants that nothing can be computed from.
func TestMismatchSaysWhatDoesNotFit(t *testing.T) {
	t.Parallel()
	asking := func(questions ...metric.Question) query.Data {
		return query.Data{Cube: cube.New(), Table: column.NewTable(), History: questionnaire.History{Revisions: []*questionnaire.Revision{
			{Number: 1, Population: fact.Customer, Questions: questions},
		}}}
	}
	why := metric.Question{ID: "why", Kind: question.Text}
	data := map[string]query.Data{
		"shop": asking(metric.Question{ID: "recommend", Kind: question.NPS, Scale: question.Scale0To10}, why), "words": asking(why),
	}
	for name, c := range map[string]struct {
		query              query.Query
		field, description string
	}{
		"no question": {
			query.Query{Metrics: []metric.ID{metric.NPS, metric.CSAT}}, "metrics[1]",
			"no question of survey shop supports the metric csat: name a question and a metric that fit",
		},
		"no question, variant": {
			query.Query{Metrics: []metric.ID{metric.CES}, Variants: []metric.Variant{metric.CESNetEasy}}, "metrics[0]",
			"no question of survey shop supports the metric ces with the variants asked for: name a question and a metric that fit",
		},
		"variant alone": {
			query.Query{Variants: []metric.Variant{metric.NPSAnswered, metric.CSATShare}}, "variants[1]",
			"no question of survey shop supports the metric csat with the variants asked for: name a question and a metric that fit",
		},
		"all questions": {
			query.Query{Question: query.AllQuestions, Metrics: []metric.ID{metric.CSAT}}, "metrics[0]",
			"no question of survey shop supports the metric csat: name a question and a metric that fit",
		},
		"question": {
			query.Query{Question: "recommend", Metrics: []metric.ID{metric.CSAT}}, "metrics[0]",
			`question "recommend", which is of kind NPS on the scale 0-10, does not support the metric csat: name a question and a metric that fit`,
		},
		"question of words": {
			query.Query{Question: "why", Metrics: []metric.ID{metric.NPS}}, "metrics[0]",
			`question "why", which is of kind TEXT, does not support the metric nps: name a question and a metric that fit`,
		},
		"mean over all answers": {
			query.Query{Survey: "words", Question: "why", Variants: []metric.Variant{metric.MeanAllAnswers}}, "variants[0]",
			"no question of survey words supports the metric mean with the variants asked for: name a question and a metric that fit",
		},
		"variant of another metric": {
			query.Query{Metrics: []metric.ID{metric.NPS}, Variants: []metric.Variant{metric.CSATShare}}, "variants[0]",
			"CSAT_SHARE belongs to none of the metrics asked for",
		},
	} {
		c.query.Survey = cmp.Or(c.query.Survey, "shop")
		_, err := query.Run(t.Context(), c.query, data[c.query.Survey])
		var e *query.Error
		if !errors.As(err, &e) || e.Reason != query.MetricMismatch || e.Field != c.field || e.Description != c.description {
			t.Errorf("%s: got %v\nwant %s: %s", name, err, c.field, c.description)
		}
	}
}
