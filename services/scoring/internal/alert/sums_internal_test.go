package alert

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestSumsAgreeWithSimulation compares the chain with sums of random values.
func TestSumsAgreeWithSimulation(t *testing.T) {
	t.Parallel()
	const draws = 200_000
	rng := rand.New(rand.NewPCG(1, 2))
	s := newSums(DefaultReference, 13, 30)
	for _, n := range []int{1, 4, 20} {
		for _, c := range []float64{2, 3, 4, 5} {
			hits := 0.0
			for range draws {
				x := 0.0
				for range n {
					x = max(0, x+rng.NormFloat64()-DefaultReference)
				}
				if x >= c {
					hits++
				}
			}
			got, want := s.survival(n, c), hits/draws
			if tolerance := 4*math.Sqrt((want+1e-5)/draws) + want/20; math.Abs(got-want) > tolerance {
				t.Errorf("after %d periods the sum is at least %v with probability %v, simulated %v ± %v", n, c, got, want, tolerance)
			}
		}
	}
}

// TestRunLengthOfTheDefaultLimit: with k 0.5 and h 5 a two-sided sum passes its limit once in 465 periods (Montgomery 2009, Introduction to Statistical Quality
// Control, table 9.3), which is where the default comes from.
func TestRunLengthOfTheDefaultLimit(t *testing.T) {
	t.Parallel()
	const runs = 4000
	rng := rand.New(rand.NewPCG(5, 6))
	periods := 0
	for range runs {
		for up, down := 0.0, 0.0; max(up, down) < DefaultCUSUMLimit; periods++ {
			z := rng.NormFloat64()
			up, down = max(0, up+z-DefaultReference), max(0, down-z-DefaultReference)
		}
	}
	if got := float64(periods) / runs; math.Abs(got-465) > 4*465/math.Sqrt(runs) {
		t.Errorf("a run lasts %v periods, want 465", got)
	}
}
