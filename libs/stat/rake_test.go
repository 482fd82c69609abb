package stat_test

import (
	"errors"
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/otklik/otklik/libs/stat"
)

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
	// Targets may be of any size: their sum need not be a number.
	r, err = stat.Rake([]float64{75, 25}, []stat.Margin{{Class: []int{0, 1}, Target: []float64{1e308, 1e308}}}, stat.RakeOptions{})
	if err != nil || math.Abs(r.Weights[0]-2.0/3) > 1e-12 || math.Abs(r.Weights[1]-2) > 1e-12 {
		t.Errorf("great targets: %+v, %v", r, err)
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
