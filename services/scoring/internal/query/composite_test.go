package query_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/otklik/otklik/services/scoring/internal/composite"
	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/metric"
	"github.com/otklik/otklik/services/scoring/internal/query"
	"github.com/otklik/otklik/services/scoring/internal/question"
	"github.com/otklik/otklik/services/scoring/internal/questionnaire"
)

// rated is data of questions a, b and overall on 1-5, of which each person answered some, at two locations.
func rated(t *testing.T) query.Data {
	t.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	var fs []*fact.Fact
	for i := range 600 {
		f := &fact.Fact{
			ID: "x", Survey: "shop", Revision: 1, Weight: 1 + float64(i%3), Population: fact.Customer, CountTime: start.Add(time.Duration(i) * time.Hour), ReceiveTime: start,
			Context: fact.Context{Location: []string{"north", "south"}[i%2]},
		}
		base := r.IntN(5)
		for _, id := range []string{"a", "b", "overall"} {
			if id != "overall" && r.IntN(3) == 0 {
				continue
			}
			v := min(5, max(1, 1+base+r.IntN(3)-1-i%2))
			f.Answers = append(f.Answers, fact.Answer{Question: id, Kind: question.Rating, Scale: question.Scale1To5, Present: true, Value: question.Centi(v) * question.Unit})
		}
		fs = append(fs, f)
	}
	d := data(t, fs)
	var questions []metric.Question
	for _, id := range []string{"a", "b", "overall"} {
		questions = append(questions, metric.Question{ID: id, Kind: question.Rating, Scale: question.Scale1To5})
	}
	d.History = questionnaire.History{Revisions: []*questionnaire.Revision{{Survey: "shop", Number: 1, Population: fact.Customer, Questions: questions}}}
	return d
}

// index is a definition over a and b.
func index(importance composite.Importance) *query.Definition {
	x := &composite.Index{Importance: importance, Attributes: []composite.Attribute{{ID: "a", Question: "a", Weight: 3}, {ID: "b", Question: "b", Weight: 1}}}
	if importance == composite.Derived {
		x.Outcome, x.Attributes[0].Weight, x.Attributes[1].Weight = "overall", 0, 0
	}
	return &query.Definition{Ref: composite.Ref{ID: "csi", Version: 2}, Tree: &composite.Tree{Spec: composite.Spec{Index: x}}}
}

func TestCompositesOfGroupsAreThoseOfFilters(t *testing.T) {
	t.Parallel()
	d := rated(t)
	for _, importance := range []composite.Importance{composite.Fixed, composite.Derived} {
		for _, weighting := range []*query.Weighting{nil, {}} {
			q := query.Query{Survey: "shop", Definition: index(importance), GroupBy: []string{"location"}, Weighting: weighting}
			grouped, err := query.Run(t.Context(), q, d)
			if err != nil || len(grouped.Rows) != 2 {
				t.Fatalf("%s: %d rows, %v", importance, len(grouped.Rows), err)
			}
			for _, row := range grouped.Rows {
				q.GroupBy, q.Filter = nil, `location = "`+row.Keys[0].Value+`"`
				alone, err := query.Run(t.Context(), q, d)
				if err != nil {
					t.Fatal(err)
				}
				one := alone.Rows[0]
				if row.Score.Estimate == nil || row.Score.StandardError == nil || row.Score.Interval == nil || len(row.Composite.Parts) != 2 {
					t.Fatalf("%s: %+v", importance, row)
				}
				if row.Score.N != one.Score.N || math.Abs(*row.Score.Estimate-*one.Score.Estimate) > 1e-12 ||
					math.Abs(*row.Score.StandardError-*one.Score.StandardError) > 1e-12 || *row.Definition != (composite.Ref{ID: "csi", Version: 2}) {
					t.Errorf("%s under %v is %v ± %v of %d, filtered %v ± %v of %d", importance, row.Keys, *row.Score.Estimate, *row.Score.StandardError,
						row.Score.N, *one.Score.Estimate, *one.Score.StandardError, one.Score.N)
				}
			}
		}
	}
}

func TestFixedIndexIsTheWeightedMeanOfMeans(t *testing.T) {
	t.Parallel()
	d := rated(t)
	r, err := query.Run(t.Context(), query.Query{Survey: "shop", Definition: index(composite.Fixed)}, d)
	if err != nil {
		t.Fatal(err)
	}
	means, err := query.Run(t.Context(), query.Query{Survey: "shop", Question: "*", Metrics: []metric.ID{metric.Mean}}, d)
	if err != nil {
		t.Fatal(err)
	}
	want := (3**means.Rows[0].Score.Estimate + *means.Rows[1].Score.Estimate) / 4
	if got := *r.Rows[0].Score.Estimate; math.Abs(got-want) > 1e-12 {
		t.Errorf("index is %v, want %v", got, want)
	}
}

func TestContributionsToADifferenceSumToIt(t *testing.T) {
	t.Parallel()
	d := rated(t)
	side := func(location string) query.Query {
		return query.Query{Survey: "shop", Definition: index(composite.Derived), Filter: `location = "` + location + `"`}
	}
	c, err := query.Compare(t.Context(), side("north"), d, side("south"), d)
	if err != nil {
		t.Fatal(err)
	}
	var sum float64
	for _, p := range c.Parts {
		sum += *p.Contribution.Estimate
	}
	if math.Abs(sum-c.Difference) > 1e-9 || math.Abs(c.Difference-(*c.Score.Score.Estimate-*c.Baseline.Score.Estimate)) > 1e-12 || c.P == nil || c.Test != "JACKKNIFE_T" {
		t.Errorf("contributions sum to %v, the difference is %v: %+v", sum, c.Difference, c.Comparison)
	}
	other := side("south")
	other.Definition = nil
	if _, err := query.Compare(t.Context(), side("north"), d, other, d); !isReason(err, query.NotComparable) {
		t.Errorf("against a metric: %v", err)
	}
}

func TestCutsOfADefinitionReplaceThoseOfTheQuestion(t *testing.T) {
	t.Parallel()
	d := rated(t)
	five := question.Centi(5 * question.Unit)
	q := query.Query{Survey: "shop", Question: "a", Definition: &query.Definition{
		Ref: composite.Ref{ID: "delight", Version: 1}, Cuts: &composite.Cuts{Variant: metric.CSATShare, Scale: "1-5", Cuts: metric.Cuts{SatisfiedFrom: &five}},
	}}
	r, err := query.Run(t.Context(), q, d)
	if err != nil {
		t.Fatal(err)
	}
	h := r.Rows[0].Answers
	if want := 100 * float64(h.Count(500)) / float64(h.N()); len(r.Rows) != 1 || *r.Rows[0].Score.Estimate != want || r.Rows[0].Definition.ID != "delight" {
		t.Errorf("%+v, want %v", r.Rows, want)
	}
	north, south := q, q
	north.Filter, south.Filter = `location = "north"`, `location = "south"`
	c, err := query.Compare(t.Context(), north, d, south, d)
	if err != nil || *c.Score.Score.Estimate == *c.Baseline.Score.Estimate || c.Difference != *c.Score.Score.Estimate-*c.Baseline.Score.Estimate {
		t.Errorf("compared: %+v, %v", c, err)
	}
	south.Definition = nil
	south.Variants = []metric.Variant{metric.CSATShare}
	if _, err := query.Compare(t.Context(), north, d, south, d); !isReason(err, query.NotComparable) {
		t.Errorf("compared with other cut points: %v", err)
	}
	q.Definition.Cuts.Scale = "1-5/0.5"
	if r, err := query.Run(t.Context(), q, d); err != nil || len(r.Rows) != 1 {
		t.Errorf("on a scale of the same ends: %v, %v", r, err)
	}
	q.Definition.Cuts.Scale = "1-7"
	if _, err := query.Run(t.Context(), q, d); !isReason(err, query.MetricMismatch) {
		t.Errorf("on another scale: %v", err)
	}
}

func TestDefinitionsThatDoNotFitAreRefused(t *testing.T) {
	t.Parallel()
	d := rated(t)
	unknown := index(composite.Fixed)
	unknown.Tree.Spec.Index.Attributes[1].Question = "c"
	for name, c := range map[string]struct {
		q      query.Query
		reason query.Reason
	}{
		"beside metrics":   {query.Query{Definition: index(composite.Fixed), Metrics: []metric.ID{metric.NPS}}, query.MetricMismatch},
		"another interval": {query.Query{Definition: index(composite.Fixed), Settings: metric.Settings{Method: metric.Wald}}, query.IntervalMethodMismatch},
		"unknown question": {query.Query{Definition: unknown}, query.MetricMismatch},
	} {
		c.q.Survey = "shop"
		if _, err := query.Run(t.Context(), c.q, d); !isReason(err, c.reason) {
			t.Errorf("%s: %v, want %s", name, err, c.reason)
		}
	}
	r, err := query.Run(t.Context(), query.Query{Survey: "shop", Definition: index(composite.Derived), Start: start.AddDate(1, 0, 0)}, d)
	if err != nil || len(r.Rows) != 1 || r.Rows[0].Score.Estimate != nil || r.Rows[0].Score.N != 0 {
		t.Errorf("of nothing: %+v, %v", r, err)
	}
}

func isReason(err error, reason query.Reason) bool {
	var e *query.Error
	return errors.As(err, &e) && e.Reason == reason
}
