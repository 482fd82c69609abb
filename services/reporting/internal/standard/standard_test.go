package standard_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"github.com/otklik/otklik/services/reporting/internal/standard"
)

// TestWeighs: weights count, and what did not apply does not: (3 + 1) / (3 + 1 + 2).
func TestWeighs(t *testing.T) {
	c, err := standard.Comply([]standard.Visit{
		{Place: "a", Results: []standard.Result{{"greeting", 3, true}, {"tidy", 2, false}}},
		{Place: "a", Results: []standard.Result{{"badge", 1, true}}},
		{Place: "b"},
	}, 0.95)
	if err != nil || c.Visits != 3 || c.Applicable != 6 || c.Passed != 4 || c.Share == nil || math.Abs(c.Share.Value-4.0/6) > 1e-12 {
		t.Errorf("%+v %v", c, err)
	}
	if c, err = standard.Comply([]standard.Visit{{Place: "a"}}, 0.95); err != nil || c.Share != nil {
		t.Errorf("nothing applied, and still a share: %+v %v", c, err)
	}
}

// TestNamesWhatRelatesToNothing: of ten criteria one goes with sales.
func TestNamesWhatRelatesToNothing(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	sales := map[string]float64{"unvisited": 5}
	var visits []standard.Visit
	for i := range 60 {
		place := fmt.Sprint("store", i)
		good := rng.Float64()
		sales[place] = 1000 + 500*good + 50*rng.NormFloat64()
		for range 4 {
			v := standard.Visit{Place: place, Results: []standard.Result{{"greeting", 1, rng.Float64() < good}, {"always", 1, true}}}
			for c := range 9 {
				v.Results = append(v.Results, standard.Result{Criterion: fmt.Sprint("c", c), Weight: 1, Passed: rng.Float64() < 0.7})
			}
			visits = append(visits, v)
		}
	}
	for i := range 3 {
		visits = append(visits, standard.Visit{Place: fmt.Sprint("store", i), Results: []standard.Result{{"rare", 1, i == 0}}})
	}
	criteria, family, err := standard.Relate(visits, sales, 0.95)
	if err != nil {
		t.Fatal(err)
	}
	if family != 10 || criteria[0].Criterion != "greeting" || criteria[0].Verdict != standard.Related || criteria[0].Places != 60 {
		t.Errorf("family %d, first %+v", family, criteria[0])
	}
	unrelated := 0
	for _, c := range criteria {
		switch c.Criterion {
		case "always", "rare":
			if c.Verdict != standard.Untested || c.R != nil || c.P != nil {
				t.Errorf("%+v", c)
			}
		default:
			if c.Verdict == standard.Unrelated {
				unrelated++
			}
			if c.Detectable == nil || *c.Detectable < 0.3 || *c.Detectable > 0.4 {
				t.Errorf("60 locations show a correlation of about 0.35: %v", c.Detectable)
			}
		}
	}
	if unrelated != 9 {
		t.Errorf("%d of 9 relate to nothing", unrelated)
	}
}

// TestMergesExactly: shares are within 0 and 1 and those of two sets of visits, weighed by what applied, are that of both.
func TestMergesExactly(t *testing.T) {
	draw := func(t *rapid.T, name string) (out []standard.Visit) {
		for range rapid.IntRange(0, 8).Draw(t, name) {
			v := standard.Visit{Place: rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "place")}
			for range rapid.IntRange(0, 4).Draw(t, "results") {
				v.Results = append(v.Results, standard.Result{
					Criterion: "x", Weight: rapid.Float64Range(0.01, 100).Draw(t, "weight"), Passed: rapid.Bool().Draw(t, "passed"),
				})
			}
			out = append(out, v)
		}
		return out
	}
	rapid.Check(t, func(t *rapid.T) {
		a, b := draw(t, "one"), draw(t, "other")
		var all [3]standard.Compliance
		for i, visits := range [][]standard.Visit{a, b, append(append([]standard.Visit(nil), a...), b...)} {
			c, err := standard.Comply(visits, 0.95)
			if err != nil {
				t.Fatal(err)
			}
			if c.Share != nil && (c.Share.Value < 0 || c.Share.Value > 1+1e-12 || c.Share.Interval != nil && (c.Share.Interval.Low < 0 || c.Share.Interval.High > 1)) {
				t.Fatalf("%+v", c.Share)
			}
			all[i] = c
		}
		if both := all[0].Passed + all[1].Passed; math.Abs(both-all[2].Passed) > 1e-9*max(1, both) {
			t.Fatalf("%v and %v are not %v", all[0].Passed, all[1].Passed, all[2].Passed)
		}
	})
}
