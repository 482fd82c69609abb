package stat_test

import (
	"errors"
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/otklik/otklik/libs/stat"
)

func genSample(rt *rapid.T, name string) []float64 {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) float64 { return float64(rapid.IntRange(0, 10).Draw(t, "x")) }), 2, 60).Draw(rt, name)
}

func TestWelchProperties(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		of := func(name string) stat.Moments {
			xs := genSample(rt, name)
			mean, variance := moments(xs)
			return stat.Moments{N: float64(len(xs)), Mean: mean, Variance: variance}
		}
		a, b := of("a"), of("b")
		d, err := stat.Welch(a, b, 0.95)
		if err != nil {
			if !errors.Is(err, stat.ErrUndefined) || a.Variance+b.Variance > 0 {
				rt.Fatal(err)
			}
			return
		}
		if !d.Interval.Contains(d.Difference) || d.Test.P < 0 || d.Test.P > 1 {
			rt.Fatalf("%+v", d)
		}
		if low, high := min(a.N, b.N)-1, a.N+b.N-2; d.Test.DF < low-1e-9 || d.Test.DF > high+1e-9 {
			rt.Fatalf("degrees of freedom %v are not within %v and %v", d.Test.DF, low, high)
		}
		// The interval excludes 0 exactly when the test rejects.
		if rejects := d.Test.P < 0.05; rejects == d.Interval.Contains(0) && math.Abs(d.Test.P-0.05) > 1e-9 {
			rt.Fatalf("p %v and interval %v disagree", d.Test.P, d.Interval)
		}
	})
}

// TestClusteredMeanOfSingleObservations: clusters of one are the ordinary mean.
func TestClusteredMeanOfSingleObservations(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		xs := genSample(rt, "sample")
		clusters := make([]stat.Cluster, len(xs))
		for i, x := range xs {
			clusters[i] = stat.Cluster{Sum: x, Size: 1, Times: 1}
		}
		m, err := stat.ClusteredMean(clusters)
		if err != nil {
			rt.Fatal(err)
		}
		mean, variance := moments(xs)
		nearTo(t, "mean", m.Estimate, mean, 1e-12)
		nearTo(t, "standard error", m.StandardError, math.Sqrt(variance/float64(len(xs))), 1e-12)
		if m.DF != float64(len(xs)-1) {
			rt.Errorf("degrees of freedom %v", m.DF)
		}
	})
}

// TestClusteredMeanWidensWithAgreement: observations that repeat within clusters carry no information of their own.
func TestClusteredMeanWidensWithAgreement(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		xs := genSample(rt, "sample")
		k := float64(rapid.IntRange(1, 9).Draw(rt, "repeats"))
		var single, repeated, counted []stat.Cluster
		for _, x := range xs {
			single = append(single, stat.Cluster{Sum: x, Size: 1, Times: 1})
			repeated = append(repeated, stat.Cluster{Sum: k * x, Size: k, Times: 1})
		}
		for x := range 11 {
			n := 0.0
			for _, y := range xs {
				if y == float64(x) {
					n++
				}
			}
			if n > 0 {
				counted = append(counted, stat.Cluster{Sum: float64(x), Size: 1, Times: n})
			}
		}
		a, errA := stat.ClusteredMean(single)
		b, errB := stat.ClusteredMean(repeated)
		c, errC := stat.ClusteredMean(counted)
		if err := errors.Join(errA, errB, errC); err != nil {
			rt.Fatal(err)
		}
		for _, m := range []stat.Mean{b, c} {
			if math.Abs(m.Estimate-a.Estimate) > 1e-12 || math.Abs(m.StandardError-a.StandardError) > 1e-12 || m.DF != a.DF {
				rt.Fatalf("%+v, want %+v", m, a)
			}
		}
	})
}

// TestWeightedMeanAgreesWithJackknife: the linearised standard error is close to the jackknife's, computed the slow way.
func TestWeightedMeanAgreesWithJackknife(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		xs := rapid.SliceOfN(rapid.Float64Range(0, 10), 60, 120).Draw(rt, "values")
		ws := rapid.SliceOfN(rapid.Float64Range(0.5, 2), len(xs), len(xs)).Draw(rt, "weights")
		m, err := stat.WeightedMean(xs, ws)
		if err != nil {
			rt.Fatal(err)
		}
		var sum, size float64
		for i := range xs {
			sum += ws[i] * xs[i]
			size += ws[i]
		}
		nearTo(t, "mean", m.Estimate, sum/size, 1e-12)
		leave := make([]float64, len(xs))
		for i := range xs {
			leave[i] = (sum - ws[i]*xs[i]) / (size - ws[i])
		}
		_, variance := moments(leave)
		n := float64(len(xs))
		jackknife := math.Sqrt(variance * (n - 1) * (n - 1) / n)
		if math.Abs(m.StandardError-jackknife) > 0.05*jackknife+1e-9 {
			rt.Fatalf("standard error %v, jackknife %v", m.StandardError, jackknife)
		}
	})
}

func TestEffectiveN(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		ws := rapid.SliceOfN(rapid.Float64Range(0.01, 5), 1, 50).Draw(rt, "weights")
		n, err := stat.EffectiveN(ws)
		if err != nil || n < 1-1e-9 || n > float64(len(ws))+1e-9 {
			rt.Fatalf("effective n %v of %d, %v", n, len(ws), err)
		}
		deff, err := stat.DesignEffect(ws)
		if err != nil || math.Abs(deff*n-float64(len(ws))) > 1e-9 {
			rt.Fatalf("design effect %v, %v", deff, err)
		}
	})
	if n, err := stat.EffectiveN([]float64{2, 2, 2}); err != nil || n != 3 {
		t.Errorf("equal weights: %v, %v", n, err)
	}
	if _, err := stat.EffectiveN([]float64{0}); !errors.Is(err, stat.ErrUndefined) {
		t.Errorf("no weight: %v", err)
	}
}
