package composite_test

import (
	"fmt"
	"testing"

	"github.com/otklik/otklik/services/scoring/internal/composite"
	"github.com/otklik/otklik/services/scoring/internal/metric"
)

// Each benchmark computes one score of 2,000 people in 100 random groups.
func BenchmarkEvaluate(b *testing.B) {
	spec, s := stated(10)
	people := crowd(1, 2000, 10)
	groups := s.samples(b, people, composite.Groups)
	b.Run("index of 10 stated", func(b *testing.B) { run(b, bind(b, spec, s), groups) })

	derived := &composite.Index{Importance: composite.Derived, Outcome: "i0"}
	var pairs []string
	for _, a := range spec.Index.Attributes {
		derived.Attributes = append(derived.Attributes, composite.Attribute{ID: a.ID, Question: a.Question})
		pairs = append(pairs, a.Question)
	}
	pairs = append(pairs, "i0")
	withMoments := s.samples(b, people, composite.Groups, pairs...)
	b.Run("index of 10 derived", func(b *testing.B) { run(b, bind(b, composite.Spec{Index: derived}, s), withMoments) })

	m, qs := model(b, "servqual")
	var customers []person
	for i := range 2000 {
		p := person{}
		for j := range 22 {
			p[fmt.Sprintf("e%d", j+1)], p[fmt.Sprintf("p%d", j+1)] = float64(5+(i+j)%3), float64(2+(i*j)%6)
		}
		customers = append(customers, p)
	}
	quality := qs.samples(b, customers, composite.Groups)
	b.Run("SERVQUAL", func(b *testing.B) { run(b, bind(b, m.Spec, qs), quality) })

	b.Run("formula", func(b *testing.B) {
		run(b, bind(b, formula("a + b", composite.Term{ID: "a", Variant: metric.MeanSingleQuestion, Question: "s0"},
			composite.Term{ID: "b", Variant: metric.MeanSingleQuestion, Question: "s1"}), s), groups)
	})
}

func run(b *testing.B, tree *composite.Tree, groups []composite.Sample) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := tree.Evaluate(groups, metric.Settings{}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRank ranks 200 units of 50 people each.
func BenchmarkRank(b *testing.B) {
	spec, s := stated(5)
	tree := bind(b, spec, s)
	units := make([][]composite.Sample, 200)
	for i := range units {
		units[i] = s.samples(b, crowd(uint64(i), 50, 5), composite.Groups)
	}
	for b.Loop() {
		if _, err := tree.Rank(units, metric.Settings{}, metric.Family{}); err != nil {
			b.Fatal(err)
		}
	}
}
