package composite

import (
	"encoding/csv"
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"github.com/otklik/otklik/libs/testkit"
)

// table reads some columns of a data set.
func table(t *testing.T, name string, columns ...string) [][]float64 {
	t.Helper()
	f, err := os.Open(testkit.SharedData(t, name))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	records, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	rows := make([][]float64, len(records)-1)
	for _, c := range columns {
		at := slices.Index(records[0], c)
		if at < 0 {
			t.Fatalf("%s has no column %s", name, c)
		}
		for i, r := range records[1:] {
			x, err := strconv.ParseFloat(r[at], 64)
			if err != nil {
				t.Fatal(err)
			}
			rows[i] = append(rows[i], x)
		}
	}
	return rows
}

// TestPublishedRelativeWeights compares with the weights that the R package rwa prints.
func TestPublishedRelativeWeights(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile(testkit.SharedData(t, "factor_classics/published.json"))
	if err != nil {
		t.Fatal(err)
	}
	var published struct {
		Johnson map[string]json.RawMessage `json:"mtcars_johnson"`
	}
	if err := json.Unmarshal(b, &published); err != nil {
		t.Fatal(err)
	}
	for model, columns := range map[string][]string{"cyl,disp,hp,wt": {"cyl", "disp", "hp", "wt"}, "cyl,disp,hp,gear": {"cyl", "disp", "hp", "gear"}} {
		var want map[string]float64
		if err := json.Unmarshal(published.Johnson[model], &want); err != nil {
			t.Fatal(err)
		}
		m := NewMoments(5)
		for _, row := range table(t, "factor_classics/mtcars.csv", append(columns, "mpg")...) {
			m.Count(row, 1)
		}
		got, ok, err := m.relativeWeights([]float64{1, 1, 1, 1, 1})
		if err != nil || !ok {
			t.Fatalf("%s: %v", model, err)
		}
		for i, c := range columns {
			if math.Abs(got[i]-want[c]) > 5e-8 {
				t.Errorf("%s: %s weighs %.8f, published %.7f", model, c, got[i], want[c])
			}
		}
		// Flipping an answer changes the sign of its correlations and no weight.
		flipped, _, err := m.relativeWeights([]float64{1, -1, 1, 1, 1})
		if err != nil || math.Abs(flipped[1]-got[1]) > 1e-9 {
			t.Errorf("flipped: %v, %v", flipped, err)
		}
	}
}

// TestPublishedCorrelations compares with the correlations of the ECSI items that the R package seminr prints.
func TestPublishedCorrelations(t *testing.T) {
	t.Parallel()
	items := []string{"IMAG1", "IMAG2", "IMAG3", "IMAG4", "IMAG5", "CUEX1", "CUEX2", "CUEX3", "PERV1", "PERV2", "CUSA1", "CUSA2", "CUSA3"}
	m := NewMoments(len(items))
	for _, row := range table(t, "ecsi_mobile/ecsi_mobi.csv", items...) {
		m.Count(row, 1)
	}
	got, ok := m.correlations()
	if !ok {
		t.Fatal("there are none")
	}
	for i, row := range table(t, "ecsi_mobile/published/seminr_item_cors.csv", items...) {
		for j, want := range row {
			if math.Abs(got[i][j]-want) > 1e-12 {
				t.Errorf("%s and %s: %v, published %v", items[i], items[j], got[i][j], want)
			}
		}
	}
}

// TestRelativeWeightsOfPlannedMissing: when each person answers the outcome and three of eight items, the weights are near those of all answers; the
// correlations contradict each other, and are repaired.
func TestRelativeWeightsOfPlannedMissing(t *testing.T) {
	t.Parallel()
	const items, people = 8, 6000
	r := rand.New(rand.NewPCG(8, 3))
	full, three := NewMoments(items+1), NewMoments(items+1)
	signs := slices.Repeat([]float64{1}, items+1)
	for range people {
		common := r.NormFloat64()
		row := make([]float64, items+1)
		for i := range items {
			row[i] = math.Round(6 + 1.2*common + 1.5*r.NormFloat64())
			row[items] += row[i] * float64(i)
		}
		row[items] = math.Round(row[items]/30 + r.NormFloat64())
		full.Count(row, 1)
		some := slices.Clone(row)
		for _, i := range r.Perm(items)[3:] {
			some[i] = math.NaN()
		}
		three.Count(some, 1)
	}
	want, ok, err := full.relativeWeights(signs)
	if err != nil || !ok {
		t.Fatal(err)
	}
	got, ok, err := three.relativeWeights(signs)
	if err != nil || !ok {
		t.Fatal(err)
	}
	for i := range want {
		if got[i] < 0 || math.Abs(got[i]-want[i]) > 0.03 {
			t.Errorf("item %d weighs %.4f, of all answers %.4f", i, got[i], want[i])
		}
	}
}

// TestMomentsThatDetermineNothing: too few pairs, and answers without any difference.
func TestMomentsThatDetermineNothing(t *testing.T) {
	t.Parallel()
	nan := math.NaN()
	for name, rows := range map[string][][]float64{
		"nobody":          nil,
		"no pair":         {{1, nan, 3}, {nan, 2, 4}, {5, nan, 6}, {nan, 7, 8}},
		"no difference":   {{1, 5, 3}, {1, 2, 4}, {1, 7, 6}},
		"a pair of one":   {{1, 2, 3}, {4, nan, 5}, {nan, 6, 7}},
		"weights of none": {{5, 5, 5}},
	} {
		m := NewMoments(3)
		for _, row := range rows {
			m.Count(row, 0.3)
		}
		if _, ok, err := m.relativeWeights([]float64{1, 1, 1}); ok || err != nil {
			t.Errorf("%s: %v, %v", name, ok, err)
		}
	}
}

// TestRelativeWeightsOfAnything: whatever few people answer, there are weights that sum to no more than 1, or none.
func TestRelativeWeightsOfAnything(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		k := rapid.IntRange(2, 6).Draw(rt, "questions")
		m, signs := NewMoments(k), make([]float64, k)
		for i := range signs {
			signs[i] = rapid.SampledFrom([]float64{1, -1}).Draw(rt, "sign")
		}
		for range rapid.IntRange(0, 25).Draw(rt, "people") {
			row := make([]float64, k)
			for i := range row {
				row[i] = math.NaN()
				if rapid.IntRange(0, 3).Draw(rt, "answered") > 0 {
					row[i] = float64(100 * rapid.IntRange(1, 5).Draw(rt, "answer"))
				}
			}
			m.Count(row, rapid.SampledFrom([]float64{1, 0.7, 12.5}).Draw(rt, "weight"))
		}
		weights, ok, err := m.relativeWeights(signs)
		if err != nil {
			rt.Fatal(err)
		}
		var sum float64
		for _, w := range weights {
			if !(w >= 0) {
				rt.Fatalf("weights %v", weights)
			}
			sum += w
		}
		if ok != (weights != nil) || sum > 1+1e-9 {
			rt.Fatalf("weights %v sum to %v", weights, sum)
		}
	})
}
