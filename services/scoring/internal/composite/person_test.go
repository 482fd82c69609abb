package composite_test

import (
	"errors"
	"math"
	"testing"

	"github.com/otklik/otklik/services/scoring/internal/composite"
	"github.com/otklik/otklik/services/scoring/internal/metric"
	"github.com/otklik/otklik/services/scoring/internal/question"
)

// person is who answered, by question; the answers of one person are in one random group.
type person map[string]float64

// survey is what people are asked.
type survey []metric.Question

func rating(ids ...string) (s survey) {
	for _, id := range ids {
		s = append(s, metric.Question{ID: id, Kind: question.Rating, Scale: question.Scale1To10})
	}
	return s
}

// samples counts people in groups: person i in group i mod n. Moments are counted of the questions of pairs.
func (s survey) samples(t testing.TB, people []person, n int, pairs ...string) []composite.Sample {
	t.Helper()
	groups := make([]composite.Sample, n)
	for g := range groups {
		groups[g].Questions = make([]composite.Counted, len(s))
		for i, q := range s {
			groups[g].Questions[i].Question = q
		}
		if len(pairs) > 0 {
			groups[g].Moments = composite.NewMoments(len(pairs))
		}
	}
	for i, p := range people {
		g := &groups[i%n]
		g.Whole.Outcomes.Responses++
		for j, q := range s {
			value, ok := p[q.ID]
			if !ok {
				continue
			}
			centi, err := question.CentiOf(value)
			if err := errors.Join(err, g.Questions[j].Data.Answers.Add(int64(centi), 1)); err != nil {
				t.Fatal(err)
			}
		}
		if g.Moments != nil {
			answers := make([]float64, len(pairs))
			for j, id := range pairs {
				answers[j] = math.NaN()
				if value, ok := p[id]; ok {
					answers[j] = value
				}
			}
			g.Moments.Count(answers, 1)
		}
	}
	return groups
}

func evaluate(t testing.TB, spec composite.Spec, s survey, groups []composite.Sample) composite.Score {
	t.Helper()
	score, err := bind(t, spec, s).Evaluate(groups, metric.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	return score
}

func bind(t testing.TB, spec composite.Spec, s survey) *composite.Tree {
	t.Helper()
	if err := spec.Check(); err != nil {
		t.Fatal(err)
	}
	tree, err := (&composite.Tree{Spec: spec}).Bind(s)
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

// is fails unless the number is there and equals want to the tolerance.
func is(t testing.TB, name string, got *float64, want, tolerance float64) {
	t.Helper()
	if got == nil || !(math.Abs(*got-want) <= tolerance) {
		if got == nil {
			t.Errorf("%s is absent, want %v", name, want)
			return
		}
		t.Errorf("%s = %.15g, want %.15g", name, *got, want)
	}
}

// part is the part of the identifier.
func part(t testing.TB, parts []composite.Part, id string) composite.Part {
	t.Helper()
	for _, p := range parts {
		if p.ID == id {
			return p
		}
	}
	t.Fatalf("there is no part %q", id)
	return composite.Part{}
}
