package query_test

import (
	"math"
	"testing"

	"github.com/otklik/otklik/services/scoring/internal/composite"
	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/metric"
	"github.com/otklik/otklik/services/scoring/internal/query"
	"github.com/otklik/otklik/services/scoring/internal/question"
	"github.com/otklik/otklik/services/scoring/internal/questionnaire"
)

// TestDifferenceIsThatOfTheTwoScores compares sides of which each asks for options of its own.
func TestDifferenceIsThatOfTheTwoScores(t *testing.T) {
	t.Parallel()
	staff := metric.Question{ID: "staff", Kind: question.Rating, Scale: question.Scale1To5}
	reason := metric.Question{ID: "reason", Kind: question.Choice}
	var fs []*fact.Fact
	for i := range 90 {
		fs = append(fs, &fact.Fact{
			ID: "x", Survey: "shop", Revision: 1, Weight: 1, Population: fact.Customer, CountTime: start,
			Answers: []fact.Answer{
				{Question: "reason", Kind: reason.Kind, Options: []string{[]string{"like", "dislike", "yes", "no"}[min(i%7, 3)]}},
				{Question: "staff", Kind: staff.Kind, Scale: staff.Scale, Present: true, Value: question.Centi(max(1, 5-i%8)) * question.Unit},
			},
		})
	}
	d := data(t, fs)
	d.History = questionnaire.History{Revisions: []*questionnaire.Revision{
		{Survey: "shop", Number: 1, Population: fact.Customer, Questions: []metric.Question{reason, staff}},
	}}
	for name, c := range map[string]struct {
		question  string
		variant   metric.Variant
		a, b      metric.Settings
		different bool
	}{
		"values":  {"staff", metric.ShareOption, metric.Settings{Option: "1"}, metric.Settings{Option: "4"}, true},
		"options": {"reason", metric.ShareOption, metric.Settings{Option: "no"}, metric.Settings{Option: "like"}, true},
		"roles":   {"reason", metric.LikeIndexLikes, metric.Settings{}, metric.Settings{Positive: "no", Negative: "yes"}, true},
		"nothing": {"staff", metric.ShareOption, metric.Settings{Option: "4"}, metric.Settings{Option: "4"}, false},
	} {
		definition, _, err := metric.FindVariant(c.variant)
		if err != nil {
			t.Fatal(err)
		}
		a := query.Query{Survey: "shop", Question: c.question, Metrics: []metric.ID{definition.ID}, Variants: []metric.Variant{c.variant}, Settings: c.a}
		b := a
		b.Settings = c.b
		r, err := query.Compare(t.Context(), a, d, b, d)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		difference := *r.Score.Score.Estimate - *r.Baseline.Score.Estimate
		if math.Abs(r.Difference-difference) > 1e-12 || difference != 0 != c.different || r.Interval == nil || !(r.Interval.Low <= difference && difference <= r.Interval.High) {
			t.Errorf("%s: the difference of %v and %v is %v in %v", name, *r.Score.Score.Estimate, *r.Baseline.Score.Estimate, r.Difference, r.Interval)
		}
	}
	e := composite.Expression{Formula: "likes / 2", Terms: []composite.Term{{ID: "likes", Variant: metric.LikeIndexLikes, Question: "reason"}}}
	a := query.Query{Survey: "shop", Definition: &query.Definition{Ref: composite.Ref{ID: "f", Version: 1}, Tree: &composite.Tree{Spec: composite.Spec{Expression: &e}}}}
	b := a
	b.Settings.Positive = "yes"
	if _, err := query.Compare(t.Context(), a, d, b, d); !isReason(err, query.NotComparable) {
		t.Errorf("composite scores by other roles: %v", err)
	}
}
