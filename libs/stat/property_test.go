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

func TestQuantilesInvertDistributions(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p := rapid.Float64Range(1e-6, 1-1e-6).Draw(rt, "p")
		nearTo(t, "normal", stat.NormalCDF(stat.NormalQuantile(p)), p, 1e-13)
		df := rapid.OneOf(rapid.Float64Range(1, 30), rapid.Float64Range(30, 1e5), rapid.Float64Range(1e5, 1e7)).Draw(rt, "df")
		if got := stat.TCDF(stat.TQuantile(p, df), df); math.Abs(got-p) > 2e-10 {
			rt.Fatalf("t with df %v: quantile of %v is at %v", df, p, got)
		}
		if a, b := stat.TQuantile(p, df), stat.TQuantile(1-p, df); math.Abs(a+b) > 1e-9*(1+a*a) {
			rt.Fatalf("t with df %v: quantiles %v and %v", df, a, b)
		}
	})
}

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

func TestRakeReproducesMargins(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		sizes := rapid.SliceOfN(rapid.IntRange(2, 4), 1, 4).Draw(rt, "classes")
		units := rapid.IntRange(40, 150).Draw(rt, "units")
		margins := make([]stat.Margin, len(sizes))
		for k, size := range sizes {
			margins[k].Class = make([]int, units)
			for i := range units {
				margins[k].Class[i] = rapid.IntRange(0, size-1).Draw(rt, "class")
			}
			for c := range size {
				margins[k].Class[c] = c
				margins[k].Target = append(margins[k].Target, rapid.Float64Range(5, 15).Draw(rt, "target"))
			}
		}
		counts := make([]float64, units)
		n := 0.0
		for i := range counts {
			counts[i] = float64(rapid.IntRange(1, 5).Draw(rt, "count"))
			n += counts[i]
		}
		r, err := stat.Rake(counts, margins, stat.RakeOptions{})
		if err != nil {
			if !errors.Is(err, stat.ErrNotConverged) || r.Deviation <= 1e-12 || len(r.Weights) != units {
				rt.Fatalf("%+v, %v", r, err)
			}
			return
		}
		total, greatest := 0.0, 0.0
		for i, w := range r.Weights {
			total += w * counts[i]
			greatest = max(greatest, w)
		}
		if math.Abs(total-n) > 1e-6 || greatest > 5 || r.EffectiveN > n+1e-9 || r.DesignEffect < 1-1e-12 {
			rt.Fatalf("weights sum to %v of %v, greatest %v, effective n %v", total, n, greatest, r.EffectiveN)
		}
		for k, m := range margins {
			var targets float64
			for _, x := range m.Target {
				targets += x
			}
			shares := make([]float64, len(m.Target))
			for i, c := range m.Class {
				shares[c] += r.Weights[i] * counts[i] / n
			}
			for c, s := range shares {
				if math.Abs(s-m.Target[c]/targets) > 1e-9 {
					rt.Fatalf("margin %d class %d: share %v, want %v", k, c, s, m.Target[c]/targets)
				}
			}
		}
	})
}

func TestRakeCapAndRefusals(t *testing.T) {
	// One in a hundred stands for half of the population: a weight of 50, which the cap does not allow.
	r, err := stat.Rake([]float64{99, 1}, []stat.Margin{{Class: []int{0, 1}, Target: []float64{1, 1}}}, stat.RakeOptions{MaxIterations: 50})
	if !errors.Is(err, stat.ErrNotConverged) || r.Capped != 1 || r.Weights[1] != 5 || r.Deviation < 0.4 {
		t.Errorf("capped: %+v, %v", r, err)
	}
	r, err = stat.Rake([]float64{99, 1}, []stat.Margin{{Class: []int{0, 1}, Target: []float64{1, 1}}}, stat.RakeOptions{Cap: math.Inf(1)})
	if err != nil || math.Abs(r.Weights[1]-50) > 1e-9 {
		t.Errorf("without a cap: %+v, %v", r, err)
	}
	// Classes without target get no weight; no margins leave all as it is.
	r, err = stat.Rake([]float64{5, 5}, []stat.Margin{{Class: []int{0, 1}, Target: []float64{1, 0}}}, stat.RakeOptions{})
	if err != nil || r.Weights[1] != 0 || r.EffectiveN != 5 {
		t.Errorf("without target: %+v, %v", r, err)
	}
	r, err = stat.Rake([]float64{5, 5}, nil, stat.RakeOptions{})
	if err != nil || r.EffectiveN != 10 || r.DesignEffect != 1 {
		t.Errorf("without margins: %+v, %v", r, err)
	}
	for name, c := range map[string]struct {
		counts  []float64
		margins []stat.Margin
		options stat.RakeOptions
		want    error
	}{
		"nobody":      {counts: nil, want: stat.ErrUndefined},
		"empty class": {counts: []float64{1}, margins: []stat.Margin{{Class: []int{0}, Target: []float64{1, 1}}}, want: stat.ErrUndefined},
		"length":      {counts: []float64{1}, margins: []stat.Margin{{Class: nil, Target: []float64{1}}}, want: stat.ErrArgument},
		"class":       {counts: []float64{1}, margins: []stat.Margin{{Class: []int{3}, Target: []float64{1}}}, want: stat.ErrArgument},
		"target":      {counts: []float64{1}, margins: []stat.Margin{{Class: []int{0}, Target: []float64{-1}}}, want: stat.ErrArgument},
		"no target":   {counts: []float64{1}, margins: []stat.Margin{{Class: []int{0}, Target: []float64{0}}}, want: stat.ErrArgument},
		"count":       {counts: []float64{-1}, want: stat.ErrArgument},
		"cap":         {counts: []float64{1}, options: stat.RakeOptions{Cap: 0.5}, want: stat.ErrArgument},
	} {
		if _, err := stat.Rake(c.counts, c.margins, c.options); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
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

// TestJohnsonWeightsSumToR2 draws data, and compares R² with that of the normal equations.
func TestJohnsonWeightsSumToR2(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		const k = 3
		n := rapid.IntRange(20, 60).Draw(rt, "n")
		columns := make([][]float64, k+1)
		for j := range columns {
			columns[j] = rapid.SliceOfN(rapid.Float64Range(-5, 5), n, n).Draw(rt, "column")
			for i := range columns[j] {
				// A trend and noise that no draw can take away keep the columns apart.
				columns[j][i] += math.Sin(float64((j+2)*i)) * 6
			}
		}
		r := make([][]float64, k)
		y := make([]float64, k)
		for i := range k {
			y[i] = correlation(columns[k], columns[i])
			r[i] = make([]float64, k)
			for j := range k {
				r[i][j] = correlation(columns[min(i, j)], columns[max(i, j)])
			}
			r[i][i] = 1
		}
		w, err := stat.JohnsonWeights(y, r)
		if err != nil {
			rt.Fatal(err)
		}
		var sum float64
		for _, raw := range w.Raw {
			if raw < 0 {
				rt.Fatalf("weight %v", raw)
			}
			sum += raw
		}
		if want := r2(y, r); math.Abs(w.R2-want) > 1e-9 || math.Abs(sum-w.R2) > 1e-12 {
			rt.Fatalf("R² %v and sum %v, want %v", w.R2, sum, want)
		}
	})
}

func correlation(a, b []float64) float64 {
	ma, va := moments(a)
	mb, vb := moments(b)
	var c float64
	for i := range a {
		c += (a[i] - ma) * (b[i] - mb)
	}
	return c / float64(len(a)-1) / math.Sqrt(va*vb)
}

// r2 is r′R⁻¹r by Cramer's rule for three predictors.
func r2(y []float64, r [][]float64) float64 {
	det := func(m [3][3]float64) float64 {
		return m[0][0]*(m[1][1]*m[2][2]-m[1][2]*m[2][1]) - m[0][1]*(m[1][0]*m[2][2]-m[1][2]*m[2][0]) + m[0][2]*(m[1][0]*m[2][1]-m[1][1]*m[2][0])
	}
	var base [3][3]float64
	for i := range base {
		copy(base[i][:], r[i])
	}
	var total float64
	for j := range 3 {
		m := base
		for i := range 3 {
			m[i][j] = y[i]
		}
		total += y[j] * det(m) / det(base)
	}
	return total
}

func TestJohnsonRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		y    []float64
		r    [][]float64
		want error
	}{
		"none":          {nil, nil, stat.ErrArgument},
		"width":         {[]float64{0.1, 0.2}, [][]float64{{1}, {0, 1}}, stat.ErrArgument},
		"asymmetric":    {[]float64{0.1, 0.2}, [][]float64{{1, 0.3}, {0.4, 1}}, stat.ErrArgument},
		"diagonal":      {[]float64{0.1}, [][]float64{{0.9}}, stat.ErrArgument},
		"outcome":       {[]float64{1.1}, [][]float64{{1}}, stat.ErrArgument},
		"singular":      {[]float64{0.1, 0.1}, [][]float64{{1, 1}, {1, 1}}, stat.ErrUndefined},
		"indefinite":    {[]float64{0.1, 0.1, 0.1}, [][]float64{{1, 0.9, -0.9}, {0.9, 1, 0.9}, {-0.9, 0.9, 1}}, stat.ErrUndefined},
		"contradicting": {[]float64{0.9, -0.9}, [][]float64{{1, 0.9}, {0.9, 1}}, stat.ErrUndefined},
	} {
		if w, err := stat.JohnsonWeights(c.y, c.r); !errors.Is(err, c.want) {
			t.Errorf("%s: got %+v, %v, want %v", name, w, err, c.want)
		}
	}
}

func TestImpossibleArgumentsAreRefused(t *testing.T) {
	good := stat.ShareDifference{Plus: 1, Minus: 1, N: 3}
	nan := math.NaN()
	second := func(_ any, err error) error { return err }
	for name, c := range map[string]struct{ err, want error }{
		"level 0":       {second(good.AdjustedWald(0)), stat.ErrArgument},
		"level 1":       {second(good.Wald(1)), stat.ErrArgument},
		"level nan":     {second(good.TrinomialT(nan)), stat.ErrArgument},
		"counts":        {second(stat.ShareDifference{Plus: 2, Minus: 2, N: 3}.Wald(0.95)), stat.ErrArgument},
		"negative":      {second(stat.ShareDifference{Plus: -1, N: 3}.Wald(0.95)), stat.ErrArgument},
		"empty":         {second(stat.ShareDifference{}.AdjustedWald(0.95)), stat.ErrUndefined},
		"one":           {second(stat.ShareDifference{Plus: 1, N: 1}.TrinomialT(0.95)), stat.ErrUndefined},
		"hits":          {second(stat.Proportion{Hits: 4, N: 3}.Wilson(0.95)), stat.ErrArgument},
		"no sample":     {second(stat.Proportion{}.Wilson(0.95)), stat.ErrUndefined},
		"newcombe":      {second(stat.Newcombe(stat.Proportion{Hits: 1, N: 2}, stat.Proportion{}, 0.95)), stat.ErrUndefined},
		"pooled":        {second(stat.PooledZ(stat.Proportion{N: 2}, stat.Proportion{N: 2})), stat.ErrUndefined},
		"mean of one":   {second(stat.Moments{N: 1, Mean: 2}.Interval(0.95)), stat.ErrUndefined},
		"no variance":   {second(stat.Moments{N: 9, Mean: 2}.Interval(0.95)), stat.ErrUndefined},
		"variance":      {second(stat.Moments{N: 9, Variance: -1}.Interval(0.95)), stat.ErrArgument},
		"welch":         {second(stat.Welch(stat.Moments{N: 1}, stat.Moments{N: 5, Variance: 1}, 0.95)), stat.ErrUndefined},
		"compare":       {second(stat.CompareShareDifferences(good, stat.ShareDifference{}, 0.95)), stat.ErrUndefined},
		"means":         {second(stat.CompareMeans(stat.Mean{StandardError: 1}, stat.Mean{StandardError: 1, DF: 3}, 0.95)), stat.ErrArgument},
		"no clusters":   {second(stat.ClusteredMean(nil)), stat.ErrUndefined},
		"one cluster":   {second(stat.ClusteredMean([]stat.Cluster{{Sum: 1, Size: 1, Times: 1}})), stat.ErrUndefined},
		"empty cluster": {second(stat.ClusteredMean([]stat.Cluster{{Sum: 1, Size: 0, Times: 1}})), stat.ErrArgument},
		"weights":       {second(stat.WeightedMean([]float64{1}, nil)), stat.ErrArgument},
		"p-value":       {second(stat.BenjaminiHochberg([]float64{0.5, nan})), stat.ErrArgument},
		"quantile":      {second(nil, isNaN(stat.NormalQuantile(1), stat.TQuantile(0, 3), stat.TQuantile(0.5, 0), stat.TCDF(0, -1))), nil},
	} {
		if !errors.Is(c.err, c.want) {
			t.Errorf("%s: got %v, want %v", name, c.err, c.want)
		}
	}
}

func isNaN(xs ...float64) error {
	for _, x := range xs {
		if !math.IsNaN(x) {
			return errors.New("not NaN")
		}
	}
	return nil
}
