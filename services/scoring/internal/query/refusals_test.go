package query_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/otklik/otklik/services/scoring/internal/composite"
	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/metric"
	"github.com/otklik/otklik/services/scoring/internal/query"
)

// TestRefusalsHaveNoAnswers asks for scores that refusals enter of what is known of responses alone.
func TestRefusalsHaveNoAnswers(t *testing.T) {
	t.Parallel()
	d := data(t, crossed(example()), &fact.Refusal{
		ID: "y", Survey: "shop", Population: fact.Customer, CountTime: start, ReceiveTime: start, Kind: fact.Refused,
		Context: fact.Context{Location: "north"},
	})
	tree := func(v metric.Variant) *query.Definition {
		return &query.Definition{Ref: composite.Ref{ID: "x", Version: 1}, Tree: &composite.Tree{Spec: composite.Spec{Expression: &composite.Expression{
			Formula: "2*a", Terms: []composite.Term{{ID: "a", Variant: v}},
		}}}}
	}
	cuts := map[string]query.Query{
		"filter":                          {Filter: `answers.recommend <= 6 OR location = "south"`},
		"group_by[1]":                     {GroupBy: []string{"location", "theme"}},
		"group_by[0]":                     {GroupBy: []string{"sentiment", "location"}},
		"weighting.raking.margins[0].key": {Weighting: &query.Weighting{Margins: []query.Margin{margin("revision", "1", 1.0)}}},
	}
	for field, cut := range cuts {
		for what, ask := range map[string]func(*query.Query){
			"a metric":     func(q *query.Query) { q.Metrics = []metric.ID{metric.ResponseRate} },
			"another name": func(q *query.Query) { q.Metrics = []metric.ID{metric.NPS, metric.LoyaltyIndex} },
			"a variant":    func(q *query.Query) { q.Variants = []metric.Variant{metric.NPSAnswered, metric.NPSContacted} },
			"as detractors": func(q *query.Query) {
				q.Metrics, q.Variants = []metric.ID{metric.NPS}, []metric.Variant{metric.NPSRefusedAsDetractor}
			},
			"a composite": func(q *query.Query) { q.Definition = tree(metric.NPSContacted) },
		} {
			q := cut
			q.Survey = "shop"
			ask(&q)
			_, err := query.Run(t.Context(), q, d)
			if e := (*query.Error)(nil); !errors.As(err, &e) || e.Reason != query.MetricMismatch || e.Field != field {
				t.Errorf("%s, %s: got %v", field, what, err)
			}
		}
		for what, ask := range map[string]func(*query.Query){
			"nothing": func(*query.Query) {}, "a metric": func(q *query.Query) { q.Metrics = []metric.ID{metric.NPS} },
		} {
			q := cut
			q.Survey = "shop"
			ask(&q)
			r, err := query.Run(t.Context(), q, d)
			if err != nil || len(r.Rows) == 0 || slices.ContainsFunc(r.Rows, func(r query.Row) bool {
				return r.Score.Variant == metric.NPSContacted || r.Score.Variant == metric.ResponseRateOutcomes
			}) {
				t.Errorf("%s, %s: got %v and %v", field, what, r.Rows, err)
			}
		}
		q := cut
		q.Survey, q.Definition = "shop", tree(metric.NPSAnswered)
		if _, err := query.Run(t.Context(), q, d); err != nil {
			t.Errorf("%s, a composite of answers: %v", field, err)
		}
	}
	// What refusals have of their own tells them apart.
	r, err := query.Run(t.Context(), query.Query{Survey: "shop", Metrics: []metric.ID{metric.NPS}, Filter: `location = "north" OR attributes.copy = "x"`}, d)
	if err != nil || len(r.Rows) != 2 || r.Rows[1].Score.Variant != metric.NPSContacted || r.Rows[1].Score.N != 51 {
		t.Errorf("by location: got %+v and %v", r.Rows, err)
	}
}
