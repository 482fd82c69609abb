package moment_test

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"testing"

	"gonum.org/v1/gonum/mat"
	"pgregory.net/rapid"

	"github.com/otklik/otklik/services/reporting/internal/moment"
)

// TestNearestOfThree is the example of Higham (2002), which has a closed form: the correlations are cos φ, cos φ and cos 2φ.
func TestNearestOfThree(t *testing.T) {
	t.Parallel()
	r := mat.NewSymDense(3, []float64{1, 1, 0, 1, 1, 1, 0, 1, 1})
	near, err := moment.Nearest(r, 0)
	if err != nil {
		t.Fatal(err)
	}
	for at, want := range map[[2]int]float64{{0, 1}: 0.7607, {1, 2}: 0.7607, {0, 2}: 0.1573} {
		if got := near.At(at[0], at[1]); math.Abs(got-want) > 5e-5 {
			t.Errorf("%v is %v, want %v", at, got, want)
		}
	}
	if angle := math.Acos(near.At(0, 1)); math.Abs(math.Cos(2*angle)-near.At(0, 2)) > 1e-9 {
		t.Errorf("the table is not of rank 2: %v", mat.Formatted(near))
	}
}

// TestNearestIsThatOfR: as nearPD of R's Matrix package finds it by Higham's own method (testdata/nearest.R).
func TestNearestIsThatOfR(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/nearest.json")
	if err != nil {
		t.Fatal(err)
	}
	var wanted struct {
		Tables map[string]struct {
			Table, Nearest [][]float64
			Distance       float64
		}
	}
	if err := json.Unmarshal(data, &wanted); err != nil {
		t.Fatal(err)
	}
	if len(wanted.Tables) == 0 {
		t.Fatal("there are no tables")
	}
	for name, w := range wanted.Tables {
		k := len(w.Table)
		r := mat.NewSymDense(k, nil)
		for i := range k {
			for j := range k {
				r.SetSym(i, j, w.Table[i][j])
			}
		}
		got, err := moment.Nearest(r, 0)
		if err != nil {
			t.Fatal(err)
		}
		near(t, name+" distance", distance(r, got), w.Distance, 1e-9)
		for i := range k {
			for j := range k {
				near(t, name, got.At(i, j), w.Nearest[i][j], 1e-9)
			}
		}
	}
}

// contradicting draws correlations that need not be those of anything.
func contradicting(rt *rapid.T) *mat.SymDense {
	k := rapid.IntRange(2, 12).Draw(rt, "k")
	r := mat.NewSymDense(k, nil)
	for i := range k {
		r.SetSym(i, i, 1)
		for j := range i {
			r.SetSym(i, j, rapid.Float64Range(-1, 1).Draw(rt, "r"))
		}
	}
	return r
}

// TestNearestIsTheNearest: it has ones on the diagonal and no lesser eigenvalue than asked for, and no other such table is nearer: seen from it, all others
// lie away from where it was projected from (the variational inequality of projections on a convex set).
func TestNearestIsTheNearest(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		r := contradicting(rt)
		k := r.SymmetricDim()
		least := rapid.SampledFrom([]float64{0, 1e-4, 0.05}).Draw(rt, "least")
		near, err := moment.Nearest(r, least)
		if err != nil {
			rt.Fatal(err)
		}
		var eigen mat.EigenSym
		eigen.Factorize(near, false)
		if v := eigen.Values(nil)[0]; v < least-1e-9 {
			rt.Fatalf("least eigenvalue %v, want %v", v, least)
		}
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 1))
		for range 50 {
			other := correlations(random, k, least)
			var product float64
			for i := range k {
				if near.At(i, i) != 1 {
					rt.Fatalf("diagonal %v", near.At(i, i))
				}
				for j := range k {
					product += (r.At(i, j) - near.At(i, j)) * (other.At(i, j) - near.At(i, j))
				}
			}
			if product > 1e-7 {
				rt.Fatalf("another table is nearer: %v", product)
			}
		}
	})
}

// correlations draws a table of correlations whose eigenvalues are at least `least`, some on the border of what is possible.
func correlations(random *rand.Rand, k int, least float64) *mat.SymDense {
	rank := 1 + random.IntN(k)
	vectors := mat.NewDense(k, rank, nil)
	for i := range k {
		row := vectors.RawRowView(i)
		for j := range row {
			row[j] = random.NormFloat64()
		}
		size := mat.Norm(vectors.RowView(i), 2)
		for j := range row {
			row[j] /= size
		}
	}
	var gram mat.SymDense
	gram.SymOuterK(1-least, vectors)
	for i := range k {
		gram.SetSym(i, i, 1)
	}
	return &gram
}

func distance(a, b *mat.SymDense) float64 {
	var d mat.Dense
	d.Sub(a, b)
	return mat.Norm(&d, 2)
}

// TestNearestOfGoodTable: correlations that are those of something stay as they are.
func TestNearestOfGoodTable(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 4))
	s := sampleOf(t, rowsOf(t, random, 5, people(random, 300, 5)), moment.Pairwise)
	if s.Repaired || s.RepairDistance != 0 || s.GreatestRepair != 0 || s.LeastEigenvalue < 0.1 {
		t.Errorf("repaired %v by %v, least eigenvalue %v", s.Repaired, s.RepairDistance, s.LeastEigenvalue)
	}
	r := mat.NewSymDense(5, nil)
	for i := range 5 {
		for j := range 5 {
			r.SetSym(i, j, s.Correlation[i][j])
		}
	}
	near, err := moment.Nearest(r, moment.LeastEigenvalue)
	if err != nil || distance(r, near) > 1e-9 {
		t.Errorf("moved by %v, %v", distance(r, near), err)
	}
}
