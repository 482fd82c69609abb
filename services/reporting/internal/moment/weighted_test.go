package moment_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/otklik/otklik/services/reporting/internal/moment"
)

// answered is a response with its weight; NaN where a question is not answered.
type answered struct {
	group  int
	weight float64
	values []float64
}

// sumsOf adds up weighted responses to two questions, as scoring does.
func sumsOf(responses []answered, weighted bool) moment.Sums {
	s := moment.Sums{Questions: []moment.Question{{ID: "x", Min: 1, Max: 10}, {ID: "y", Min: 1, Max: 10}}, Weighted: weighted}
	s.Groups = make([]moment.Group, 100)
	for g := range s.Groups {
		s.Groups[g].Pairs = make([]moment.Pair, 3)
	}
	for _, r := range responses {
		g := &s.Groups[r.group]
		g.Responses++
		at := 0
		for i := range 2 {
			for j := i; j < 2; j++ {
				x, y, w := r.values[i], r.values[j], r.weight
				if p := &g.Pairs[at]; !math.IsNaN(x) && !math.IsNaN(y) {
					p.Count++
					p.Weight, p.SquaredWeight = p.Weight+w, p.SquaredWeight+w*w
					p.First, p.Second, p.Product = p.First+w*x, p.Second+w*y, p.Product+w*x*y
					p.FirstSquare, p.SecondSquare = p.FirstSquare+w*x*x, p.SecondSquare+w*y*y
				}
				at++
			}
		}
	}
	return s
}

// drawn are responses of two kinds: one in five of the population answers low, and is asked as often as the others; weights make good for that.
func drawn(r *rand.Rand, n int) (out []answered) {
	for range n {
		a := answered{group: r.IntN(100), weight: 3.2}
		level := 7.0
		if r.IntN(2) == 0 {
			a.weight, level = 0.8, 4
		}
		x := level + r.NormFloat64()
		a.values = []float64{x, 0.5*x + r.NormFloat64()}
		out = append(out, a)
	}
	return out
}

func sampled(t *testing.T, s moment.Sums) *moment.Sample {
	t.Helper()
	out, err := moment.FromSums(s)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func close2(t *testing.T, what string, got, want float64) {
	t.Helper()
	if !(math.Abs(got-want) <= 1e-9*max(1, math.Abs(want))) {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}

// TestEqualWeightsChangeNothing: weights of 3 each give the moments of responses that count once.
func TestEqualWeightsChangeNothing(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	responses := drawn(r, 300)
	for i := range responses {
		responses[i].weight = 3
		if i%7 == 0 {
			responses[i].values[i%2] = math.NaN()
		}
	}
	plain, weighted := sampled(t, sumsOf(withWeight(responses, 1), false)), sampled(t, sumsOf(responses, true))
	for i := range 2 {
		close2(t, "mean", weighted.Mean[i], plain.Mean[i])
		close2(t, "deviation", weighted.SD[i], plain.SD[i])
	}
	close2(t, "correlation", weighted.Correlation[0][1], plain.Correlation[0][1])
	close2(t, "effective n", weighted.EffectiveN, plain.EffectiveN)
	if weighted.N[0] != plain.N[0] || !weighted.Grouped() || weighted.Clustered {
		t.Errorf("%+v", weighted)
	}
}

func withWeight(in []answered, weight float64) []answered {
	out := make([]answered, len(in))
	for i, a := range in {
		out[i] = a
		out[i].weight = weight
	}
	return out
}

// TestWeightsCountAsRepeats: means and correlations with weights of 1 and 2 are those of responses that came once and twice; the effective number is Kish's.
func TestWeightsCountAsRepeats(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 3))
	weighted := drawn(r, 200)
	var repeated []answered
	for i := range weighted {
		weighted[i].weight = float64(1 + i%2)
		for range 1 + i%2 {
			repeated = append(repeated, weighted[i])
		}
	}
	a, b := sampled(t, sumsOf(weighted, true)), sampled(t, sumsOf(withWeight(repeated, 1), false))
	for i := range 2 {
		close2(t, "mean", a.Mean[i], b.Mean[i])
	}
	close2(t, "correlation", a.Correlation[0][1], b.Correlation[0][1])
	close2(t, "effective n", a.EffectiveN, 300.0*300/500)
}

// TestWeightedCoverage: intervals of means and correlations hold those of the population at the stated rate.
func TestWeightedCoverage(t *testing.T) {
	const runs = 400
	r := rand.New(rand.NewPCG(8, 5))
	// Of the population 4 in 5 have the level 7, 1 in 5 the level 4: mean 6.4, variance 1 + 1.44, and y = x/2 + e.
	mean, correlation := 6.4, 0.5*math.Sqrt(2.44)/math.Sqrt(0.25*2.44+1)
	var means, correlations float64
	for range runs {
		s := sampled(t, sumsOf(drawn(r, 600), true))
		c, err := s.Clusters(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if m, ok := c.Mean(0); ok {
			if i, err := m.Interval(0.95); err == nil && i.Contains(mean) {
				means++
			}
		}
		if m, ok := c.Transformed(0, 1); ok {
			if i, err := m.Interval(0.95); err == nil && i.Contains(math.Atanh(correlation)) {
				correlations++
			}
		}
	}
	for what, held := range map[string]float64{"means": means, "correlations": correlations} {
		if off := math.Abs(held/runs-0.95) / math.Sqrt(0.95*0.05/runs); off > 4 {
			t.Errorf("%.3f of the intervals of %s hold the truth", held/runs, what)
		}
	}
}
