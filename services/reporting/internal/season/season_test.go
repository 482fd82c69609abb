package season_test

import (
	"encoding/json"
	"errors"
	"math"
	"os"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/otklik/otklik/services/reporting/internal/refusal"
	"github.com/otklik/otklik/services/reporting/internal/season"
)

var factors = []season.Factor{
	{Name: "month", Levels: []string{"0", "1", "2", "3"}}, {Name: "working_day", Levels: []string{"0", "1"}},
	{Name: "weekday", Levels: []string{"0", "1", "2", "3", "4", "5", "6"}},
}

// made are the data of testdata/season.R.
func made(stores int, holidays ...int) (out []season.Observation) {
	for store := range stores {
		for day := range 120 {
			if (day*7+store*3)%11 == 0 {
				continue
			}
			weekday, working := (day+3)%7, 0
			if weekday < 5 && !slices.Contains(holidays, day) {
				working = 1
			}
			y := 1000*float64(store+1) + 40*float64(day/30) + 90*float64(working) + 60*math.Sin(float64(day)*1.7+float64(store)) + 35*math.Cos(float64(day)*0.31*float64(store+1))
			if weekday == 5 {
				y -= 150
			}
			out = append(out, season.Observation{Place: store, Week: int64(day+3) / 7, Levels: []int{day / 30, working, weekday}, Value: y})
		}
	}
	return out
}

// TestAgainstR: coefficients, standard errors by clusters, p-values and intervals as base R computes them.
func TestAgainstR(t *testing.T) {
	raw, err := os.ReadFile("testdata/season.json")
	if err != nil {
		t.Fatal(err)
	}
	type side struct {
		Clusters                int
		Within                  float64
		Names                   []string
		Coefficient, SE, P, Low []float64
	}
	var want struct {
		N           int
		Store, Week side
	}
	if err := json.Unmarshal(raw, &want); err != nil {
		t.Fatal(err)
	}
	near := func(what string, got, want float64) {
		t.Helper()
		if !(math.Abs(got-want) <= 1e-9*max(1, math.Abs(want))) {
			t.Errorf("%s is %.14g, R says %.14g", what, got, want)
		}
	}
	for stores, side := range map[int]side{6: want.Store, 3: want.Week} {
		f, err := regress(factors, made(stores, 18, 67, 95), 0.95)
		if err != nil {
			t.Fatal(err)
		}
		near("share within", f.Within, side.Within)
		if stores == 6 && f.N != want.N {
			t.Errorf("%d observations, want %d", f.N, want.N)
		}
		if f.Clusters != side.Clusters || f.ByWeek != (stores == 3) {
			t.Errorf("%d clusters, by week %v", f.Clusters, f.ByWeek)
		}
		found := 0
		for i, prefix := range []string{"m", "k", "w"} {
			for _, e := range f.Factors[i].Effects {
				at := slices.Index(side.Names, prefix+e.Level)
				if e.Reference {
					if at >= 0 {
						t.Errorf("R does not take %s%s for the reference", prefix, e.Level)
					}
					continue
				}
				found++
				near(prefix+e.Level, e.Difference.Value, side.Coefficient[at])
				near("error of "+prefix+e.Level, *e.Difference.SE, side.SE[at])
				near("p of "+prefix+e.Level, *e.P, side.P[at])
				near("low of "+prefix+e.Level, e.Difference.Interval.Low, side.Low[at])
			}
		}
		if found != len(side.Names) || f.Family != found {
			t.Errorf("%d effects, %d in R, family %d", found, len(side.Names), f.Family)
		}
	}
}

// TestNamesWhatCannotBeToldApart: without a holiday days of the week tell whether a day is worked.
func TestNamesWhatCannotBeToldApart(t *testing.T) {
	reason := func(factors []season.Factor, observations []season.Observation) (refusal.Reason, []string) {
		_, err := regress(factors, observations, 0.95)
		var refused *refusal.Error
		if !errors.As(err, &refused) {
			t.Fatalf("not refused: %v", err)
		}
		return refused.Reason, refused.Items
	}
	if r, items := reason(factors, made(6)); r != refusal.Singular || !slices.Contains(items, "working_day=0") || !slices.Contains(items, "weekday=6") {
		t.Errorf("%s %v", r, items)
	}
	month := made(6, 18)[:25]
	if r, items := reason(factors, month); r != refusal.Constant || items[0] != "month" {
		t.Errorf("%s %v", r, items)
	}
	if r, _ := reason(factors[1:], []season.Observation{{Levels: []int{0, 0}}, {Levels: []int{1, 1}, Value: 2}}); r != refusal.TooFew {
		t.Errorf("%s", r)
	}
	still := made(6, 18, 67, 95)
	for i := range still {
		still[i].Value = 7.3
	}
	if r, _ := reason(factors, still); r != refusal.Constant {
		t.Errorf("%s", r)
	}
	// A factor that only differs between locations is told by them.
	apart := made(6, 18, 67, 95)
	for i := range apart {
		apart[i].Levels = []int{apart[i].Place % 2, apart[i].Levels[2]}
	}
	if r, items := reason([]season.Factor{{Name: "kind", Levels: []string{"small", "large"}}, factors[2]}, apart); r != refusal.Singular || items[0] != "the location" {
		t.Errorf("%s %v", r, items)
	}
}

// TestLocationsCountForNothing: adding any number to all days of a location changes no effect, and scaling all numbers scales the effects.
func TestLocationsCountForNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		scale := rapid.Float64Range(0.1, 10).Draw(t, "scale")
		base, moved := made(5, 18, 67, 95), made(5, 18, 67, 95)
		for place := range 5 {
			by := rapid.Float64Range(-1e4, 1e4).Draw(t, "by")
			for i := range moved {
				if moved[i].Place == place {
					moved[i].Value = scale * (moved[i].Value + by)
				}
			}
		}
		a, err := regress(factors, base, 0.95)
		if err != nil {
			t.Fatal(err)
		}
		b, err := regress(factors, moved, 0.95)
		if err != nil {
			t.Fatal(err)
		}
		for i, f := range a.Factors {
			for j, e := range f.Effects {
				if got := b.Factors[i].Effects[j].Difference.Value; math.Abs(got-scale*e.Difference.Value) > 1e-6 {
					t.Fatalf("%s %s: %v, want %v", f.Name, e.Level, got, scale*e.Difference.Value)
				}
			}
		}
	})
}

// regress regresses observations on all factors; those of a location are brought together, as they come from a store.
func regress(factors []season.Factor, observations []season.Observation, level float64) (season.Fit, error) {
	sums := season.NewSums(factors)
	for _, o := range slices.SortedStableFunc(slices.Values(observations), func(a, b season.Observation) int { return a.Place - b.Place }) {
		sums.Add(o)
	}
	var all []int
	for f := range factors {
		all = append(all, f)
	}
	return sums.Regress(all, level)
}
