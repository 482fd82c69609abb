package cluster

import (
	"errors"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// blobs are n points around each of some centres, of two attributes of very different units.
func blobs(n int, spread float64, centres ...[2]float64) [][]float64 {
	random := rand.New(rand.NewPCG(3, 4))
	columns := make([][]float64, 2)
	for i := range n * len(centres) {
		c := centres[i%len(centres)]
		columns[0] = append(columns[0], c[0]+spread*random.NormFloat64())
		columns[1] = append(columns[1], 1000*(c[1]+spread*random.NormFloat64()))
	}
	return columns
}

func TestGroupsAreFound(t *testing.T) {
	columns := blobs(100, 0.3, [2]float64{0, 0}, [2]float64{5, 5}, [2]float64{0, 8})
	r, err := Find(columns, Options{Seed: 7})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Clusters) != 3 || r.Silhouette < 0.8 || r.Sampled != 300 {
		t.Fatalf("%d clusters, silhouette %v of %d; want three that are clear", len(r.Clusters), r.Silhouette, r.Sampled)
	}
	for i, c := range r.Of {
		if c != r.Of[i%3] {
			t.Fatalf("row %d is in cluster %d, others of its group in %d", i, c, r.Of[i%3])
		}
	}
	again, err := Find(columns, Options{Seed: 7})
	if err != nil || !reflect.DeepEqual(r, again) {
		t.Errorf("the same seed comes to something else: %v", err)
	}
}

func TestSilhouetteEqualsItsDefinition(t *testing.T) {
	columns := [][]float64{{0, 1, 10, 11, 12}}
	r, err := Find(columns, Options{Clusters: 2, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	// By hand: of 0: a 1, b 11; 1: 1, 10; 10: 1.5, 9.5; 11: 1, 10.5; 12: 1.5, 11.5. A scale changes none of the shares.
	want := (10.0/11 + 9.0/10 + 8.0/9.5 + 9.5/10.5 + 10.0/11.5) / 5
	if math.Abs(r.Silhouette-want) > 1e-12 {
		t.Errorf("silhouette %v, want %v", r.Silhouette, want)
	}
	if r.Clusters[0].Size != 3 || math.Abs(r.Clusters[0].Centre[0]-11) > 1e-12 {
		t.Errorf("the greatest cluster is %+v, want three around 11", r.Clusters[0])
	}
}

func TestWhatHasNoClusters(t *testing.T) {
	if _, err := Find([][]float64{{1, 1, 1, 2, 2}}, Options{Clusters: 3}); !errors.Is(err, ErrTooFew) {
		t.Errorf("two values in three clusters: %v", err)
	}
	var constant *ConstantError
	if _, err := Find([][]float64{{1, 2, 3}, {5, 5, 5}}, Options{}); !errors.As(err, &constant) || constant.Attribute != 1 || !errors.Is(err, ErrConstant) {
		t.Errorf("a constant attribute: %v", err)
	}
	if _, err := Find([][]float64{{}}, Options{}); !errors.Is(err, ErrConstant) {
		t.Errorf("nobody: %v", err)
	}
	if r, err := Find([][]float64{{1, 2}}, Options{}); err != nil || len(r.Clusters) != 2 {
		t.Errorf("two rows: %v", err)
	}
}

func TestEveryRowIsNearestToItsCentre(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, k := rapid.IntRange(10, 60).Draw(t, "n"), rapid.IntRange(2, 5).Draw(t, "k")
		columns := make([][]float64, 2)
		for a := range columns {
			columns[a] = rapid.SliceOfN(rapid.Float64Range(-100, 100), n, n).Draw(t, "column")
		}
		r, err := Find(columns, Options{Clusters: k, Seed: rapid.Uint64().Draw(t, "seed")})
		if errors.Is(err, ErrTooFew) || errors.Is(err, ErrConstant) {
			t.Skip()
		}
		if err != nil {
			t.Fatal(err)
		}
		sizes := make([]int, k)
		for i, own := range r.Of {
			sizes[own]++
			x := []float64{(columns[0][i] - r.Mean[0]) / r.Deviation[0], (columns[1][i] - r.Mean[1]) / r.Deviation[1]}
			for _, c := range r.Clusters {
				if squared(x, c.centre) < squared(x, r.Clusters[own].centre)-1e-9 {
					t.Fatalf("row %d is nearer to another centre", i)
				}
			}
		}
		for j, c := range r.Clusters {
			if c.Size != sizes[j] || c.Size == 0 || j > 0 && c.Size > r.Clusters[j-1].Size {
				t.Fatalf("sizes %d, counted %d", c.Size, sizes[j])
			}
		}
		if r.Silhouette < -1 || r.Silhouette > 1 {
			t.Fatalf("silhouette %v", r.Silhouette)
		}
	})
}

func TestRulesAreWritten(t *testing.T) {
	r, err := Find(blobs(50, 0.2, [2]float64{0, 0}, [2]float64{4, 4}, [2]float64{0, 9}), Options{Clusters: 3})
	if err != nil {
		t.Fatal(err)
	}
	rule := r.Rule(1, []string{"contact.a", "contact.b"})
	if strings.Count(rule, "&&") != 1 || !strings.Contains(rule, " * contact.a + ") || strings.Count(rule, "<=") != 1 {
		t.Errorf("the rule is %s", rule)
	}
}

func BenchmarkFind(b *testing.B) {
	columns := blobs(50_000, 1, [2]float64{0, 0}, [2]float64{5, 5})
	for b.Loop() {
		if _, err := Find(columns, Options{Clusters: 4}); err != nil {
			b.Fatal(err)
		}
	}
}
