package stat_test

import (
	"math"
	"testing"

	"github.com/otklik/otklik/libs/stat"
)

// near fails unless got equals want to 1e-9.
func near(t *testing.T, name string, got, want float64) {
	t.Helper()
	nearTo(t, name, got, want, 1e-9)
}

func nearTo(t *testing.T, name string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance) {
		t.Errorf("%s = %.15g, want %.15g", name, got, want)
	}
}

func must[T any](t *testing.T) func(v T, err error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func TestQuantilesAgainstPublishedTables(t *testing.T) {
	nearTo(t, "z 0.975", stat.CriticalZ(0.95), 1.959963984540054, 1e-15)
	nearTo(t, "z 0.995", stat.CriticalZ(0.99), 2.5758293035489004, 1e-14)
	// Closed forms: df 1 is Cauchy, df 2 is (2p-1)·sqrt(2/(4p(1-p))).
	for _, p := range []float64{0.6, 0.9, 0.975, 0.9995} {
		nearTo(t, "t df 1", stat.TQuantile(p, 1), math.Tan(math.Pi*(p-0.5)), 1e-8)
		nearTo(t, "t df 2", stat.TQuantile(p, 2), (2*p-1)*math.Sqrt(2/(4*p*(1-p))), 1e-10)
	}
	nearTo(t, "t df 9", stat.CriticalT(0.95, 9), 2.2621571627982, 1e-12)
	nearTo(t, "t df 30", stat.CriticalT(0.95, 30), 2.0422724563012373, 1e-12)
	nearTo(t, "t df 10^5-", stat.CriticalT(0.95, 1e5-1e-3), stat.CriticalT(0.95, 1e5), 1e-10)
	nearTo(t, "t df 10^12", stat.CriticalT(0.95, 1e12), stat.CriticalZ(0.95), 1e-11)
}

func TestMeanIntervalExample(t *testing.T) {
	// 5,4,4,3,5,2,4,5,3,4
	m := stat.Moments{N: 10, Mean: 3.9, Variance: 8.9 / 9}
	nearTo(t, "sd", math.Sqrt(m.Variance), 0.994428926011753, 1e-14)
	i := must[stat.Interval](t)(m.Interval(0.95))
	nearTo(t, "low", i.Low, 3.1886284002805, 1e-12)
	nearTo(t, "high", i.High, 4.6113715997195, 1e-12)
}

func TestAdjustedWaldExamples(t *testing.T) {
	for _, c := range []struct{ plus, minus, n, estimate, low, high float64 }{
		{162, 54, 324, 33.333333, 24.945251, 41.109794},
		{50, 20, 100, 30, 14.051130, 44.201297},
		{10, 0, 10, 100, 47.503552, 100},
	} {
		d := stat.ShareDifference{Plus: c.plus, Minus: c.minus, N: c.n}
		i := must[stat.Interval](t)(d.AdjustedWald(0.95))
		nearTo(t, "estimate", 100*d.Estimate(), c.estimate, 5e-7)
		nearTo(t, "low", 100*i.Low, c.low, 5e-7)
		nearTo(t, "high", 100*i.High, c.high, 5e-7)
	}
}

func TestCompareShareDifferencesExample(t *testing.T) {
	a := stat.ShareDifference{Plus: 50, Minus: 20, N: 100}
	b := stat.ShareDifference{Plus: 40, Minus: 30, N: 100}
	c := must[stat.AdjustedDifference](t)(stat.CompareShareDifferences(a, b, 0.95))
	nearTo(t, "z", c.Test.Statistic, 1.73232413, 5e-9)
	nearTo(t, "p", c.Test.P, 0.0832158675, 5e-11)
}

func TestWilsonExamples(t *testing.T) {
	for _, c := range []struct{ hits, n, low, high float64 }{
		{18, 20, 0.6989663547715128, 0.972133518786232},
		{0, 10, 0, 0.277532799863},
		{10, 10, 0.722467200137, 1},
		{80, 100, 0.711170834406841, 0.866633066668967},
	} {
		i := must[stat.Interval](t)(stat.Proportion{Hits: c.hits, N: c.n}.Wilson(0.95))
		nearTo(t, "low", i.Low, c.low, 1e-12)
		nearTo(t, "high", i.High, c.high, 1e-12)
	}
}

func TestTwoProportionsExample(t *testing.T) {
	a, b := stat.Proportion{Hits: 80, N: 100}, stat.Proportion{Hits: 70, N: 100}
	z := must[stat.Test](t)(stat.PooledZ(a, b))
	nearTo(t, "z", z.Statistic, 1.63299316185545, 1e-13)
	nearTo(t, "p", z.P, 0.102470434859749, 1e-13)
	i := must[stat.Interval](t)(stat.Newcombe(a, b, 0.95))
	nearTo(t, "low", i.Low, -0.0202493621530132, 1e-14)
	nearTo(t, "high", i.High, 0.216734354017786, 1e-14)
}

func TestRakeExample(t *testing.T) {
	counts := []float64{30, 20, 10, 40}
	r := must[stat.Raking](t)(stat.Rake(counts, []stat.Margin{
		{Class: []int{0, 0, 1, 1}, Target: []float64{50, 50}},
		{Class: []int{0, 1, 0, 1}, Target: []float64{60, 40}},
	}, stat.RakeOptions{}))
	for i, want := range []float64{4.0 / 3, 0.5, 2, 0.75} {
		near(t, "weight", r.Weights[i], want)
	}
	near(t, "effective n", r.EffectiveN, 82.7586206896552)
	near(t, "design effect", r.DesignEffect, 100/82.7586206896552)
}

func TestJohnsonExample(t *testing.T) {
	const (
		x12, x13, x14 = 0.902032872146999, 0.832447452721820, -0.492686599389471
		x23, x24, x34 = 0.790948586369806, -0.555569198562483, -0.125704258225474
	)
	w := must[stat.RelativeWeights](t)(stat.JohnsonWeights(
		[]float64{-0.852161959426613, -0.847551379262479, -0.776168371826586, 0.480284757338842},
		[][]float64{
			{1, x12, x13, x14},
			{x12, 1, x23, x24},
			{x13, x23, 1, x34},
			{x14, x24, x34, 1},
		}))
	for i, want := range []float64{0.228479725928216, 0.222146870540001, 0.232174439299448, 0.096388603215391} {
		near(t, "raw", w.Raw[i], want)
	}
	near(t, "R²", w.R2, 0.779189638983056)
	for i, want := range []int{-1, -1, -1, 1} {
		if w.Sign[i] != want {
			t.Errorf("sign %d = %d, want %d", i, w.Sign[i], want)
		}
	}
}
