package stat_test

import (
	"errors"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/otklik/otklik/libs/stat"
)

var levels = []float64{0.9, 0.95, 0.99}

// genCounts draws three counts of a sample, not all 0.
func genCounts(t *rapid.T) (a, b, rest float64) {
	draw := func(name string) float64 { return float64(rapid.IntRange(0, 200).Draw(t, name)) }
	a, b, rest = draw("a"), draw("b"), draw("rest")
	if a+b+rest == 0 {
		rest = 1
	}
	return a, b, rest
}

type named struct {
	name string
	i    stat.Interval
	err  error
}

func differenceIntervals(d stat.ShareDifference, level float64) []named {
	var all []named
	for name, f := range map[string]func(float64) (stat.Interval, error){
		"adjusted Wald": d.AdjustedWald, "Wald": d.Wald, "trinomial t": d.TrinomialT,
	} {
		i, err := f(level)
		all = append(all, named{name, i, err})
	}
	return all
}

func TestIntervalsOfShareDifferences(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		plus, minus, rest := genCounts(rt)
		level := rapid.SampledFrom(levels).Draw(rt, "level")
		d := stat.ShareDifference{Plus: plus, Minus: minus, N: plus + minus + rest}
		mirrored := stat.ShareDifference{Plus: minus, Minus: plus, N: d.N}
		larger := stat.ShareDifference{Plus: 4 * plus, Minus: 4 * minus, N: 4 * d.N}
		of := func(d stat.ShareDifference, level float64) map[string]named {
			m := map[string]named{}
			for _, n := range differenceIntervals(d, level) {
				m[n.name] = n
			}
			return m
		}
		opposite, shrunk, wider := of(mirrored, level), of(larger, level), of(d, (1+level)/2)
		for _, x := range differenceIntervals(d, level) {
			if x.err != nil {
				if !errors.Is(x.err, stat.ErrUndefined) || x.name == "adjusted Wald" || d.Variance() > 0 && d.N > 1 {
					rt.Fatalf("%s: %v", x.name, x.err)
				}
				continue
			}
			z := stat.CriticalZ(level)
			must := x.name != "adjusted Wald" || z*z >= 2*(d.N+3)/(d.N+1)
			if x.i.Low < -1 || x.i.High > 1 || must && !x.i.Contains(d.Estimate()) {
				rt.Fatalf("%s of %+v: %v around %v", x.name, d, x.i, d.Estimate())
			}
			if o := opposite[x.name].i; math.Abs(o.Low+x.i.High) > 1e-12 || math.Abs(o.High+x.i.Low) > 1e-12 {
				rt.Fatalf("%s of %+v: %v, mirrored %v", x.name, d, x.i, o)
			}
			if s := shrunk[x.name].i; s.Width() >= x.i.Width() && x.i.Width() < 2 {
				rt.Fatalf("%s of %+v: width %v, of four times as many %v", x.name, d, x.i.Width(), s.Width())
			}
			if w := wider[x.name].i; w.Low > x.i.Low || w.High < x.i.High {
				rt.Fatalf("%s of %+v: %v, at a higher level %v", x.name, d, x.i, w)
			}
		}
	})
}

// TestStandardErrorOfShareDifference compares with the moments of the observations coded +1, 0, -1.
func TestStandardErrorOfShareDifference(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		plus, minus, rest := genCounts(rt)
		d := stat.ShareDifference{Plus: plus, Minus: minus, N: plus + minus + rest}
		codes := slices.Concat(slices.Repeat([]float64{1}, int(plus)), slices.Repeat([]float64{-1}, int(minus)), make([]float64, int(rest)))
		mean, variance := moments(codes)
		nearTo(t, "estimate", d.Estimate(), mean, 1e-12)
		n := d.N
		nearTo(t, "standard error", d.StandardError(), math.Sqrt(variance*max(n-1, 0)/n/n), 1e-12)
		if n < 2 || variance < 1e-9 {
			return
		}
		i, err := d.TrinomialT(0.95)
		if err != nil {
			rt.Fatal(err)
		}
		want, err := stat.Moments{N: n, Mean: mean, Variance: variance}.Interval(0.95)
		if err != nil {
			rt.Fatal(err)
		}
		want = want.Clip(-1, 1)
		nearTo(t, "low", i.Low, want.Low, 1e-9)
		nearTo(t, "high", i.High, want.High, 1e-9)
	})
}

// moments are the mean and the sample variance of xs, in two passes.
func moments(xs []float64) (mean, variance float64) {
	for _, x := range xs {
		mean += x / float64(len(xs))
	}
	for _, x := range xs {
		variance += (x - mean) * (x - mean)
	}
	if len(xs) > 1 {
		variance /= float64(len(xs) - 1)
	}
	return mean, variance
}
