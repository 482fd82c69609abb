package alert

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/otklik/otklik/services/scoring/internal/histogram"
)

// shuffled is the share of orders of all observations in which the statistic is at least s.
func shuffled(x *exchange, s float64, orders int, rng *rand.Rand) float64 {
	var values []float64
	for i, c := range x.counts {
		for range int(c) {
			values = append(values, x.values[i])
		}
	}
	hits := 0.0
	for range orders {
		rng.Shuffle(len(values), func(i, j int) { values[i], values[j] = values[j], values[i] })
		at, sum := 0, 0.0
		for _, g := range x.groups {
			for range int(g.n) {
				sum += g.weight * values[at]
				at++
			}
		}
		switch {
		case sum > s+1e-9:
			hits++
		case sum > s-1e-9:
			hits += 0.5
		}
	}
	return hits / float64(orders)
}

// mirrored is the distribution with all values on the other side.
func mirrored(x *exchange) *exchange {
	out := &exchange{groups: x.groups, counts: x.counts, total: x.total}
	for _, v := range x.values {
		out.values = append(out.values, -v)
	}
	return out
}

// charted are groups as an EWMA has them: periods of some answers after a baseline.
func charted(first float64, n ...float64) []group {
	groups, sum := []group{{}}, 0.0
	for i, n := range n {
		w := 0.3 * math.Pow(0.7, float64(i))
		groups = append(groups, group{weight: w / math.Sqrt(n), n: n})
		sum += w * math.Sqrt(n)
	}
	groups[0] = group{weight: -sum / first, n: first}
	return groups
}

// TestTailsAgreeWithShuffling compares with what is found by putting all answers in random order, which is what no change means.
func TestTailsAgreeWithShuffling(t *testing.T) {
	t.Parallel()
	const orders = 40_000
	for _, c := range []struct {
		name   string
		bins   []histogram.Bin
		groups []group
	}{
		{"NPS 30, few answers", []histogram.Bin{{Value: -10000, Count: 20}, {Value: 0, Count: 30}, {Value: 10000, Count: 50}}, charted(50, 5, 5, 20, 10, 10)},
		{"NPS 85, skewed", []histogram.Bin{{Value: -10000, Count: 8}, {Value: 0, Count: 8}, {Value: 10000, Count: 144}}, charted(80, 20, 20, 20, 20)},
		{"mean of 1 to 5", []histogram.Bin{{Value: 100, Count: 6}, {Value: 200, Count: 9}, {Value: 300, Count: 25}, {Value: 400, Count: 50}, {Value: 500, Count: 60}},
			charted(90, 15, 15, 15, 15)},
		{"share", []histogram.Bin{{Value: 0, Count: 12}, {Value: 10000, Count: 108}}, charted(60, 12, 12, 12, 12, 12)},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			pooled, err := histogram.FromBins(c.bins...)
			if err != nil {
				t.Fatal(err)
			}
			x, _ := newExchange(pooled, c.groups)
			rng := rand.New(rand.NewPCG(1, 2))
			sd := math.Sqrt(x.variance())
			for _, z := range []float64{-2.8, -2, -1.5, 1.5, 2, 2.8} {
				side := x
				if z < 0 {
					side = mirrored(x)
				}
				got, want := x.beyond(z*sd), shuffled(side, math.Abs(z)*sd, orders, rng)
				// Four standard errors of the shuffling, and a tenth for what is approximate.
				if tolerance := 4*math.Sqrt(want/orders) + want/10; math.Abs(got-want) > tolerance {
					t.Errorf("beyond %v standard deviations: %v, shuffled %v ± %v", z, got, want, tolerance)
				}
			}
		})
	}
}

// TestExtremes: the least likely arrangements are counted, not approximated.
func TestExtremes(t *testing.T) {
	t.Parallel()
	pooled := histogram.Of(0, 0, 0, 0, 0, 0, 0, 10000, 10000, 10000)
	x, _ := newExchange(pooled, []group{{weight: 1, n: 3}, {weight: -3.0 / 7, n: 7}})
	greatest, _ := x.extreme()
	// All three of ten in a group of three.
	if got, want := x.beyond(greatest), 1.0/120; math.Abs(got-want) > 1e-12 {
		t.Errorf("the extreme has probability %v, want %v", got, want)
	}
	if _, ok := newExchange(histogram.Of(5, 5, 5), nil); ok {
		t.Error("equal answers have a distribution")
	}
}

// TestManyValuesAreTakenTogether: a slider of hundredths has no more values than can be handled, and the same moments.
func TestManyValuesAreTakenTogether(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(3, 4))
	var h histogram.Histogram
	for range 500 {
		h.Merge(histogram.Of(rng.Int64N(10001)))
	}
	x, _ := newExchange(h, charted(250, 50, 50, 50, 50, 50))
	if len(x.values) > mostValues {
		t.Errorf("%d values", len(x.values))
	}
	var n, sum, squares float64
	for i, v := range x.values {
		n, sum, squares = n+x.counts[i], sum+x.counts[i]*v, squares+x.counts[i]*v*v
	}
	if n != 500 || math.Abs(sum) > 1e-6 || math.Abs(squares-499) > 1e-6 {
		t.Errorf("n %v, sum %v, squares %v", n, sum, squares)
	}
	p := x.pValue(3 * math.Sqrt(x.variance()))
	if p < 0.001 || p > 0.005 {
		t.Errorf("p of 3 standard deviations is %v", p)
	}
}
