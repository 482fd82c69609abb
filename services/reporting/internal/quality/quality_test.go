package quality_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"github.com/otklik/otklik/services/reporting/internal/quality"
)

func relate(t *testing.T, places ...quality.Series) quality.Relations {
	t.Helper()
	r, err := relateAll(places, 0.95)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// series draws days of two independent counts, each of which remembers the day before by a fraction.
func series(rng *rand.Rand, days int, memory float64) quality.Series {
	s := quality.Series{Place: "a"}
	x, y := rng.NormFloat64(), rng.NormFloat64()
	for day := range days {
		s.Points = append(s.Points, quality.Point{Day: int64(day), X: x, Y: y})
		x, y = memory*x+math.Sqrt(1-memory*memory)*rng.NormFloat64(), memory*y+math.Sqrt(1-memory*memory)*rng.NormFloat64()
	}
	return s
}

// TestIndependentDaysCoverNothing: where two counts have nothing to do with each other, about 95 of 100 intervals hold 0, whether or not days remember the
// day before; by the number of days alone far fewer would.
func TestIndependentDaysCoverNothing(t *testing.T) {
	t.Parallel()
	for memory, least := range map[float64]float64{0: 0.92, 0.5: 0.92, 0.8: 0.88} {
		rng := rand.New(rand.NewPCG(11, uint64(100*memory)))
		const runs = 600
		held, naive := 0, 0
		for range runs {
			r := relate(t, series(rng, 180, memory)).Places[0]
			if r.R.Interval != nil && r.R.Interval.Contains(0) {
				held++
			}
			if math.Abs(math.Atanh(r.R.Value)) < 1.96/math.Sqrt(177) {
				naive++
			}
		}
		if share := float64(held) / runs; share < least || share > 0.99 {
			t.Errorf("with memory %v %.3f of the intervals hold 0 (%.3f by the number of days)", memory, share, float64(naive)/runs)
		}
		if memory == 0.8 && float64(naive)/runs > 0.8 {
			t.Errorf("the number of days alone does not do: %v", float64(naive)/runs)
		}
	}
}

// TestGapsAreNoDays: a day is compared with the day after it in the calendar, not with the next one that was counted.
func TestGapsAreNoDays(t *testing.T) {
	s := series(rand.New(rand.NewPCG(1, 2)), 400, 0.8)
	var every quality.Series
	for _, p := range s.Points {
		if p.Day%20 == 0 {
			every.Points = append(every.Points, p)
		}
	}
	if r := relate(t, every).Places[0]; r.Effective != float64(r.Days) {
		t.Errorf("days far apart are independent: %v of %d", r.Effective, r.Days)
	}
	if r := relate(t, s).Places[0]; r.Effective > 250 {
		t.Errorf("days in a row are not: %v of %d", r.Effective, r.Days)
	}
}

func TestSaysWhyThereIsNone(t *testing.T) {
	few, still := quality.Series{Place: "few"}, quality.Series{Place: "still"}
	for day := range int64(9) {
		few.Points = append(few.Points, quality.Point{Day: day, X: float64(day), Y: float64(day % 3)})
	}
	for day := range int64(40) {
		still.Points = append(still.Points, quality.Point{Day: day, X: 7.1, Y: float64(day)})
	}
	r := relate(t, few, still)
	if r.Places[0].Absent != quality.TooFewDays || r.Places[1].Absent != quality.Constant || r.Typical != nil || r.Family != 0 {
		t.Errorf("%+v", r)
	}
	if p := r.Places[1]; p.R != nil || p.P != nil || p.AdjustedP != nil {
		t.Errorf("a number where there is none: %+v", p)
	}
}

// TestTypicalIsWithinPlaces: a large place with more of both makes no relation where there is none within the places.
func TestTypicalIsWithinPlaces(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	var places []quality.Series
	for i := range 12 {
		s := series(rng, 100, 0)
		for d := range s.Points {
			s.Points[d].X += 100 * float64(i)
			s.Points[d].Y += 30 * float64(i)
		}
		places = append(places, s)
	}
	r := relate(t, places...)
	if r.Typical == nil || r.Typical.Interval == nil || !r.Typical.Interval.Contains(0) || math.Abs(r.Typical.Value) > 0.1 || r.Family != 12 {
		t.Errorf("typical %+v", r.Typical)
	}
}

// TestBounds: whatever days there are, r and its interval are from -1 to 1, and the effective number of days from 2 to their number; the order of days and
// the units of counts do not matter.
func TestBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 60).Draw(t, "days")
		var a, b quality.Series
		for day := range n {
			p := quality.Point{Day: int64(2 * day), X: float64(rapid.IntRange(0, 5).Draw(t, "x")), Y: float64(rapid.IntRange(0, 5).Draw(t, "y"))}
			a.Points = append(a.Points, p)
			b.Points = append([]quality.Point{{Day: p.Day, X: 1000 * p.X, Y: p.Y + 50}}, b.Points...)
		}
		r, err := relateAll([]quality.Series{a, b}, 0.95)
		if err != nil {
			t.Fatal(err)
		}
		x, y := r.Places[0], r.Places[1]
		if (x.R == nil) != (y.R == nil) || (x.R == nil) != (x.Absent != "") {
			t.Fatalf("%+v and %+v", x, y)
		}
		if x.R == nil {
			return
		}
		if math.Abs(x.R.Value-y.R.Value) > 1e-9 || math.Abs(x.Effective-y.Effective) > 1e-6 {
			t.Fatalf("other units, other numbers: %+v and %+v", x, y)
		}
		if x.Effective < 2 || x.Effective > float64(n) || math.Abs(x.R.Value) > 1 {
			t.Fatalf("out of range: %+v", x)
		}
		if i := x.R.Interval; i != nil && (i.Low < -1 || i.High > 1 || !i.Contains(x.R.Value)) {
			t.Fatalf("interval %+v of %v", i, x.R.Value)
		}
	})
}

func TestShares(t *testing.T) {
	var days []quality.Part
	for day := range int64(28) {
		days = append(days, quality.Part{Day: day, Hits: float64(20 + day%7 + day/7), Of: 100})
	}
	e, ok, err := quality.Share(days, 0.95)
	if err != nil || !ok || e.Interval == nil || !e.Interval.Contains(e.Value) || math.Abs(e.Value-0.245) > 0.002 {
		t.Errorf("%+v %v %v", e, ok, err)
	}
	if e, ok, err = quality.Share(days[:3], 0.95); err != nil || !ok || e.Interval != nil {
		t.Errorf("one week has no interval: %+v %v %v", e, ok, err)
	}
	if _, ok, err = quality.Share([]quality.Part{{Day: 1}}, 0.95); err != nil || ok {
		t.Errorf("nobody came: %v %v", ok, err)
	}
	if _, ok, err = quality.Share([]quality.Part{{Day: 1, Hits: 5}, {Day: 20, Hits: 5, Of: 10}}, 0.95); err != nil || ok {
		t.Errorf("consultations in a week without visitors: %v %v", ok, err)
	}
	if e, ok, err = quality.ShareOfPlaces([][]quality.Part{days, {{Day: 3, Hits: 50, Of: 100}}}, 0.95); err != nil || !ok || e.Interval == nil {
		t.Errorf("two places: %+v %v %v", e, ok, err)
	}
}

// relateAll correlates within each place.
func relateAll(places []quality.Series, level float64) (quality.Relations, error) {
	var all []quality.Relation
	for _, s := range places {
		all = append(all, quality.RelatePlace(s, level))
	}
	return quality.Together(all, level)
}
