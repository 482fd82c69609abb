package stat_test

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/otklik/otklik/libs/stat"
)

func TestBenjaminiHochbergAgreesWithItsDefinition(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p := rapid.SliceOfN(rapid.Float64Range(0, 1), 0, 30).Draw(rt, "p")
		q := rapid.Float64Range(0, 1).Draw(rt, "q")
		adjusted, err := stat.BenjaminiHochberg(p)
		if err != nil {
			rt.Fatal(err)
		}
		// Step up: the greatest k with p(k) ≤ q·k/m; reject the k smallest.
		sorted := slices.Clone(p)
		slices.Sort(sorted)
		limit := -1.0
		for k := len(sorted); k >= 1; k-- {
			if sorted[k-1] <= q*float64(k)/float64(len(sorted)) {
				limit = sorted[k-1]
				break
			}
		}
		for i, v := range p {
			if adjusted[i] < v || adjusted[i] > 1 {
				rt.Fatalf("p %v adjusted to %v", v, adjusted[i])
			}
			if rejects := adjusted[i] <= q; rejects != (v <= limit) && math.Abs(adjusted[i]-q) > 1e-12 {
				rt.Fatalf("p %v adjusted to %v, q %v: rejected %t", v, adjusted[i], q, rejects)
			}
		}
	})
}

func TestBenjaminiHochbergKnownValues(t *testing.T) {
	got := must[[]float64](t)(stat.BenjaminiHochberg([]float64{0.01, 0.04, 0.03, 0.005}))
	for i, want := range []float64{0.02, 0.04, 0.04, 0.02} {
		near(t, "adjusted", got[i], want)
	}
}
