package experiment_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/otklik/otklik/services/reporting/internal/experiment"
	"github.com/otklik/otklik/services/reporting/internal/place"
)

const groups = 200

func judge(t *testing.T, tally *experiment.Tally, weighted bool, shares ...float64) *experiment.Result {
	t.Helper()
	got, err := experiment.Judge(tally, experiment.Options{Shares: shares, Level: 0.95, Power: 0.8, Weighted: weighted})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// some adds responses of respondents of their own.
func some(tally *experiment.Tally, r *rand.Rand, variant string, n int, values ...float64) {
	for range n {
		tally.Add(r.IntN(groups), variant, 1, values)
	}
}

func near(t *testing.T, what string, got, want, within float64) {
	t.Helper()
	if !(math.Abs(got-want) <= within) {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}

// TestWorkedExamples reproduces the worked examples of comparisons of scores, and the balance 100 to 100 of intended 60 to 40: χ² = 20²/120 + 20²/80.
func TestWorkedExamples(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	nan := math.NaN()
	tally := experiment.NewTally([]experiment.Outcome{{Metric: place.NPS}, {Metric: place.Share}}, groups)
	add := func(variant string, nps map[float64]int, hits, misses int) {
		var scores []float64
		for _, v := range []float64{100, 0, -100} {
			for range nps[v] {
				scores = append(scores, v)
			}
		}
		r.Shuffle(len(scores), func(i, j int) { scores[i], scores[j] = scores[j], scores[i] })
		for i, v := range scores {
			share := nan
			switch {
			case i < hits:
				share = 100
			case i < hits+misses:
				share = 0
			}
			tally.Add((i*7+len(variant))%groups, variant, 1, []float64{v, share})
		}
	}
	add("control", map[float64]int{100: 40, 0: 30, -100: 30}, 70, 30)
	add("b", map[float64]int{100: 50, 0: 30, -100: 20}, 80, 20)
	got := judge(t, tally, false, 60, 40)
	near(t, "χ²", got.Balance, 400.0/120+400.0/80, 1e-12)
	// With one degree of freedom χ² is the square of a standard normal value.
	near(t, "p of balance", got.BalanceP, math.Erfc(math.Sqrt(got.Balance/2)), 1e-12)
	nps, share := got.Outcomes[0][1], got.Outcomes[1][1]
	if got.Grouped[0] || got.Grouped[1] || got.Family != 2 {
		t.Fatalf("%+v", got)
	}
	near(t, "NPS", nps.Estimate.Value, 30, 1e-12)
	near(t, "lower", nps.Estimate.Interval.Low, 14.051130, 1e-6)
	near(t, "upper", nps.Estimate.Interval.High, 44.201297, 1e-6)
	near(t, "difference", nps.Difference.Value, 20, 1e-12)
	near(t, "p of NPS", *nps.P, 0.0832158675, 1e-10)
	near(t, "p of shares", *share.P, 0.102470434859749, 1e-12)
	near(t, "lower of shares", share.Difference.Interval.Low, -2.02493621530132, 1e-9)
	near(t, "corrected", *nps.AdjustedP, 0.102470434859749, 1e-12)
	// (1.959964 + 0.841621)·√(0.8·0.2·100²/99 + 0.7·0.3·100²/99).
	near(t, "detectable", *share.Detectable, (1.959963984540054+0.8416212335729143)*100*math.Sqrt((0.16+0.21)/99), 1e-9)
	if c := got.Outcomes[0][0]; c.Difference != nil || c.P != nil || c.Different {
		t.Errorf("the control is compared with itself: %+v", c)
	}
	if got.Few || got.Unequal || got.Mismatched != (got.BalanceP < 0.001) {
		t.Errorf("%+v", got)
	}
}

// TestEqualWeightsChangeNothing: estimates by groups with weights of 3 each are those with weights of 1.
func TestEqualWeightsChangeNothing(t *testing.T) {
	build := func(weight float64) *experiment.Tally {
		r := rand.New(rand.NewPCG(2, 2))
		tally := experiment.NewTally([]experiment.Outcome{{Metric: place.Mean, Least: 1, Most: 5}}, groups)
		for range 500 {
			tally.Add(r.IntN(groups), []string{"a", "b"}[r.IntN(2)], weight, []float64{float64(1 + r.IntN(5))})
		}
		return tally
	}
	one, three := judge(t, build(1), true, 1, 1).Outcomes[0][1], judge(t, build(3), true, 1, 1).Outcomes[0][1]
	near(t, "estimate", three.Estimate.Value, one.Estimate.Value, 1e-12)
	near(t, "standard error", *three.Difference.SE, *one.Difference.SE, 1e-12)
	near(t, "effective n", three.EffectiveN, float64(three.N), 1e-9)
	near(t, "p", *three.P, *one.P, 1e-12)
}

// coverage is how many of 95 % intervals of a difference hold the truth, and in how many experiments without a difference one is found.
func coverage(t *testing.T, runs int, run func(r *rand.Rand, tally *experiment.Tally), weighted bool, truth float64) (holds, found, mismatched float64) {
	t.Helper()
	r := rand.New(rand.NewPCG(8, 3))
	for range runs {
		tally := experiment.NewTally([]experiment.Outcome{{Metric: place.Mean, Least: 0, Most: 10}}, groups)
		tally.Expect("a")
		tally.Expect("b")
		run(r, tally)
		got := judge(t, tally, weighted, 1, 1)
		c := got.Outcomes[0][1]
		if c.Difference.Interval.Contains(truth) {
			holds++
		}
		if c.Different {
			found++
		}
		if got.BalanceP < 0.05 {
			mismatched++
		}
	}
	return holds / float64(runs), found / float64(runs), mismatched / float64(runs)
}

func within(t *testing.T, what string, rate, want float64, runs int) {
	t.Helper()
	if off := math.Abs(rate-want) / math.Sqrt(want*(1-want)/float64(runs)); off > 4 {
		t.Errorf("%s: %.3f, want about %.2f", what, rate, want)
	}
}

// TestCoverage: intervals hold the truth, and nothing is found where there is nothing, at the stated rates; for respondents who answer once, for those who answer
// four times and alike, and for weighted responses.
func TestCoverage(t *testing.T) {
	const runs = 500
	variant := func(r *rand.Rand) string { return []string{"a", "b"}[r.IntN(2)] }
	holds, found, mismatched := coverage(t, runs, func(r *rand.Rand, tally *experiment.Tally) {
		for range 400 {
			tally.Add(r.IntN(groups), variant(r), 1, []float64{float64(r.IntN(11))})
		}
	}, false, 0)
	within(t, "intervals, once each", holds, 0.95, runs)
	within(t, "found, once each", found, 0.05, runs)
	within(t, "mismatched, once each", mismatched, 0.05, runs)
	holds, found, mismatched = coverage(t, runs, func(r *rand.Rand, tally *experiment.Tally) {
		for range 200 {
			v, group, own := variant(r), r.IntN(groups), 3*r.NormFloat64()
			for range 4 {
				tally.Add(group, v, 1, []float64{min(10, max(0, 5+own+r.NormFloat64()))})
			}
		}
	}, false, 0)
	within(t, "intervals, four times each", holds, 0.95, runs)
	within(t, "found, four times each", found, 0.05, runs)
	within(t, "mismatched, four times each", mismatched, 0.05, runs)
	// Those of weight 3 answer higher where the variant is b: the weighted difference is 3·2/4.
	holds, _, _ = coverage(t, runs, func(r *rand.Rand, tally *experiment.Tally) {
		for range 600 {
			v, weight := variant(r), 1.0
			x := 4 + r.NormFloat64()
			if r.IntN(2) == 0 {
				if weight = 3; v == "b" {
					x += 2
				}
			}
			tally.Add(r.IntN(groups), v, weight, []float64{x})
		}
	}, true, 1.5)
	within(t, "intervals, weighted", holds, 0.95, runs)
}

// TestPower: a difference as great as is called detectable is found about as often as was asked for.
func TestPower(t *testing.T) {
	const runs, n = 500, 1600
	r := rand.New(rand.NewPCG(8, 4))
	// Standard deviations of 1 and 800 answers a side: (1.96 + 0.84)·√(2/800).
	truth := 2.801585218112969 * math.Sqrt(2.0/800)
	var found float64
	for range runs {
		tally := experiment.NewTally([]experiment.Outcome{{Metric: place.Mean, Least: -10, Most: 10}}, groups)
		for i := range n {
			tally.Add(r.IntN(groups), []string{"a", "b"}[i%2], 1, []float64{r.NormFloat64() + truth*float64(i%2)})
		}
		got := judge(t, tally, false, 1, 1).Outcomes[0][1]
		if math.Abs(*got.Detectable-truth)/truth > 0.25 {
			t.Fatalf("detectable is %v, want about %v", *got.Detectable, truth)
		}
		if got.Different {
			found++
		}
	}
	within(t, "found", found/runs, 0.8, runs)
}

func TestWhatIsMissing(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	tally := experiment.NewTally([]experiment.Outcome{{Metric: place.Share}}, groups)
	tally.Expect("a")
	tally.Expect("nobody")
	some(tally, r, "a", 20, 100)
	some(tally, r, "mute", 300, math.NaN())
	some(tally, r, "a", 500, math.NaN())
	got := judge(t, tally, false, 1, 1, 1)
	if !got.Few || !got.Mismatched {
		t.Errorf("%+v", got)
	}
	for v, c := range got.Outcomes[0] {
		if (c.Estimate != nil) != (v == 0) || c.Difference != nil || c.P != nil {
			t.Errorf("variant %d: %+v", v, c)
		}
	}
	for i := range experiment.MostVariants {
		tally.Add(0, string(rune('A'+i)), 1, []float64{0})
	}
	if tally.Add(0, "one more", 1, []float64{0}) {
		t.Error("there is no end of variants")
	}
}
