package importance_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"github.com/otklik/otklik/services/reporting/internal/importance"
	"github.com/otklik/otklik/services/reporting/internal/moment"
)

// respondents answer k items on 0 to 10, and an outcome that the later items matter more for. asked of the items are kept, the outcome always.
func respondents(random *rand.Rand, n, k, asked int) [][]float64 {
	out := make([][]float64, n)
	for r := range out {
		common, outcome := random.NormFloat64(), 0.0
		out[r] = make([]float64, k+1)
		for i := range k {
			x := 0.5*common + math.Sqrt(0.75)*random.NormFloat64()
			outcome += 0.64 * x * float64(i) / float64(k)
			out[r][i] = math.Round(6 + 2*x)
		}
		out[r][k] = math.Round(6 + 2*(outcome+0.7*random.NormFloat64()))
		for _, i := range random.Perm(k)[asked:] {
			out[r][i] = math.NaN()
		}
	}
	return out
}

// TestPartsSumToR2: Johnson's weights and Shapley values are parts of R², for complete answers and for answers to some of the items.
func TestPartsSumToR2(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		k := rapid.IntRange(1, 7).Draw(rt, "items")
		asked := rapid.IntRange(min(2, k), k).Draw(rt, "asked")
		m := rapid.SampledFrom([]moment.Missing{moment.Pairwise, moment.EM}).Draw(rt, "missing")
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 1))
		d := explain(t, sampleOf(t, m, 50, respondents(random, 1500, k, asked)), k, importance.Options{Shapley: true, Draws: 20})
		var johnson, shapley, johnsonShares, shapleyShares float64
		for _, x := range d.Drivers {
			if x.Johnson.Value < 0 || x.Shapley.Value < -1e-9 || *x.VIF < 1-1e-9 {
				rt.Fatalf("%+v", x)
			}
			johnson += x.Johnson.Value
			shapley += x.Shapley.Value
			johnsonShares += x.JohnsonShare.Value
			shapleyShares += x.ShapleyShare.Value
		}
		for _, sum := range []float64{johnson - d.R2, shapley - d.R2, johnsonShares - 1, shapleyShares - 1} {
			if math.Abs(sum) > 1e-9 {
				rt.Fatalf("R² %v, Johnson %v, Shapley %v, shares %v and %v", d.R2, johnson, shapley, johnsonShares, shapleyShares)
			}
		}
	})
}

// TestOrderAndUnits: the order of items changes nothing, nor do their units but for coefficients.
func TestOrderAndUnits(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		const k = 5
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 1))
		responses := respondents(random, 800, k, 3)
		order := rapid.Permutation(upTo(k)).Draw(rt, "order")
		scale, shift := rapid.Float64Range(0.1, 10).Draw(rt, "scale"), rapid.Float64Range(-20, 20).Draw(rt, "shift")
		other := make([][]float64, len(responses))
		for n, r := range responses {
			other[n] = make([]float64, k+1)
			for a, i := range order {
				other[n][a] = r[i]*scale + shift
			}
			other[n][k] = r[k]
		}
		o := importance.Options{Shapley: true, Spearman: true, Draws: 20}
		a := explain(t, sampleOf(t, moment.Pairwise, 50, responses), k, o)
		b := explain(t, sampleOf(t, moment.Pairwise, 50, other), k, o)
		for x, i := range order {
			p, q := a.Drivers[i], b.Drivers[x]
			for name, pair := range map[string][2]float64{
				"Pearson": {p.Pearson.Value, q.Pearson.Value}, "Spearman": {p.Spearman.Value, q.Spearman.Value}, "Johnson": {p.Johnson.Value, q.Johnson.Value},
				"low": {p.Johnson.Interval.Low, q.Johnson.Interval.Low}, "Shapley": {p.Shapley.Value, q.Shapley.Value}, "VIF": {*p.VIF, *q.VIF},
				"coefficient": {p.Coefficient.Value, q.Coefficient.Value * scale}, "standard error": {*p.Coefficient.SE, *q.Coefficient.SE * scale},
				"adjusted p": {*p.PearsonAdjustedP, *q.PearsonAdjustedP},
			} {
				if math.Abs(pair[0]-pair[1]) > 1e-7 {
					rt.Fatalf("%s is %v, of the same item %v", name, pair[0], pair[1])
				}
			}
		}
	})
}

// TestShapleyOverAllOrders: the mean gain of R² over all orders, by trying all 24 of four items; R² is that of regressions on the responses themselves.
func TestShapleyOverAllOrders(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 1))
	const k = 4
	s := sampleOf(t, moment.Pairwise, 50, respondents(random, 300, k, k))
	d := explain(t, s, k, importance.Options{Shapley: true})
	r2 := func(items []int) float64 {
		if len(items) == 0 {
			return 0
		}
		x, err := importance.Explain(t.Context(), s, k, items, importance.Options{Draws: 20})
		if err != nil {
			t.Fatal(err)
		}
		return x.R2
	}
	want := make([]float64, k)
	var walk func(order []int)
	walk = func(order []int) {
		if len(order) == k {
			for n, i := range order {
				want[i] += (r2(order[:n+1]) - r2(order[:n])) / 24
			}
			return
		}
	next:
		for i := range k {
			for _, taken := range order {
				if taken == i {
					continue next
				}
			}
			walk(append(append([]int(nil), order...), i))
		}
	}
	walk(nil)
	all(t, "Shapley", d, want, 1e-9, func(d *importance.Driver) float64 { return d.Shapley.Value })
}

// TestCorrelate: all pairs, with p-values adjusted over them, are those of drivers where the outcome is one of the two.
func TestCorrelate(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(4, 1))
	const k = 4
	s := sampleOf(t, moment.Pairwise, 50, respondents(random, 900, k, 3))
	pairs, family, err := importance.Correlate(t.Context(), s, upTo(k+1), importance.Options{Spearman: true})
	if err != nil || family != 10 || len(pairs) != 10 {
		t.Fatalf("%d pairs in a family of %d, %v", len(pairs), family, err)
	}
	d := explain(t, s, k, importance.Options{Spearman: true})
	for _, p := range pairs {
		if p.First >= p.Second || *p.AdjustedP < *p.P || *p.SpearmanAdjustedP < *p.SpearmanP || p.PairN != s.Pairs[p.First][p.Second] {
			t.Errorf("%+v", p)
		}
		if p.Second == k {
			near(t, "Pearson", p.Pearson.Value, d.Drivers[p.First].Pearson.Value, 0)
			near(t, "Spearman", p.Spearman.Value, d.Drivers[p.First].Spearman.Value, 0)
			near(t, "p", *p.P, *d.Drivers[p.First].PearsonP, 0)
		}
	}
	if pairs[0].First != 0 || pairs[0].Second != 1 || pairs[9].First != 3 {
		t.Errorf("pairs are out of order: %+v", pairs)
	}
}
