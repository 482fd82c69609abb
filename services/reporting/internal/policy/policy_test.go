package policy_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/otklik/otklik/services/reporting/internal/policy"
	"github.com/otklik/otklik/services/reporting/internal/refusal"
)

// made are the data of testdata/policy.R, and a week more at both ends, so that no week is cut off.
func made(keep func(store int) bool) (out []policy.Place) {
	for store := range 9 {
		if !keep(store) {
			continue
		}
		p := policy.Place{Name: fmt.Sprint(store), Held: store < 4}
		for day := -7; day < 119; day++ {
			if (day*5+store)%13 == 0 {
				continue
			}
			y := 200 + 10*float64(store) + 20*math.Sin(float64(day)/9) + 12*math.Cos(float64(day)*2.3+float64(store*store))
			if day >= 56 {
				y += float64(store % 3)
				if p.Held {
					y += 7 + float64(store)
				}
			}
			p.Days = append(p.Days, policy.Point{Day: int64(day), Value: y})
		}
		out = append(out, p)
	}
	return out
}

func compare(t *testing.T, places []policy.Place) policy.Effect {
	t.Helper()
	e, err := compareAll(places, 56, 8, 0.95)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestAgainstR(t *testing.T) {
	raw, err := os.ReadFile("testdata/policy.json")
	if err != nil {
		t.Fatal(err)
	}
	type side struct{ Before, After, Difference, SE, P, Low float64 }
	var want struct {
		Held, Control side
		Net           struct{ Net, SE, P, Low, High float64 }
		DID, Slope    float64
		SlopeP        float64 `json:"slope_p"`
		Week          struct{ SE, DF float64 }
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
	e := compare(t, made(func(int) bool { return true }))
	for name, s := range map[string]struct {
		got  policy.Side
		want side
	}{"held": {e.Held, want.Held}, "control": {*e.Control, want.Control}} {
		near(name+" before", s.got.Before, s.want.Before)
		near(name+" after", s.got.After, s.want.After)
		near(name+" difference", s.got.Difference.Value, s.want.Difference)
		near(name+" error", *s.got.Difference.SE, s.want.SE)
		near(name+" low", s.got.Difference.Interval.Low, s.want.Low)
		near(name+" p", *s.got.P, s.want.P)
	}
	near("net", e.Net.Value, want.Net.Net)
	near("net by regression", e.Net.Value, want.DID)
	near("net error", *e.Net.SE, want.Net.SE)
	near("net low", e.Net.Interval.Low, want.Net.Low)
	near("net high", e.Net.Interval.High, want.Net.High)
	near("net p", *e.P, want.Net.P)
	near("slope", e.Slope.Value, want.Slope)
	near("slope p", *e.SlopeP, want.SlopeP)
	if e.ByWeek || len(e.Cautions) > 0 || len(e.Weeks) != 16 || e.Weeks[0].Week != -8 {
		t.Errorf("by week %v, cautions %v, weeks %v", e.ByWeek, e.Cautions, e.Weeks)
	}
	one := compare(t, made(func(store int) bool { return store == 0 || store > 3 }))
	near("error by weeks", *one.Net.SE, want.Week.SE)
	if !one.ByWeek || !slices.Contains(one.Cautions, policy.WeeksAlike) {
		t.Errorf("by week %v, cautions %v", one.ByWeek, one.Cautions)
	}
}

// TestTheSeasonIsTakenOff: sales rise everywhere; where there is a control nothing is left of it, and without one the reader is warned.
func TestTheSeasonIsTakenOff(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 1))
	var places []policy.Place
	for store := range 10 {
		p := policy.Place{Name: fmt.Sprint(store), Held: store < 5}
		for day := range int64(112) {
			p.Days = append(p.Days, policy.Point{Day: day, Value: 100 + 2*float64(day) + rng.NormFloat64()})
		}
		places = append(places, p)
	}
	e := compare(t, places)
	if !e.Net.Interval.Contains(0) || e.Held.Difference.Interval.Low < 100 || len(e.Cautions) != 0 {
		t.Errorf("net %+v, held %+v, %v", e.Net, e.Held, e.Cautions)
	}
	e = compare(t, places[:5])
	if e.Net != nil || e.Control != nil || !slices.Contains(e.Cautions, policy.NoControl) || !slices.Contains(e.Cautions, policy.TrendBefore) {
		t.Errorf("%+v", e)
	}
	for i := range places[:5] {
		for d := range places[i].Days {
			places[i].Days[d].Value += float64(d)
		}
	}
	if e = compare(t, places); !slices.Contains(e.Cautions, policy.DifferentTrends) {
		t.Errorf("one side rose faster all the time: %v", e.Cautions)
	}
}

func TestLeavesOutLocationsWithoutDays(t *testing.T) {
	places := made(func(int) bool { return true })
	places[1].Days = places[1].Days[:20]
	if e := compare(t, places); !slices.Equal(e.LeftOut, []string{"1"}) || e.Held.Places != 3 {
		t.Errorf("%+v", e)
	}
	_, err := compareAll(made(func(store int) bool { return store > 3 }), 56, 8, 0.95)
	var refused *refusal.Error
	if !errors.As(err, &refused) || refused.Reason != refusal.TooFew {
		t.Errorf("%v", err)
	}
}

// TestNoChangeIsRarelyOne: where nothing changed about 95 of 100 intervals hold 0, by locations though their days remember each other.
func TestNoChangeIsRarelyOne(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 9))
	const runs = 400
	held := 0
	for range runs {
		var places []policy.Place
		for store := range 12 {
			p, level := policy.Place{Name: fmt.Sprint(store), Held: store < 5}, rng.NormFloat64()
			for day := range int64(112) {
				level = 0.9*level + rng.NormFloat64()
				p.Days = append(p.Days, policy.Point{Day: day, Value: level})
			}
			places = append(places, p)
		}
		if compare(t, places).Net.Interval.Contains(0) {
			held++
		}
	}
	if share := float64(held) / runs; share < 0.92 || share > 0.98 {
		t.Errorf("%.3f of the intervals hold 0", share)
	}
}

// TestWholeWeeks: a location that sells on Saturdays alone more changes by nothing, wherever its days end; what is left of a week counts on neither side. Days of
// rest cut no week off.
func TestWholeWeeks(t *testing.T) {
	for _, rest := range []bool{false, true} {
		for days := 10 * 7; days < 16*7; days++ {
			var places []policy.Place
			for store := range 3 {
				p := policy.Place{Name: fmt.Sprint(store), Held: true}
				for day := 3; day < days; day++ {
					y := 100.0
					if day%7 == 5 {
						y = 1000
					}
					if !rest || day%7 != 6 {
						p.Days = append(p.Days, policy.Point{Day: int64(day), Value: y})
					}
				}
				places = append(places, p)
			}
			e := compare(t, places)
			last := int64(days/7 - 1 - 8)
			if rest && days%7 == 6 {
				last++
			}
			if w := e.Weeks; math.Abs(e.Held.Difference.Value) > 1e-9 || w[0].Week != -7 || w[len(w)-1].Week != last {
				t.Fatalf("%d days, of rest %v: %v, weeks %d to %d, want %d", days, rest, e.Held.Difference.Value, w[0].Week, w[len(w)-1].Week, last)
			}
			if short := slices.Contains(e.Cautions, policy.ShortPeriod); short != (last < 3) {
				t.Errorf("%d weeks after: %v", last+1, e.Cautions)
			}
		}
	}
}

// TestWhatHappensToAllIsTakenOff: adding the same to all locations on each day changes the net effect by nothing.
func TestWhatHappensToAllIsTakenOff(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		// Whole weeks without gaps: a location that misses a day misses what was added to it.
		var a, b []policy.Place
		shocks := rapid.SliceOfN(rapid.Float64Range(-1000, 1000), 112, 112).Draw(t, "shocks")
		for store := range 6 {
			p := policy.Place{Name: fmt.Sprint(store), Held: store < 3}
			q := p
			for day := range 112 {
				y := math.Sin(float64(day*(store+2))) * 10
				p.Days, q.Days = append(p.Days, policy.Point{Day: int64(day), Value: y}), append(q.Days, policy.Point{Day: int64(day), Value: y + shocks[day]})
			}
			a, b = append(a, p), append(b, q)
		}
		x, err := compareAll(a, 56, 8, 0.95)
		if err != nil {
			t.Fatal(err)
		}
		y, err := compareAll(b, 56, 8, 0.95)
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(x.Net.Value-y.Net.Value) > 1e-8 || math.Abs(*x.Net.SE-*y.Net.SE) > 1e-8 {
			t.Fatalf("%v and %v", x.Net, y.Net)
		}
	})
}

// compareAll compares locations with all their days.
func compareAll(places []policy.Place, change int64, weeks int, level float64) (policy.Effect, error) {
	var around []policy.Location
	for _, p := range places {
		around = append(around, policy.Around(p, change, weeks))
	}
	return policy.Compare(around, level)
}
