package composite_test

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/otklik/otklik/libs/stat"
	"github.com/otklik/otklik/services/scoring/internal/composite"
	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/metric"
	"github.com/otklik/otklik/services/scoring/internal/pool"
	"github.com/otklik/otklik/services/scoring/internal/question"
)

func mixed() survey {
	return survey{
		{ID: "recommend", Kind: question.NPS, Scale: question.Scale0To10},
		{ID: "effort", Kind: question.CES, Scale: question.Scale1To5, Direction: question.Effort},
		{ID: "quality", Kind: question.CSAT, Scale: question.Scale1To5},
		{ID: "why", Kind: question.Choice},
		{ID: "words", Kind: question.Text},
	}
}

func formula(text string, terms ...composite.Term) composite.Spec {
	return composite.Spec{Expression: &composite.Expression{Formula: text, Terms: terms}}
}

// TestExpressionOfOneTerm: the jackknife of a share with a person a group is the standard error of its coding, √(V/(n-1)).
func TestExpressionOfOneTerm(t *testing.T) {
	t.Parallel()
	var people []person
	for i := range 100 {
		people = append(people, person{"recommend": []float64{10, 9, 9, 8, 8, 3, 10, 7, 9, 2}[i%10], "effort": float64(1 + i%5)})
	}
	s := mixed()
	score := evaluate(t, formula("nps", composite.Term{ID: "nps", Metric: metric.NPS}), s, s.samples(t, people, 100))
	is(t, "NPS", score.Estimate, 30, 1e-9)
	is(t, "standard error", score.StandardError, 100*math.Sqrt((0.7-0.09)/99), 1e-9)
	if p := score.Parts[0]; p.Kind != composite.TermPart || p.ID != "nps" || p.N != 100 || p.Contribution.Estimate != nil || p.Weight.Estimate != nil {
		t.Errorf("part %+v", p)
	}
	d := stat.ShareDifference{Plus: 50, Minus: 20, N: 100}
	i, err := d.TrinomialT(0.95)
	if err != nil || math.Abs(score.Interval.Low-100*i.Low) > 1e-9 {
		t.Errorf("interval %+v, want %+v, %v", score.Interval, i, err)
	}
	// Normalised, a mean of EFFORT runs from the worst to the best.
	score = evaluate(t, formula("(nps + 100) / 4 + ease / 2", composite.Term{ID: "nps", Metric: metric.NPS},
		composite.Term{ID: "ease", Variant: metric.CESMean, Normalized: true}), s, s.samples(t, people, 100))
	is(t, "formula", score.Estimate, 130.0/4+50.0/2, 1e-9)
	if score.Parts[1].Interval == nil || score.Parts[1].Interval.High > 100 {
		t.Errorf("part %+v", score.Parts[1])
	}
}

func TestExpressionIsClippedAndAbsent(t *testing.T) {
	t.Parallel()
	s := mixed()
	people := []person{{"recommend": 10, "quality": 5}, {"recommend": 9, "quality": 1}, {"recommend": 10, "quality": 5}}
	spec := formula("csat", composite.Term{ID: "csat", Metric: metric.CSAT})
	spec.Expression.Min, spec.Expression.Max = ptr(0.0), ptr(100.0)
	if score := evaluate(t, spec, s, s.samples(t, people, 3)); score.Interval.High != 100 || score.Interval.Low != 0 {
		t.Errorf("interval %+v", score.Interval)
	}
	// Nobody answered about effort; all are promoters, so that the divisor is 0.
	for text, why := range map[string]string{"csat + ces": "ces has no score", "csat / (nps - 100)": "the formula divides by 0"} {
		terms := []composite.Term{{ID: "csat", Metric: metric.CSAT}, {ID: "ces", Metric: metric.CES}, {ID: "nps", Metric: metric.NPS}}
		var used []composite.Term
		for _, x := range terms {
			if strings.Contains(text, x.ID) {
				used = append(used, x)
			}
		}
		score := evaluate(t, formula(text, used...), s, s.samples(t, people, 3))
		if score.Estimate != nil || score.StandardError != nil || score.Interval != nil || score.Parts[0].Estimate == nil || score.Absence != why {
			t.Errorf("%s: %+v", text, score)
		}
	}
	// Where leaving out a group makes the divisor 0, nothing is known of the precision.
	people = []person{{"recommend": 10}, {"recommend": 9}, {"recommend": 1}}
	score := evaluate(t, formula("1 / (nps - 100)", composite.Term{ID: "nps", Metric: metric.NPS}), s, s.samples(t, people, 3))
	if score.Estimate == nil || score.StandardError != nil || score.Interval != nil {
		t.Errorf("score %+v", score)
	}
}

// TestTermsOfTheWholeSurvey: response rates, NPS over all contacted, and all answers of each person.
func TestTermsOfTheWholeSurvey(t *testing.T) {
	t.Parallel()
	s := mixed()
	groups := s.samples(t, []person{{"recommend": 10}, {"recommend": 2}, {"recommend": 9}, {"recommend": 10}}, 5)
	for i, refused := range []int64{1, 0, 0, 2, 1} {
		o := fact.Outcomes{Responses: groups[i].Whole.Outcomes.Responses, Refused: refused}
		groups[i].Whole.Outcomes = o
		if o.Responses == 0 {
			// Questions without answers may be left out; the refusals count nevertheless.
			groups[i].Questions = nil
		}
		if err := groups[i].Whole.Pooled.Add(pool.Answers{Count: 2, Sum: pool.Resolution}.Code(), 1); err != nil {
			t.Fatal(err)
		}
	}
	for text, want := range map[metric.Variant]float64{
		metric.ResponseRateOutcomes: 50, metric.NPSContacted: 25, metric.LoyaltyIndexContacted: 25, metric.MeanAllAnswers: 5.5,
	} {
		score := evaluate(t, formula("x", composite.Term{ID: "x", Variant: text}), s, groups)
		is(t, string(text), score.Estimate, want, 1e-9)
		// The fifth group refused once, which counts; it answered nothing.
		if score.Groups != 5 || score.StandardError == nil {
			t.Errorf("%s rests on %d groups, standard error %v", text, score.Groups, score.StandardError)
		}
	}
	tree := bind(t, formula("x", composite.Term{ID: "x", Variant: metric.MeanAllAnswers}), s)
	if n, err := tree.Needs(s); err != nil || !n.Pooled || len(n.Questions) != 0 {
		t.Errorf("needs %+v, %v", n, err)
	}
	if score := evaluate(t, formula("x", composite.Term{ID: "x", Metric: metric.NPS}), s, groups); score.Groups != 4 {
		t.Errorf("answers come from %d groups", score.Groups)
	}
}

func TestTermsOfChoices(t *testing.T) {
	t.Parallel()
	s := mixed()
	groups := make([]composite.Sample, 4)
	for i := range groups {
		data := metric.Data{Choice: &metric.Choice{Answered: 5, Options: map[string]int64{"price": int64(i), "staff": 1}}}
		groups[i].Questions = []composite.Counted{{Question: s[3], Data: data}}
	}
	spec := formula("x", composite.Term{ID: "x", Variant: metric.ShareOption, Question: "why", Option: "price"})
	score := evaluate(t, spec, s, groups)
	is(t, "share", score.Estimate, 30, 1e-9)
	if score.Groups != 4 || score.StandardError == nil {
		t.Errorf("score %+v", score)
	}
	if n, err := bind(t, spec, s).Needs(s); err != nil || len(n.Choices) != 1 || len(n.Questions) != 0 {
		t.Errorf("needs %+v, %v", n, err)
	}
}

// TestDefinitionsWithinDefinitions: a formula over an index, over a formula, and over a metric with other cut points.
func TestDefinitionsWithinDefinitions(t *testing.T) {
	t.Parallel()
	s := mixed()
	var people []person
	for i := range 60 {
		people = append(people, person{"recommend": float64(i % 11), "quality": float64(1 + i%5)})
	}
	ref := composite.Ref{ID: "other", Version: 1}
	root := &composite.Tree{
		Spec: formula("a + b * 1000 + c", composite.Term{ID: "a", Definition: ref, Normalized: true}, composite.Term{ID: "b", Definition: ref},
			composite.Term{ID: "c", Definition: ref, Question: "quality"}),
		Terms: map[string]*composite.Tree{
			"a": {Spec: composite.Spec{Index: &composite.Index{Importance: composite.Fixed, Attributes: []composite.Attribute{{ID: "q", Question: "quality", Weight: 1}}}}},
			"b": {Spec: formula("x / 2", composite.Term{ID: "x", Metric: metric.NPS})},
			"c": {Spec: cuts()},
		},
	}
	tree, err := root.Bind(s)
	if err != nil {
		t.Fatal(err)
	}
	score, err := tree.Evaluate(s.samples(t, people, 60), metric.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	is(t, "index on 100", score.Parts[0].Estimate, 50, 1e-9)
	is(t, "formula", score.Parts[1].Estimate, *evaluate(t, formula("x / 2", composite.Term{ID: "x", Metric: metric.NPS}), s, s.samples(t, people, 60)).Estimate, 1e-9)
	is(t, "share of 5", score.Parts[2].Estimate, 20, 1e-9)
	is(t, "whole", score.Estimate, 70+1000**score.Parts[1].Estimate, 1e-6)
	if n, err := tree.Needs(s); err != nil || strings.Join(n.Questions, " ") != "quality recommend" {
		t.Errorf("needs %+v, %v", n, err)
	}

	// Cut points of another scale say nothing about these answers.
	root.Terms["c"].Spec.Cuts.Scale = "1-7"
	tree, err = root.Bind(s)
	if err != nil {
		t.Fatal(err)
	}
	var scales *composite.ScalesError
	if _, err := tree.Evaluate(s.samples(t, people, 60), metric.Settings{}); !errors.As(err, &scales) {
		t.Errorf("got %v, want *ScalesError", err)
	}
}

func TestBindRefuses(t *testing.T) {
	t.Parallel()
	s := mixed()
	index := func(change func(*composite.Index)) composite.Spec {
		x := &composite.Index{Importance: composite.Fixed, Attributes: []composite.Attribute{{ID: "a", Question: "quality", Weight: 1}, {ID: "b", Question: "effort", Weight: 1}}}
		change(x)
		return composite.Spec{Index: x}
	}
	for _, c := range []struct {
		spec        composite.Spec
		field, says string
	}{
		{formula("x", composite.Term{ID: "x", Metric: metric.NPS, Question: "recommand"}), "expression.terms[0].question", `did you mean "recommend"?`},
		{formula("x", composite.Term{ID: "x", Metric: metric.NPS, Question: "quality"}), "expression.terms[0].question", "not computed"},
		{formula("x", composite.Term{ID: "x", Metric: metric.ResponseRate, Question: "quality"}), "expression.terms[0].question", "as a whole"},
		{index(func(x *composite.Index) { x.Attributes[1].Question = "recommend" }), "index.attributes[1].question", "all must be on one"},
		{index(func(x *composite.Index) { x.Attributes[1].Question = "words" }), "index.attributes[1].question", "no scale"},
		{index(func(x *composite.Index) { x.Attributes[1].Question = "efort" }), "index.attributes[1].question", `did you mean "effort"?`},
		{gaps(), "gap.dimensions[0].items[0].expectation_question", "asks no question"},
	} {
		_, err := (&composite.Tree{Spec: c.spec}).Bind(s)
		var field *composite.FieldError
		if !errors.As(err, &field) || field.Field != c.field || !strings.Contains(field.Description, c.says) {
			t.Errorf("got %v, want %s with %q", err, c.field, c.says)
		}
	}
	_, err := (&composite.Tree{Spec: formula("x", composite.Term{ID: "x", Metric: metric.NPS})}).Bind(s[1:])
	var field *composite.FieldError
	if !errors.As(err, &field) || !strings.Contains(field.Description, "no question that nps") {
		t.Errorf("got %v", err)
	}
	self := &composite.Tree{Spec: formula("x", composite.Term{ID: "x", Definition: composite.Ref{ID: "x", Version: 1}}), Terms: map[string]*composite.Tree{}}
	if _, err := self.Bind(s); !errors.Is(err, composite.ErrNested) {
		t.Errorf("got %v, want ErrNested", err)
	}
	self.Terms["x"] = self
	if _, err := self.Bind(s); !errors.Is(err, composite.ErrNested) {
		t.Errorf("got %v, want ErrNested", err)
	}
	with := &composite.Tree{
		Spec:  formula("x", composite.Term{ID: "x", Definition: composite.Ref{ID: "y", Version: 1}, Question: "quality"}),
		Terms: map[string]*composite.Tree{"x": {Spec: formula("n", composite.Term{ID: "n", Metric: metric.NPS})}},
	}
	if _, err := with.Bind(s); !errors.As(err, &field) || field.Field != "expression.terms[0].question" {
		t.Errorf("got %v", err)
	}
}

func TestEvaluateRefuses(t *testing.T) {
	t.Parallel()
	s := mixed()
	tree := bind(t, formula("x", composite.Term{ID: "x", Metric: metric.NPS}), s)
	groups := s.samples(t, []person{{"recommend": 10}, {"recommend": 2}}, 2)
	if _, err := tree.Evaluate(groups, metric.Settings{Method: metric.Wald}); !errors.Is(err, metric.ErrMethod) {
		t.Errorf("got %v", err)
	}
	if _, err := tree.Evaluate(groups, metric.Settings{Level: 2}); !errors.Is(err, metric.ErrSettings) {
		t.Errorf("got %v", err)
	}
	if _, err := (&composite.Tree{Spec: cuts()}).Evaluate(groups, metric.Settings{}); !errors.Is(err, composite.ErrNested) {
		t.Errorf("got %v", err)
	}
	if _, err := tree.Compare(groups, groups[:1], metric.Settings{}); !errors.Is(err, metric.ErrNotComparable) {
		t.Errorf("got %v", err)
	}
	if _, err := tree.Compare(groups, s.samples(t, nil, 2), metric.Settings{}); !errors.Is(err, metric.ErrNotComparable) {
		t.Errorf("got %v", err)
	}
	// The same question on another scale in the same slice.
	other := s
	other = append(survey(nil), other...)
	other[0].Scale = question.Scale1To10
	both := append(groups, other.samples(t, []person{{"recommend": 3}}, 1)...)
	var scales *composite.ScalesError
	if _, err := tree.Evaluate(both, metric.Settings{}); !errors.As(err, &scales) || scales.Question != "recommend" {
		t.Errorf("got %v, want *ScalesError", err)
	}
}
