package retention

import (
	"errors"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// day is a day of 2026.
func day(n int) time.Time { return time.Date(2026, 1, n, 0, 0, 0, 0, time.UTC) }

// question is a sound one.
func question() Question {
	return Question{Periods: Periods{day(1), day(31), day(31), day(120)}, Cuts: Cuts{Amber: 5, Green: 8}, Level: 0.95, Seed: 1}
}

func near(a, b float64) bool { return math.Abs(a-b) <= 1e-9*max(1, math.Abs(a), math.Abs(b)) }

func TestPeriodsDoNotOverlap(t *testing.T) {
	t.Parallel()
	for name, p := range map[string]Periods{
		"outcomes within scores":  {day(1), day(31), day(30), day(60)},
		"outcomes before scores":  {day(31), day(60), day(1), day(31)},
		"an open period":          {day(1), day(31), day(31), time.Time{}},
		"no time between":         {day(1), day(1), day(31), day(60)},
		"outcomes end when begun": {day(1), day(31), day(60), day(60)},
	} {
		q := question()
		q.Periods = p
		if _, err := Tell(q, nil); !errors.Is(err, ErrPeriods) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := question().Check(); err != nil {
		t.Error(err)
	}
}

func TestCutsAreInOrder(t *testing.T) {
	t.Parallel()
	for _, c := range []Cuts{{8, 5}, {5, 5}, {1, 8}, {5, 11}, {math.NaN(), 8}, {5, math.NaN()}} {
		if err := c.Check(); !errors.Is(err, ErrCuts) {
			t.Errorf("%v: %v", c, err)
		}
	}
	c := Cuts{Amber: 5, Green: 8}
	for score, want := range map[float64]Band{1: Red, 4.999: Red, 5: Amber, 7.999: Amber, 8: Green, 10: Green} {
		if got := c.Of(score); got != want {
			t.Errorf("%v is in band %d", score, got)
		}
	}
}

func TestTell(t *testing.T) {
	t.Parallel()
	got, err := Tell(question(), []Customer{
		{Score: 2, BoughtBefore: true, Past: 100, Left: true},
		{Score: 4, BoughtBefore: true, Past: 300, Purchases: 1, Value: 50},
		{Score: 3, Purchases: 2, Value: 70},
		{Score: 9, BoughtBefore: true, Past: 500, Purchases: 3, Value: 200},
		{Score: 10, BoughtBefore: true, Past: 700, Purchases: 1, Value: -20},
		{Score: 9, Gone: true, BoughtBefore: true, Past: 1000},
	})
	if err != nil {
		t.Fatal(err)
	}
	red := got.Bands[Red]
	counts := []int64{red.Contacts, red.Repeat.Count, red.Repeat.Of, red.Active.Count, red.Active.Of, red.Churn.Count, red.Churn.Of, got.Gone, got.All.Contacts}
	if diff := cmp.Diff([]int64{3, 1, 2, 2, 3, 1, 3, 1, 5}, counts); diff != "" {
		t.Error(diff)
	}
	if !near(red.MeanScore, 3) || !near(red.Value.Estimate, 40) || !near(red.Lifetime.Estimate, 520.0/3) || !near(red.Loss.Estimate, 520.0/3) {
		t.Errorf("red is %+v", red)
	}
	// t = 4.302652729911275 with two degrees of freedom; the standard error of 0, 50, 70 is that of 1300/3 squared by 3.
	half := 4.302652729911275 * math.Sqrt(1300.0/3)
	if i := red.Value.Interval; i == nil || !near(i.Low, 40-half) || !near(i.High, 40+half) {
		t.Errorf("value %v, not 40 ± %v", i, half)
	}
	if amber := got.Bands[Amber]; amber.Contacts != 0 || amber.Repeat.Interval != nil || amber.Value.Interval != nil || !math.IsNaN(amber.Value.Estimate) {
		t.Errorf("amber is %+v", amber)
	}
	green := got.Bands[Green]
	if green.Repeat.Count != 2 || green.Repeat.Of != 2 || green.Loss.Estimate != 0 || green.Loss.Interval != nil {
		t.Errorf("green is %+v", green)
	}
	if d := got.RepeatDifference; d == nil || !near(d.Estimate, -0.5) || d.Interval.Low < -1 || d.P <= 0 || d.P >= 1 {
		t.Errorf("difference %+v", d)
	}
	if got.Point == nil || got.Point.N != 5 {
		t.Errorf("slope %+v", got.Point)
	}
}

// Bands are parts of the whole, and every share counts something of what it names.
func TestBandsAddUp(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		customers := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Customer {
			return Customer{
				Score: rapid.Float64Range(1, 10).Draw(t, "score"), BoughtBefore: rapid.Bool().Draw(t, "bought"), Purchases: rapid.Int64Range(0, 3).Draw(t, "purchases"),
				Past: rapid.Int64Range(-1e6, 1e9).Draw(t, "past"), Value: rapid.Int64Range(-1e6, 1e9).Draw(t, "value"), Gone: rapid.Bool().Draw(t, "gone"),
				Left: rapid.Bool().Draw(t, "left"),
			}
		}), 0, 60).Draw(t, "customers")
		q := question()
		q.Method = rapid.SampledFrom([]Method{StudentT, Bootstrap}).Draw(t, "method")
		got, err := Tell(q, customers)
		if err != nil {
			t.Fatal(err)
		}
		var contacts, repeated, active, left int64
		var value float64
		for _, b := range got.Bands {
			contacts, repeated, active, left = contacts+b.Contacts, repeated+b.Repeat.Count, active+b.Active.Count, left+b.Churn.Count
			if b.Contacts > 0 {
				value += b.Value.Estimate * float64(b.Contacts)
			}
			for _, s := range []Share{b.Repeat, b.Active, b.Churn} {
				if s.Count < 0 || s.Count > s.Of || (s.Interval == nil) != (s.Of == 0) || s.Interval != nil && !s.Interval.Contains(s.Estimate()) {
					t.Fatalf("share %+v", s)
				}
			}
		}
		if contacts+got.Gone != int64(len(customers)) || contacts != got.All.Contacts || repeated != got.All.Repeat.Count || active != got.All.Active.Count ||
			left != got.All.Churn.Count {
			t.Fatalf("bands do not add up: %+v", got)
		}
		if contacts > 0 && math.Abs(value-got.All.Value.Estimate*float64(contacts)) > 1 {
			t.Fatalf("values add up to %v, not to %v", value, got.All.Value.Estimate*float64(contacts))
		}
		// The order in which contacts are told makes no difference but by rounding and by what the bootstrap draws.
		slices.Reverse(customers)
		again, err := Tell(q, customers)
		if err != nil || again.All.Contacts != contacts || again.All.Repeat.Count != repeated {
			t.Fatalf("in another order: %+v, %v", again, err)
		}
		if (got.Point == nil) != (again.Point == nil) || got.Point != nil && math.Abs(got.Point.Estimate-again.Point.Estimate) > 1e-6*max(1, math.Abs(got.Point.Estimate)) {
			t.Fatalf("slope %v, in another order %v", got.Point, again.Point)
		}
	})
}
