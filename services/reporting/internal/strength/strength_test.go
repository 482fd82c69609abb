package strength_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/otklik/otklik/services/reporting/internal/bridge"
	"github.com/otklik/otklik/services/reporting/internal/refusal"
	"github.com/otklik/otklik/services/reporting/internal/strength"
)

// add counts a response.
func add(t interface{ Fatal(...any) }, tally *strength.Tally, group int, topics []string, value float64) {
	if err := tally.Add(group, topics, value, 1); err != nil {
		t.Fatal(err)
	}
}

// TestTooManyTopicsAreRefusedWhileTheyAreCounted: each takes memory, so that nobody may name a key of a million values.
func TestTooManyTopicsAreRefusedWhileTheyAreCounted(t *testing.T) {
	tally := strength.NewTally(5)
	for i := range bridge.MostValues {
		add(t, tally, i%5, []string{fmt.Sprint(i)}, 1)
	}
	add(t, tally, 0, []string{"7"}, 1)
	var refused *refusal.Error
	if err := tally.Add(0, []string{"one more"}, 1, 1); !errors.As(err, &refused) || refused.Reason != refusal.TooMany {
		t.Errorf("topic %d: %v", bridge.MostValues+1, err)
	}
}

// TestEffectOnNPS is worked by hand: NPS of all minus NPS without those that name the topic.
func TestEffectOnNPS(t *testing.T) {
	tally := strength.NewTally(20)
	some := func(n int, value float64, topics ...string) {
		for i := range n {
			add(t, tally, i%20, topics, value)
		}
	}
	some(30, -100, "queue")
	some(10, 100, "queue", "staff", "queue")
	some(40, 100, "staff")
	some(60, 100)
	some(60, -100)
	some(5, -100, "toilet")
	got, err := strength.Judge(tally, 0.95)
	if err != nil {
		t.Fatal(err)
	}
	// 110 promoters and 95 detractors of 205; without the queue 100 and 65 of 165; without the staff 60 and 95 of 155.
	want := map[string]float64{"queue": 100 * (15.0/205 - 35.0/165), "staff": 100 * (15.0/205 + 35.0/155)}
	if got.Responses != 205 || len(got.Effects) != 2 || got.Family != 2 {
		t.Fatalf("%+v", got)
	}
	for _, e := range got.Effects {
		if math.Abs(e.Effect-want[e.Value]) > 1e-9 || e.Interval == nil || !e.Interval.Contains(e.Effect) {
			t.Errorf("effect of %s is %v in %v, want %v", e.Value, e.Effect, e.Interval, want[e.Value])
		}
	}
	first, last := got.Effects[0], got.Effects[1]
	if first.Value != "staff" || first.Verdict != strength.Strength || first.Level != 100 || last.Verdict != strength.Weakness || last.Count != 40 {
		t.Errorf("%+v then %+v: the staff is a strength and the queue a weakness", first, last)
	}
	if !slices.Equal(got.LeftOut, []string{"toilet"}) {
		t.Errorf("left out are %v, and five responses are too few", got.LeftOut)
	}
}

func TestRefusesNothingToJudge(t *testing.T) {
	_, err := strength.Judge(strength.NewTally(5), 0.95)
	var refused *refusal.Error
	if !errors.As(err, &refused) || refused.Reason != refusal.NoData {
		t.Errorf("%v", err)
	}
}

func TestTopicOfEverybodyIsLeftOut(t *testing.T) {
	tally := strength.NewTally(5)
	for i := range 100 {
		add(t, tally, i%5, []string{"all"}, float64(i))
	}
	if got, err := strength.Judge(tally, 0.95); err != nil || len(got.Effects) != 0 || !slices.Equal(got.LeftOut, []string{"all"}) {
		t.Errorf("%+v, %v: there is nobody to compare with", got, err)
	}
}

// TestChanceIsNoStrength: where topics say nothing of the outcome, a family of twenty rarely has any strength or weakness.
func TestChanceIsNoStrength(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 1))
	const runs = 200
	var wrong int
	for range runs {
		tally := strength.NewTally(100)
		for i := range 1000 {
			add(t, tally, i%100, []string{string(rune('a' + r.IntN(20)))}, float64(100*(r.IntN(3)-1)))
		}
		got, err := strength.Judge(tally, 0.95)
		if err != nil {
			t.Fatal(err)
		}
		if slices.ContainsFunc(got.Effects, func(e strength.Effect) bool { return e.Verdict != strength.Neither }) {
			wrong++
		}
	}
	// 5 % and four standard errors.
	if rate := float64(wrong) / runs; rate > 0.11 {
		t.Errorf("%.3f of the runs find something", rate)
	}
}

// TestUnits: an outcome in other units has the same effects in those units, and the same verdicts.
func TestUnits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		plain, scaled := strength.NewTally(6), strength.NewTally(6)
		scale := rapid.Float64Range(0.1, 50).Draw(t, "scale")
		for range rapid.IntRange(1, 150).Draw(t, "n") {
			group, value := rapid.IntRange(0, 5).Draw(t, "group"), rapid.Float64Range(0, 10).Draw(t, "value")
			topics := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "c"}), 0, 2).Draw(t, "topics")
			add(t, plain, group, topics, value)
			add(t, scaled, group, topics, scale*value)
		}
		a, err := strength.Judge(plain, 0.95)
		if err != nil {
			t.Fatal(err)
		}
		b, err := strength.Judge(scaled, 0.95)
		if err != nil {
			t.Fatal(err)
		}
		for i, e := range a.Effects {
			j := slices.IndexFunc(b.Effects, func(x strength.Effect) bool { return x.Value == e.Value })
			if math.Abs(b.Effects[j].Effect-scale*e.Effect) > 1e-8 {
				t.Fatalf("%d: %v times %v became %v", i, e.Effect, scale, b.Effects[j].Effect)
			}
			if e.Effect != 0 && math.Signbit(e.Effect) != math.Signbit(e.Level-a.Overall) && math.Abs(e.Effect) > 1e-9 {
				t.Fatalf("effect %v of a topic at %v among %v", e.Effect, e.Level, a.Overall)
			}
		}
	})
}

// TestSlicesAreOneFamily: where nothing says anything, in no slice more is found than in one tally; and alone each tally is what it is among others but for the correction.
func TestSlicesAreOneFamily(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 7))
	const runs = 200
	var wrong int
	for range runs {
		tallies := make([]*strength.Tally, 5)
		for i := range tallies {
			tallies[i] = strength.NewTally(100)
			for j := range 400 {
				add(t, tallies[i], j%100, []string{string(rune('a' + r.IntN(5)))}, float64(100*(r.IntN(3)-1)))
			}
		}
		all, err := strength.JudgeAll(tallies, 0.95)
		if err != nil {
			t.Fatal(err)
		}
		found := false
		for i, got := range all {
			if got.Family != 25 {
				t.Fatalf("a family of %d", got.Family)
			}
			alone, err := strength.Judge(tallies[i], 0.95)
			if err != nil {
				t.Fatal(err)
			}
			if alone.Overall != got.Overall || len(alone.Effects) != len(got.Effects) || alone.Family != 5 {
				t.Fatalf("%+v, alone %+v", got, alone)
			}
			found = found || slices.ContainsFunc(got.Effects, func(e strength.Effect) bool { return e.Verdict != strength.Neither })
		}
		if found {
			wrong++
		}
	}
	if rate := float64(wrong) / runs; rate > 0.11 {
		t.Errorf("%.3f of the runs find something", rate)
	}
}

// TestWeightsCountAsRepeats: weights of 2 and 1 give the levels and effects of responses that came twice and once.
func TestWeightsCountAsRepeats(t *testing.T) {
	weighted, repeated := strength.NewTally(20), strength.NewTally(20)
	for i := range 120 {
		topic, value, weight := []string{"a", "b", "c"}[i%3], float64((i*i+3*i)%11), float64(1+i%2)
		if err := weighted.Add(i%20, []string{topic}, value, weight); err != nil {
			t.Fatal(err)
		}
		for range int(weight) {
			add(t, repeated, i%20, []string{topic}, value)
		}
	}
	a, err := strength.Judge(weighted, 0.95)
	if err != nil {
		t.Fatal(err)
	}
	b, err := strength.Judge(repeated, 0.95)
	if err != nil {
		t.Fatal(err)
	}
	for i, e := range a.Effects {
		o := b.Effects[i]
		if e.Value != o.Value || math.Abs(e.Effect-o.Effect) > 1e-9 || math.Abs(e.Level-o.Level) > 1e-9 || e.SE == nil || o.SE == nil || math.Abs(*e.SE-*o.SE) > 1e-9 {
			t.Errorf("%+v, repeated %+v", e, o)
		}
	}
}
