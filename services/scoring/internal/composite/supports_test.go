package composite_test

import (
	"testing"

	"github.com/otklik/otklik/services/scoring/internal/composite"
	"github.com/otklik/otklik/services/scoring/internal/metric"
	"github.com/otklik/otklik/services/scoring/internal/question"
)

// TestTermsTakeTheFirstQuestionTheyCanBeComputedFrom binds terms that name no question to a survey whose first question of the kind does not do.
func TestTermsTakeTheFirstQuestionTheyCanBeComputedFrom(t *testing.T) {
	t.Parallel()
	hundred := question.Scale{Min: 0, Max: 100 * question.Unit, Step: question.Unit}
	questions := []metric.Question{
		{ID: "a", Kind: question.CSAT, Scale: hundred}, {ID: "b", Kind: question.CSAT, Scale: question.Scale1To10}, {ID: "c", Kind: question.CSAT, Scale: question.Scale1To5},
	}
	three := question.Centi(3 * question.Unit)
	cuts := composite.Spec{Cuts: &composite.Cuts{Variant: metric.CSATShare, Scale: "1-5", Cuts: metric.Cuts{SatisfiedFrom: &three}}}
	for name, c := range map[string]struct {
		term  composite.Term
		terms map[string]*composite.Tree
		asked []metric.Question
		want  string
	}{
		"a metric":                {composite.Term{ID: "x", Metric: metric.CSAT}, nil, questions, "b"},
		"cuts of a scale":         {composite.Term{ID: "x", Definition: composite.Ref{ID: "y"}}, map[string]*composite.Tree{"x": {Spec: cuts}}, questions, "c"},
		"none that does for sure": {composite.Term{ID: "x", Metric: metric.CSAT}, nil, questions[:1], "a"},
	} {
		bound, err := (&composite.Tree{Spec: formula("x", c.term), Terms: c.terms}).Bind(c.asked)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := bound.Spec.Expression.Terms[0].Question; got != c.want {
			t.Errorf("%s is computed from %s, want %s", name, got, c.want)
		}
	}
}
