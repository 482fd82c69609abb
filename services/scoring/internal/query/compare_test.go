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

// TestCompositesOfTwoSurveysAreTheirOwn compares a formula whose terms name no question between surveys that ask under other names.
func TestCompositesOfTwoSurveysAreTheirOwn(t *testing.T) {
	t.Parallel()
	tree := &composite.Tree{Spec: composite.Spec{Expression: &composite.Expression{Formula: "x / 2", Terms: []composite.Term{{ID: "x", Metric: metric.NPS}}}}}
	definition := &query.Definition{Ref: composite.Ref{ID: "f", Version: 1}, Tree: tree}
	var queries []query.Query
	var sides []query.Data
	for i, survey := range []string{"shop", "club"} {
		// The second survey asks the first one's question, too, but after its own.
		asked := []metric.Question{{ID: "recommend", Kind: question.NPS, Scale: question.Scale0To10}}
		if i > 0 {
			asked = append([]metric.Question{{ID: "tell", Kind: question.NPS, Scale: question.Scale0To10}}, asked...)
		}
		var fs []*fact.Fact
		for j := range 40 {
			f := &fact.Fact{ID: "x", Survey: survey, Revision: 1, Weight: 1, Population: fact.Customer, CountTime: start}
			for k, q := range asked {
				value := question.Centi(10-(i+1)*(j%3)*3-k) * question.Unit
				f.Answers = append(f.Answers, fact.Answer{Question: q.ID, Kind: q.Kind, Scale: q.Scale, Present: true, Value: max(0, value)})
			}
			fs = append(fs, f)
		}
		d := data(t, fs)
		d.History = questionnaire.History{Revisions: []*questionnaire.Revision{{Survey: survey, Number: 1, Population: fact.Customer, Questions: asked}}}
		queries, sides = append(queries, query.Query{Survey: survey, Definition: definition}), append(sides, d)
	}
	c, err := query.Compare(t.Context(), queries[0], sides[0], queries[1], sides[1])
	if err != nil {
		t.Fatal(err)
	}
	for i, got := range []query.Row{c.Score, c.Baseline} {
		alone, err := query.Run(t.Context(), queries[i], sides[i])
		if err != nil || *got.Score.Estimate != *alone.Rows[0].Score.Estimate {
			t.Errorf("%s is %v, alone %+v, %v", queries[i].Survey, *got.Score.Estimate, alone.Rows, err)
		}
	}
	if math.Abs(c.Difference-(*c.Score.Score.Estimate-*c.Baseline.Score.Estimate)) > 1e-12 {
		t.Errorf("the difference is %v", c.Difference)
	}
}
