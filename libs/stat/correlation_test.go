package stat_test

import (
	"errors"
	"math"
	"testing"

	"gonum.org/v1/gonum/mat"
	"pgregory.net/rapid"

	"github.com/otklik/otklik/libs/stat"
)

// TestRepairCorrelations works the example of Higham (2002), whose eigenvalues 1+√2, 1 and 1-√2 and vectors are known, by hand.
func TestRepairCorrelations(t *testing.T) {
	got := must[[][]float64](t)(stat.RepairCorrelations([][]float64{{1, 1, 0}, {1, 1, 1}, {0, 1, 1}}, 0))
	root := math.Sqrt2
	side, middle := (1+root)/4+0.5, (1+root)/2
	near(t, "r12", got[0][1], root*(1+root)/4/math.Sqrt(side*middle))
	near(t, "r13", got[0][2], ((1+root)/4-0.5)/side)
	near(t, "r23", got[1][2], got[0][1])

	for _, bad := range [][][]float64{{{1, 0.5}, {0.4, 1}}, {{1, 2}, {2, 1}}, {{2}}, {}} {
		if _, err := stat.RepairCorrelations(bad, 0); !errors.Is(err, stat.ErrArgument) {
			t.Errorf("%v: got %v, want ErrArgument", bad, err)
		}
	}
}

func TestRepairCorrelationsIsOne(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		k := rapid.IntRange(1, 8).Draw(rt, "k")
		given := make([][]float64, k)
		for i := range given {
			given[i] = make([]float64, k)
			given[i][i] = 1
			for j := range i {
				c := rapid.Float64Range(-1, 1).Draw(rt, "r")
				given[i][j], given[j][i] = c, c
			}
		}
		const least = 1e-4
		got, err := stat.RepairCorrelations(given, least)
		if err != nil {
			rt.Fatal(err)
		}
		r := mat.NewSymDense(k, nil)
		for i := range got {
			for j := range got {
				if got[i][j] != got[j][i] || got[i][i] != 1 {
					rt.Fatalf("%v is no table of correlations", got)
				}
				r.SetSym(i, j, got[i][j])
			}
		}
		var eigen mat.EigenSym
		// Scaling the diagonal divides by at most k, since no entry grows beyond the trace.
		if !eigen.Factorize(r, false) || eigen.Values(nil)[0] < least/float64(2*k) {
			rt.Fatalf("eigenvalues %v", eigen.Values(nil))
		}
		again, err := stat.RepairCorrelations(got, eigen.Values(nil)[0]/2)
		if err != nil || k > 1 && again[0][1] != got[0][1] {
			rt.Fatalf("what is sound was changed: %v, %v", again, err)
		}
	})
}
