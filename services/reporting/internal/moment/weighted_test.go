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

// TestWeightedDeviation: a worked example. The answers 2, 4, 6 and 8 with the weights 1, 1, 1 and 2 have the mean (2 + 4 + 6 + 16)/5 = 5.6 and squared deviations of
// (12.96 + 2.56 + 0.16 + 2·5.76)/5 = 5.44 on average; thrice repeated, of 12 answers, the variance is 5.44·12/11.
func TestWeightedDeviation(t *testing.T) {
	var responses []answered
	for i := range 12 {
		weight := 1.0
		if i%4 == 3 {
			weight = 2
		}
		responses = append(responses, answered{group: i, weight: weight, values: []float64{float64(2 + 2*(i%4)), float64(i)}})
	}
	s := sampled(t, sumsOf(responses, true))
	close2(t, "mean", s.Mean[0], 5.6)
	close2(t, "deviation", s.SD[0], math.Sqrt(5.44*12/11))
}

// TestTheScaleOfWeightsChangesNothing: neither a factor of all weights, nor that those who answered a question weigh much less or more than others, as who is
// asked a question of one channel does, changes the spread of its answers.
func TestTheScaleOfWeightsChangesNothing(t *testing.T) {
	random := rand.New(rand.NewPCG(4, 9))
	for range 50 {
		responses := drawn(random, 60)
		// The first question is answered by some of weight 0.1 each; the second by all, among them many who weigh more.
		for i := range responses {
			if responses[i].weight *= 0.5 + random.Float64(); i >= 12 {
				responses[i].values[0] = math.NaN()
			} else {
				responses[i].weight = 0.1
			}
		}
		factor := math.Exp(8 * (random.Float64() - 0.5))
		scaled := make([]answered, len(responses))
		for i, a := range responses {
			scaled[i] = a
			scaled[i].weight *= factor
		}
		a, b, plain := levelled(t, sumsOf(responses, true)), levelled(t, sumsOf(scaled, true)), levelled(t, sumsOf(withWeight(responses, 1), false))
		for i := range 2 {
			close2(t, "mean", b.Mean[i], a.Mean[i])
			close2(t, "deviation", b.SD[i], a.SD[i])
		}
		close2(t, "deviation of answers of equal weight", a.SD[0], plain.SD[0])
		close2(t, "correlation", sampled(t, sumsOf(scaled, true)).Correlation[0][1], sampled(t, sumsOf(responses, true)).Correlation[0][1])
		if unfit := moment.FindUnfit(sumsOf(scaled, true), 0, true); len(unfit) > 0 {
			t.Errorf("unfit: %+v", unfit)
		}
	}
}

// TestLightAnswersAreNoConstant: ten answers whose weights sum to less than 1 vary all the same.
func TestLightAnswersAreNoConstant(t *testing.T) {
	var responses []answered
	for i := range 30 {
		a := answered{group: i, weight: 10, values: []float64{math.NaN(), float64(i)}}
		if i < 12 {
			a.weight, a.values[0] = 0.01, float64(i%3)
		}
		responses = append(responses, a)
	}
	if s := levelled(t, sumsOf(responses, true)); !(s.SD[0] > 0.8 && s.SD[0] < 0.9) {
		t.Errorf("deviation %v", s.SD[0])
	}
}

func levelled(t *testing.T, s moment.Sums) *moment.Sample {
	t.Helper()
	out, err := moment.LevelsFromSums(s)
	if err != nil {
		t.Fatal(err)
	}
	return out
}
