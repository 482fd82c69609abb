package stat_test

import (
	"errors"
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/otklik/otklik/libs/stat"
)

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
