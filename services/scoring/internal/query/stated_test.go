package query_test

import (
	"errors"
	"testing"

	"github.com/otklik/otklik/services/scoring/internal/composite"
	"github.com/otklik/otklik/services/scoring/internal/metric"
	"github.com/otklik/otklik/services/scoring/internal/query"
)

// TestWeightsThatNobodyStates asks for weighted scores of a survey without weights, and of one with few.
func TestWeightsThatNobodyStates(t *testing.T) {
	t.Parallel()
	fs := crossed(example())
	queries := map[string]query.Query{
		"a score": {Metrics: []metric.ID{metric.NPS}}, "a group": {Metrics: []metric.ID{metric.NPS}, GroupBy: []string{"location"}},
		"nobody": {Metrics: []metric.ID{metric.NPS}, Filter: `location = "moon"`},
		"composed": {Definition: &query.Definition{Ref: composite.Ref{ID: "x", Version: 1}, Tree: &composite.Tree{Spec: composite.Spec{Expression: &composite.Expression{
			Formula: "2*a", Terms: []composite.Term{{ID: "a", Metric: metric.NPS}},
		}}}}},
	}
	run := func(q query.Query, d query.Data) error {
		q.Survey, q.Weighting = "shop", &query.Weighting{}
		_, err := query.Run(t.Context(), q, d)
		return err
	}
	plain := data(t, fs)
	fs[0].Weight = 1.5
	stated, empty := data(t, fs), data(t, nil)
	moments := query.Query{Survey: "shop", Weighting: &query.Weighting{}}
	if _, err := query.CountMoments(t.Context(), moments, plain, []string{"recommend"}, 2); !isReason(err, query.WeightingInvalid) {
		t.Errorf("moments: got %v", err)
	}
	if _, err := query.CountMoments(t.Context(), moments, stated, []string{"recommend"}, 2); err != nil {
		t.Errorf("moments, where one weight is stated: %v", err)
	}
	for name, q := range queries {
		err := run(q, plain)
		if e := (*query.Error)(nil); !errors.As(err, &e) || e.Reason != query.WeightingInvalid || e.Field != "weighting.stated" || !e.State {
			t.Errorf("%s: got %v", name, err)
		}
		if err := run(q, stated); err != nil {
			t.Errorf("%s, where one weight is stated: %v", name, err)
		}
		if err := run(q, empty); err != nil {
			t.Errorf("%s, where there is nothing yet: %v", name, err)
		}
	}
}
