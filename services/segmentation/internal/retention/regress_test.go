package retention

import (
	"encoding/csv"
	"errors"
	"math"
	"os"
	"slices"
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"github.com/otklik/otklik/libs/testkit"
)

// columns are columns of the data set mtcars.
func columns(t *testing.T, names ...string) (out [][]float64) {
	t.Helper()
	f, err := os.Open(testkit.SharedData(t, "factor_classics/mtcars.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		at := slices.Index(rows[0], name)
		var column []float64
		for _, row := range rows[1:] {
			v, err := strconv.ParseFloat(row[at], 64)
			if err != nil {
				t.Fatal(err)
			}
			column = append(column, v)
		}
		out = append(out, column)
	}
	return out
}

// The coefficients are those that R prints for lm(mpg ~ wt) and lm(mpg ~ wt + hp) of mtcars.
func TestRegressByR(t *testing.T) {
	t.Parallel()
	c := columns(t, "mpg", "wt", "hp")
	one, err := Regress(c[0], c[1:2], 0.95)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range [][2]float64{{one.Estimate, -5.344472}, {one.Intercept, 37.285126}, {one.R2, 0.7528328}, {float64(one.N), 32}} {
		if math.Abs(v[0]-v[1]) > 1e-6 {
			t.Errorf("got %v, R says %v", v[0], v[1])
		}
	}
	two, err := Regress(c[0], c[1:3], 0.95)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range [][2]float64{{two.Estimate, -3.87783}, {two.Intercept, 37.22727}, {two.R2, 0.8267855}} {
		if math.Abs(v[0]-v[1]) > 1e-5 {
			t.Errorf("got %v, R says %v", v[0], v[1])
		}
	}
	// The standard error of the slope of one regressor, written out: √Σ(x-x̄)²e²/(1-h)² / Σ(x-x̄)².
	x, y := c[1], c[0]
	mx := momentsOf(x)
	sxx := mx.Variance * (mx.N - 1)
	var sum float64
	for i := range x {
		d := x[i] - mx.Mean
		e := y[i] - one.Intercept - one.Estimate*x[i]
		free := 1 - 1/mx.N - d*d/sxx
		sum += d * d * e * e / (free * free)
	}
	if want := math.Sqrt(sum) / sxx; math.Abs(one.StandardError-want) > 1e-9 {
		t.Errorf("standard error %v, not %v", one.StandardError, want)
	}
	if one.P > 1e-6 || !one.Interval.Contains(one.Estimate) || one.Interval.Contains(0) {
		t.Errorf("%+v", one)
	}
}

// A slope scales with the units of what it relates, and does not change with their zeros.
func TestSlopesScale(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(6, 40).Draw(t, "n")
		x := rapid.SliceOfN(rapid.Float64Range(1, 10), n, n).Draw(t, "x")
		y := rapid.SliceOfN(rapid.Float64Range(-1000, 1000), n, n).Draw(t, "y")
		one, err := Regress(y, [][]float64{x}, 0.95)
		if errors.Is(err, ErrUndefined) {
			t.Skip("nothing varies")
		}
		scaled := make([]float64, n)
		for i := range y {
			scaled[i] = y[i]*100 + 5
		}
		other, err := Regress(scaled, [][]float64{x}, 0.95)
		if err != nil {
			t.Skip("nothing is left")
		}
		if math.Abs(other.Estimate-100*one.Estimate) > 1e-6*max(1, math.Abs(other.Estimate)) || math.Abs(other.StandardError-100*one.StandardError) > 1e-6*other.StandardError {
			t.Fatalf("%+v, and scaled %+v", one, other)
		}
	})
}

func TestWhatCannotBeRegressed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		y []float64
		x [][]float64
	}{
		"nothing":          {nil, [][]float64{nil}},
		"two observations": {[]float64{1, 2}, [][]float64{{1, 2}}},
		"one score":        {[]float64{1, 2, 3, 4}, [][]float64{{7, 7, 7, 7}}},
		"one value":        {[]float64{5, 5, 5, 5}, [][]float64{{1, 2, 3, 4}}},
		"the same twice":   {[]float64{1, 2, 4, 3, 5}, [][]float64{{1, 2, 3, 4, 5}, {2, 4, 6, 8, 10}}},
		"all on a line":    {[]float64{1, 2, 3, 4}, [][]float64{{1, 2, 3, 4}}},
		"one of another":   {[]float64{1, 2, 3, 9}, [][]float64{{1, 1, 1, 2}}},
	} {
		if got, err := Regress(c.y, c.x, 0.95); !errors.Is(err, ErrUndefined) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}
