package bridge_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"github.com/otklik/otklik/services/reporting/internal/bridge"
	"github.com/otklik/otklik/services/reporting/internal/refusal"
)

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if !(math.Abs(got-want) <= 1e-9) {
		t.Errorf("%s is %.12g, want %.12g", what, got, want)
	}
}

// one counts a response.
func one(s *bridge.Side, group int, segments []string, value float64) {
	if err := s.Add(group, segments, value, 1); err != nil {
		panic(err)
	}
}

// add counts n responses, spread over the groups.
func add(s *bridge.Side, n int, value float64, segments ...string) {
	for i := range n {
		one(s, i%10, segments, value)
	}
}

func parts(b *bridge.Bridge) map[string]bridge.Part {
	out := map[string]bridge.Part{}
	for _, p := range b.Parts {
		out[p.Value] = p
	}
	return out
}

// TestMixAndLevel is worked by hand: stores gain share and stay as they were; the site loses both share and NPS.
func TestMixAndLevel(t *testing.T) {
	var before, after bridge.Side
	// Before: store 50 responses, NPS 60; site 50, NPS 20. After: store 80, NPS 60; site 20, NPS 0.
	add(&before, 40, 100, "store")
	add(&before, 10, -100, "store")
	add(&before, 30, 100, "site")
	add(&before, 20, -100, "site")
	add(&after, 64, 100, "store")
	add(&after, 16, -100, "store")
	add(&after, 10, 100, "site")
	add(&after, 10, -100, "site")
	b, err := bridge.Explain(before, after, 0.95)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "before", b.Before.Value, 40)
	near(t, "after", b.After.Value, 48)
	p := parts(b)
	// Overall (40+48)/2 = 44: store 0.3·(60-44), site -0.3·((20+0)/2-44), and 0.35·(0-20).
	near(t, "store's mix", p["store"].Mix.Value, 4.8)
	near(t, "store's level", p["store"].Level.Value, 0)
	near(t, "site's mix", p["site"].Mix.Value, 10.2)
	near(t, "site's level", p["site"].Level.Value, -7)
	near(t, "change", b.Change.Value, 8)
	near(t, "mix and level", b.Mix.Value+b.Level.Value, 8)
	if b.Parts[0].Value != "store" {
		t.Errorf("%q comes first, and the store moves most", b.Parts[0].Value)
	}
	if s := p["site"]; s.Level.Interval == nil || !s.Level.Interval.Contains(-7) || s.AdjustedP == nil || *s.AdjustedP < *s.P {
		t.Errorf("the site: %+v", s)
	}
}

// TestSegmentsComeAndGo: who was not there before, or is not after, moves by share alone.
func TestSegmentsComeAndGo(t *testing.T) {
	var before, after bridge.Side
	add(&before, 50, 8, "old")
	add(&before, 50, 6, "both")
	add(&after, 50, 7, "both")
	add(&after, 150, 9, "new")
	b, err := bridge.Explain(before, after, 0.95)
	if err != nil {
		t.Fatal(err)
	}
	p := parts(b)
	if o, n := p["old"], p["new"]; o.LevelAfter != nil || o.Level.Value != 0 || n.LevelBefore != nil || n.Level.Value != 0 || n.Mix.Value == 0 {
		t.Errorf("old %+v, new %+v", o, n)
	}
	near(t, "sum", b.Mix.Value+b.Level.Value, 8.5-7)
}

// TestTopicsShareAResponse: a response with two topics counts half in each, one without any in none.
func TestTopicsShareAResponse(t *testing.T) {
	var before, after bridge.Side
	add(&before, 60, -100, "price", "queue", "price")
	add(&before, 40, 100)
	add(&after, 100, 100)
	b, err := bridge.Explain(before, after, 0.95)
	if err != nil {
		t.Fatal(err)
	}
	p := parts(b)
	near(t, "share of price", p["price"].ShareBefore, 0.3)
	near(t, "share of none", p[""].ShareBefore, 0.4)
	near(t, "price as queue", p["price"].Mix.Value, p["queue"].Mix.Value)
	near(t, "sum", b.Mix.Value+b.Level.Value, 120)
	if p["price"].CountBefore != 60 {
		t.Errorf("price is in %d responses, want 60", p["price"].CountBefore)
	}
}

func TestRefusesAnEmptyPeriodAndTooManySegments(t *testing.T) {
	var empty, single, many bridge.Side
	one(&single, 0, []string{"a"}, 5)
	for i := range bridge.MostValues {
		one(&many, i%7, []string{fmt.Sprint(i)}, 5)
	}
	one(&many, 0, []string{"7", "8"}, 5)
	for _, c := range []struct {
		before, after bridge.Side
		want          refusal.Reason
	}{{empty, single, refusal.NoData}, {single, empty, refusal.NoData}, {single, many, refusal.TooMany}} {
		_, err := bridge.Explain(c.before, c.after, 0.95)
		var refused *refusal.Error
		if !errors.As(err, &refused) || refused.Reason != c.want {
			t.Errorf("%v, want %s", err, c.want)
		}
	}
	// A side refuses while it is counted: each segment takes memory.
	var refused *refusal.Error
	if err := many.Add(0, []string{"one more"}, 5, 1); !errors.As(err, &refused) || refused.Reason != refusal.TooMany {
		t.Errorf("segment %d: %v", bridge.MostValues+1, err)
	}
}

func TestFewResponsesHaveNoInterval(t *testing.T) {
	var before, after bridge.Side
	add(&before, 100, 5, "many")
	add(&before, 100, 7, "many")
	add(&before, 4, 3, "few")
	add(&after, 90, 5, "many")
	add(&after, 110, 7, "many")
	add(&after, 5, 9, "few")
	b, err := bridge.Explain(before, after, 0.95)
	if err != nil {
		t.Fatal(err)
	}
	p := parts(b)
	if p["few"].Mix.SE != nil || p["few"].P != nil || p["few"].AdjustedP != nil || p["many"].P == nil {
		t.Errorf("few %+v, many %+v", p["few"], p["many"])
	}
	var alone bridge.Side
	for range 50 {
		one(&alone, 3, []string{"a"}, 5)
	}
	if b, err = bridge.Explain(alone, alone, 0.95); err != nil || b.Change.Interval != nil || b.Groups != 1 {
		t.Errorf("one group has no interval: %+v, %v", b, err)
	}
}

// TestSumsAreExact: whatever segments come, go and overlap, the parts sum to the change; and exchanging the periods turns all effects round.
func TestSumsAreExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string) bridge.Side {
			var s bridge.Side
			for range rapid.IntRange(1, 60).Draw(t, name) {
				segments := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "c", "d", "e"}), 0, 3).Draw(t, "segments")
				one(&s, rapid.IntRange(0, 7).Draw(t, "group"), segments, rapid.Float64Range(-100, 100).Draw(t, "value"))
			}
			return s
		}
		before, after := draw("before"), draw("after")
		b, err := bridge.Explain(before, after, 0.95)
		if err != nil {
			t.Fatal(err)
		}
		back, err := bridge.Explain(after, before, 0.95)
		if err != nil {
			t.Fatal(err)
		}
		turned := parts(back)
		var mix, level, sharesBefore, sharesAfter float64
		for _, p := range b.Parts {
			mix, level = mix+p.Mix.Value, level+p.Level.Value
			sharesBefore, sharesAfter = sharesBefore+p.ShareBefore, sharesAfter+p.ShareAfter
			if o := turned[p.Value]; math.Abs(o.Mix.Value+p.Mix.Value) > 1e-9 || math.Abs(o.Level.Value+p.Level.Value) > 1e-9 {
				t.Fatalf("there %+v, back %+v", p, o)
			}
			if i := p.Mix.Interval; i != nil && !i.Contains(p.Mix.Value) {
				t.Fatalf("%v is not in %v", p.Mix.Value, i)
			}
		}
		for what, gap := range map[string]float64{
			"change": mix + level - (b.After.Value - b.Before.Value), "mix": mix - b.Mix.Value, "level": level - b.Level.Value,
			"shares before": sharesBefore - 1, "shares after": sharesAfter - 1,
		} {
			if !(math.Abs(gap) < 1e-9) {
				t.Fatalf("%s is wrong by %v", what, gap)
			}
		}
	})
}

// TestIntervalsCover: over many samples from known shares and levels, the intervals hold the true effects about as often as they say.
func TestIntervalsCover(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 0))
	const runs, n = 300, 1200
	draw := func(share, a, b float64) bridge.Side {
		var s bridge.Side
		for i := range n {
			segment, promoters := "b", b
			if r.Float64() < share {
				segment, promoters = "a", a
			}
			value := -100.0
			if r.Float64() < promoters {
				value = 100
			}
			one(&s, i%50, []string{segment}, value)
		}
		return s
	}
	// Before: 0.5 of a, NPS 40 and 0; after: 0.6, NPS 20 and 10.
	overall := (20.0 + 16.0) / 2
	mix, level := 0.1*(30-overall), 0.55*-20
	var coversMix, coversLevel int
	for range runs {
		b, err := bridge.Explain(draw(0.5, 0.7, 0.5), draw(0.6, 0.6, 0.55), 0.95)
		if err != nil {
			t.Fatal(err)
		}
		a := parts(b)["a"]
		if a.Mix.Interval.Contains(mix) {
			coversMix++
		}
		if a.Level.Interval.Contains(level) {
			coversLevel++
		}
	}
	for what, n := range map[string]int{"mix": coversMix, "level": coversLevel} {
		// Four standard errors of 0.95 in 300 runs.
		if rate := float64(n) / runs; rate < 0.90 || rate > 0.995 {
			t.Errorf("intervals of %s hold the truth in %.3f of the runs", what, rate)
		}
	}
}
