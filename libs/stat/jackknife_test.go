package stat_test

import (
	"errors"
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/otklik/otklik/libs/stat"
)

// TestJackknifeOfAMeanIsItsStandardError: with one observation a group it is s/√n, the linearised standard error, exactly.
func TestJackknifeOfAMeanIsItsStandardError(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		x := rapid.SliceOfN(rapid.Float64Range(-10, 10), 2, 40).Draw(rt, "x")
		n := float64(len(x))
		var sum, squares float64
		for _, v := range x {
			sum += v
		}
		others := make([]float64, len(x))
		for i, v := range x {
			others[i] = (sum - v) / (n - 1)
			squares += (v - sum/n) * (v - sum/n)
		}
		m, err := stat.Jackknife(sum/n, others)
		if err != nil || math.Abs(m.StandardError-math.Sqrt(squares/(n-1)/n)) > 1e-9 || m.DF != n-1 {
			rt.Fatalf("%+v, %v, want %v", m, err, math.Sqrt(squares/(n-1)/n))
		}
	})
}

// TestJackknifeOfARatio compares with the linearised standard error of Σy/Σx, to which it comes near as observations grow in number.
func TestJackknifeOfARatio(t *testing.T) {
	const n = 2000
	clusters := make([]stat.Cluster, n)
	var y, x float64
	for i := range clusters {
		size := float64(1 + i%5)
		clusters[i] = stat.Cluster{Sum: size * (3 + math.Sin(float64(i))), Size: size, Times: 1}
		y, x = y+clusters[i].Sum, x+size
	}
	others := make([]float64, n)
	for i, c := range clusters {
		others[i] = (y - c.Sum) / (x - c.Size)
	}
	want := must[stat.Mean](t)(stat.ClusteredMean(clusters))
	got := must[stat.Mean](t)(stat.Jackknife(y/x, others))
	if r := got.StandardError / want.StandardError; math.Abs(r-1) > 0.002 {
		t.Errorf("jackknife is %v of the linearised standard error", r)
	}
}

func TestJackknifeWithoutData(t *testing.T) {
	for _, c := range []struct {
		all    float64
		others []float64
	}{{1, nil}, {1, []float64{1}}, {math.NaN(), []float64{1, 2}}, {1, []float64{1, math.NaN()}}, {1, []float64{1, math.Inf(1)}}} {
		if m, err := stat.Jackknife(c.all, c.others); !errors.Is(err, stat.ErrUndefined) || m.StandardError != 0 {
			t.Errorf("%v: %+v, %v", c, m, err)
		}
	}
}
