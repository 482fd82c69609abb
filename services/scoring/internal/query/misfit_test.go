package query_test

import (
	"testing"

	"github.com/otklik/otklik/services/scoring/internal/composite"
	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/metric"
	"github.com/otklik/otklik/services/scoring/internal/query"
	"github.com/otklik/otklik/services/scoring/internal/question"
	"github.com/otklik/otklik/services/scoring/internal/questionnaire"
)

// TestFormulasThatDoNotFitTheAnswersAreRefused computes terms of what turns out not to support them, as definitions of no survey in particular do.
func TestFormulasThatDoNotFitTheAnswersAreRefused(t *testing.T) {
	t.Parallel()
	hundred := question.Scale{Max: 100 * question.Unit, Step: question.Unit}
	asked := []metric.Question{{ID: "wide", Kind: question.CSAT, Scale: hundred}, {ID: "staff", Kind: question.CSAT, Scale: question.Scale1To5}}
	f := &fact.Fact{ID: "x", Survey: "shop", Revision: 1, Weight: 1, Population: fact.Customer, CountTime: start}
	for _, q := range asked {
		f.Answers = append(f.Answers, fact.Answer{Question: q.ID, Kind: q.Kind, Scale: q.Scale, Present: true, Value: 4 * question.Unit})
	}
	d := data(t, []*fact.Fact{f})
	d.History = questionnaire.History{Revisions: []*questionnaire.Revision{{Survey: "shop", Number: 1, Population: fact.Customer, Questions: asked}}}
	four := question.Centi(4 * question.Unit)
	cuts := &composite.Tree{Spec: composite.Spec{Cuts: &composite.Cuts{Variant: metric.CSATShare, Scale: "1-5", Cuts: metric.Cuts{SatisfiedFrom: &four}}}}
	for name, c := range map[string]struct {
		term composite.Term
		fits bool
	}{
		"no cut points":                 {composite.Term{Variant: metric.CSATShare, Question: "wide"}, false},
		"no such value":                 {composite.Term{Variant: metric.ShareOption, Question: "staff", Option: "6"}, false},
		"no option":                     {composite.Term{Variant: metric.ShareOption, Question: "staff"}, false},
		"cut points of another scale":   {composite.Term{Definition: composite.Ref{ID: "cuts"}, Question: "wide"}, false},
		"the first with cut points":     {composite.Term{Variant: metric.CSATShare}, true},
		"the first on the scale of one": {composite.Term{Definition: composite.Ref{ID: "cuts"}}, true},
	} {
		c.term.ID = "x"
		tree := &composite.Tree{Spec: composite.Spec{Expression: &composite.Expression{Formula: "x", Terms: []composite.Term{c.term}}}}
		if c.term.Definition.ID != "" {
			tree.Terms = map[string]*composite.Tree{"x": cuts}
		}
		q := query.Query{Survey: "shop", Definition: &query.Definition{Ref: composite.Ref{ID: "f", Version: 1}, Tree: tree}}
		r, err := query.Run(t.Context(), q, d)
		if c.fits && (err != nil || r.Rows[0].Score.Estimate == nil || *r.Rows[0].Score.Estimate != 100) {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
		if !c.fits && !isReason(err, query.MetricMismatch) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := query.Compare(t.Context(), q, d, q, d); !c.fits && !isReason(err, query.MetricMismatch) {
			t.Errorf("%s, compared: %v", name, err)
		}
	}
}
