package collector_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/otklik/otklik/services/reporting/internal/collector"
	"github.com/otklik/otklik/services/reporting/internal/refusal"
)

// add counts answers, each of a group of its own, from `first` on.
func add(t testing.TB, tally *collector.Tally, first int, part string, who collector.Side, values ...float64) {
	t.Helper()
	for i, v := range values {
		if err := tally.Add(first+i, part, who, v); err != nil {
			t.Fatal(err)
		}
	}
}

func near(t testing.TB, what string, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > 1e-9 {
		t.Errorf("%s is %.12f, want %.12f", what, got, want)
	}
}

// TestDifferenceWithinParts is worked by hand: internal is two points better at each of two shops, and asks mostly at the better one; a third shop, where only
// one collected, tells nothing within shops.
func TestDifferenceWithinParts(t *testing.T) {
	tally := collector.NewTally()
	add(t, tally, 0, "good", collector.Internal, 9, 10, 9, 10)
	add(t, tally, 4, "good", collector.External, 7, 8)
	add(t, tally, 6, "bad", collector.Internal, 4, 4)
	add(t, tally, 8, "bad", collector.External, 1, 3, 1, 3)
	add(t, tally, 12, "far", collector.External, 5, 5)
	got, err := tally.Compare(0.95)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "internal", got.Score[collector.Internal].Value, 46.0/6)
	near(t, "external", got.Score[collector.External].Value, 33.0/8)
	near(t, "difference", got.Difference.Value, 46.0/6-33.0/8)
	near(t, "within", got.Within.Value, 2)
	near(t, "mix", got.Mix.Value, 46.0/6-33.0/8-2)
	near(t, "shared", got.SharedShare, 12.0/14)
	if len(got.Parts) != 2 || got.Groups != 14 || got.Parts[0].Difference.SE != nil || got.Parts[0].Value != "bad" {
		t.Errorf("%+v", got)
	}
	// Where each answer is a group of its own the standard error of a mean is s/√n: with G groups of which m hold it, the jackknife over all G has (G-1)/G in place of (m-1)/m.
	var squares float64
	for _, v := range []float64{9, 10, 9, 10, 4, 4} {
		squares += (v - 46.0/6) * (v - 46.0/6)
	}
	near(t, "standard error", *got.Score[collector.Internal].SE, math.Sqrt(13.0/14*squares/25))
}

// TestOneSideOnly: without answers of both there is nothing to compare; without a part that has both there is no difference within, and a caution.
func TestOneSideOnly(t *testing.T) {
	tally := collector.NewTally()
	add(t, tally, 0, "a", collector.Internal, 5, 6, 7)
	var refused *refusal.Error
	if _, err := tally.Compare(0.95); !errors.As(err, &refused) || refused.Reason != refusal.NoData {
		t.Fatalf("%v", err)
	}
	add(t, tally, 3, "b", collector.External, 1, 2, 3)
	got, err := tally.Compare(0.95)
	if err != nil {
		t.Fatal(err)
	}
	if got.Within != nil || got.Mix != nil || len(got.Parts) != 0 || !slices.Equal(got.Cautions, []collector.Caution{collector.NoneShared}) {
		t.Errorf("%+v", got)
	}
	for i := range collector.MostParts - 2 {
		add(t, tally, i%200, fmt.Sprint(i), collector.Internal, 1)
	}
	if err := tally.Add(0, "one more", collector.Internal, 1); !errors.As(err, &refused) || refused.Reason != refusal.TooMany {
		t.Errorf("%v", err)
	}
}

// TestIntervalsHold: where respondents answer three times each, alike, and both collect at 20 shops that differ, in other proportions, 95 % intervals of the
// difference within shops hold the truth in 92 to 98 of 100 cases, and mix, which there is, is told.
func TestIntervalsHold(t *testing.T) {
	const rounds, truth = 300, 0.7
	held, told := 0, 0
	r := rand.New(rand.NewPCG(7, 11))
	for range rounds {
		tally := collector.NewTally()
		for range 500 {
			shop, own, group := r.IntN(20), r.NormFloat64(), r.IntN(200)
			for range 3 {
				who := collector.External
				if r.Float64() < 0.1+0.04*float64(shop) {
					who = collector.Internal
				}
				value := float64(shop)/5 + own + r.NormFloat64()
				if who == collector.Internal {
					value += truth
				}
				if err := tally.Add(group, fmt.Sprint(shop), who, value); err != nil {
					t.Fatal(err)
				}
			}
		}
		got, err := tally.Compare(0.95)
		if err != nil {
			t.Fatal(err)
		}
		if got.Within.Interval.Contains(truth) {
			held++
		}
		if slices.Contains(got.Cautions, collector.MixDiffers) {
			told++
		}
	}
	if held < rounds*92/100 || held > rounds*98/100 || told < rounds*99/100 {
		t.Errorf("%d of %d intervals hold the truth, mix was told %d times", held, rounds, told)
	}
}
