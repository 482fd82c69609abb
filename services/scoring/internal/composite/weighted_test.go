package composite_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/otklik/otklik/libs/stat"
	"github.com/otklik/otklik/services/scoring/internal/composite"
	"github.com/otklik/otklik/services/scoring/internal/metric"
)

// weigh gives each group's answers the weights of its people.
func (s survey) weigh(groups []composite.Sample, people []person, weights []float64, pairs ...string) {
	for g := range groups {
		for i := range groups[g].Questions {
			groups[g].Questions[i].Data.Weighted = &metric.Weighted{}
		}
		groups[g].Whole.Weighted = &metric.Weighted{}
		if len(pairs) > 0 {
			groups[g].Moments = composite.NewMoments(len(pairs))
		}
	}
	for i, p := range people {
		g := &groups[i%len(groups)]
		w := metric.Weight{Sum: weights[i], Squares: weights[i] * weights[i]}
		g.Whole.Weighted.Responses = g.Whole.Weighted.Responses.Add(w)
		for j, q := range s {
			data := &g.Questions[j].Data
			if value, ok := p[q.ID]; ok {
				one := metric.Data{Weighted: &metric.Weighted{Answers: []metric.WeightedBin{{Value: int64(math.Round(100 * value)), Weight: w}}}}
				*data = data.Add(one)
			}
		}
		if len(pairs) > 0 {
			row := make([]float64, len(pairs))
			for j, id := range pairs {
				row[j] = p[id]
			}
			g.Moments.Count(row, weights[i])
		}
	}
}

// TestWeightedIndex: the estimate is that of the weighted means, its standard error near the linearised one.
func TestWeightedIndex(t *testing.T) {
	t.Parallel()
	spec, s := stated(3)
	people := crowd(5, 900, 3)
	r := rand.New(rand.NewPCG(9, 9))
	weights := make([]float64, len(people))
	for i := range weights {
		weights[i] = 0.2 + 3*r.Float64()
	}
	groups := s.samples(t, people, len(people))
	s.weigh(groups, people, weights)
	score := evaluate(t, spec, s, groups)

	mean := func(id string) float64 {
		values := make([]float64, len(people))
		for i, p := range people {
			values[i] = p[id]
		}
		m, err := stat.WeightedMean(values, weights)
		if err != nil {
			t.Fatal(err)
		}
		return m.Estimate
	}
	var total, sum float64
	w, x := make([]float64, 3), make([]float64, 3)
	for i := range 3 {
		w[i], x[i] = mean([]string{"i0", "i1", "i2"}[i]), mean([]string{"s0", "s1", "s2"}[i])
		total += w[i]
		sum += w[i] * x[i]
	}
	is(t, "index", score.Estimate, sum/total, 1e-9)
	var squares, size float64
	for i, p := range people {
		var u float64
		for j := range 3 {
			u += (p[[]string{"i0", "i1", "i2"}[j]]-w[j])*(x[j]-sum/total) + w[j]*(p[[]string{"s0", "s1", "s2"}[j]]-x[j])
		}
		squares += weights[i] * weights[i] * u * u / (total * total)
		size += weights[i]
	}
	n := float64(len(people))
	if r := *score.StandardError / (math.Sqrt(n/(n-1)*squares) / size); math.Abs(r-1) > 0.01 {
		t.Errorf("standard error is %v of the linearised one", r)
	}

	// Equal weights change nothing, whatever they are.
	for i := range weights {
		weights[i] = 0.3
	}
	equal := s.samples(t, people, 50)
	s.weigh(equal, people, weights)
	got, want := evaluate(t, spec, s, equal), evaluate(t, spec, s, s.samples(t, people, 50))
	is(t, "index of equal weights", got.Estimate, *want.Estimate, 1e-9)
	is(t, "standard error of equal weights", got.StandardError, *want.StandardError, 1e-9)
}

// TestWeightedFormula: terms are weighted metrics, refusals in them too.
func TestWeightedFormula(t *testing.T) {
	t.Parallel()
	s := mixed()
	people := []person{{"recommend": 10}, {"recommend": 2}, {"recommend": 9}, {"recommend": 10}}
	groups := s.samples(t, people, 5)
	s.weigh(groups, people, []float64{1, 2, 3, 4})
	for i := range groups {
		groups[i].Whole.Outcomes.Refused = 1
		groups[i].Whole.Weighted.Refused = metric.Weight{Sum: 2, Squares: 4}
	}
	groups[4].Questions = nil
	answered := evaluate(t, formula("x", composite.Term{ID: "x", Variant: metric.NPSAnswered}), s, groups)
	is(t, "answered", answered.Estimate, 60, 1e-9)
	contacted := evaluate(t, formula("x", composite.Term{ID: "x", Variant: metric.NPSContacted}), s, groups)
	is(t, "contacted", contacted.Estimate, 30, 1e-9)
	if answered.Groups != 4 || contacted.Groups != 5 {
		t.Errorf("%d and %d groups", answered.Groups, contacted.Groups)
	}
	// Without the fifth group, which only refused with weight 2, it is 600/18.
	others := []float64{100 * 5.0 / 17, 100 * 8.0 / 16, 100 * 3.0 / 15, 100 * 2.0 / 14, 100 * 6.0 / 18}
	m, err := stat.Jackknife(30, others)
	if err != nil {
		t.Fatal(err)
	}
	is(t, "standard error", contacted.StandardError, m.StandardError, 1e-9)
}
