package stat_test

import (
	"errors"
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/otklik/otklik/libs/stat"
)

// TestWilsonSolvesItsEquation: the bounds are the proportions π at which (p-π)² = z²·π(1-π)/n.
func TestWilsonSolvesItsEquation(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		n := float64(rapid.IntRange(1, 5000).Draw(rt, "n"))
		p := stat.Proportion{Hits: float64(rapid.IntRange(0, int(n)).Draw(rt, "hits")), N: n}
		level := rapid.SampledFrom(levels).Draw(rt, "level")
		i, err := p.Wilson(level)
		if err != nil {
			rt.Fatal(err)
		}
		z := stat.CriticalZ(level)
		for _, pi := range []float64{i.Low, i.High} {
			if left, right := math.Pow(p.Estimate()-pi, 2), z*z*pi*(1-pi)/n; math.Abs(left-right) > 1e-12 {
				rt.Fatalf("%+v: bound %v gives %v and %v", p, pi, left, right)
			}
		}
		if i.Low < 0 || i.High > 1 || !i.Contains(p.Estimate()) {
			rt.Fatalf("%+v: %v", p, i)
		}
		more, err := stat.Proportion{Hits: 3 * p.Hits, N: 3 * p.N}.Wilson(level)
		if err != nil || more.Width() >= i.Width() {
			rt.Fatalf("%+v: width %v, of three times as many %v, %v", p, i.Width(), more.Width(), err)
		}
	})
}

func TestDifferencesOfProportions(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		gen := func(name string) stat.Proportion {
			n := rapid.IntRange(1, 500).Draw(rt, name+" n")
			return stat.Proportion{Hits: float64(rapid.IntRange(0, n).Draw(rt, name)), N: float64(n)}
		}
		a, b := gen("a"), gen("b")
		i, err := stat.Newcombe(a, b, 0.95)
		if err != nil {
			rt.Fatal(err)
		}
		if i.Low < -1 || i.High > 1 || !i.Contains(a.Estimate()-b.Estimate()) {
			rt.Fatalf("%+v and %+v: %v", a, b, i)
		}
		j, err := stat.Newcombe(b, a, 0.95)
		if err != nil || math.Abs(i.Low+j.High) > 1e-12 || math.Abs(i.High+j.Low) > 1e-12 {
			rt.Fatalf("%v and exchanged %v, %v", i, j, err)
		}
		z, err := stat.PooledZ(a, b)
		if err != nil {
			if !errors.Is(err, stat.ErrUndefined) || a.Hits+b.Hits != 0 && a.Hits+b.Hits != a.N+b.N {
				rt.Fatal(err)
			}
			return
		}
		// The square of z is Pearson's chi-square of the table.
		var chi float64
		for _, p := range []stat.Proportion{a, b} {
			pool := (a.Hits + b.Hits) / (a.N + b.N)
			chi += math.Pow(p.Hits-p.N*pool, 2)/(p.N*pool) + math.Pow(p.N*pool-p.Hits, 2)/(p.N*(1-pool))
		}
		if math.Abs(z.Statistic*z.Statistic-chi) > 1e-9*(1+chi) || z.P < 0 || z.P > 1 {
			rt.Fatalf("z² %v, chi-square %v, p %v", z.Statistic*z.Statistic, chi, z.P)
		}
	})
}
