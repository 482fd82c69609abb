package alert_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"reflect"
	"strconv"
	"testing"

	"github.com/otklik/otklik/services/scoring/internal/alert"
	"github.com/otklik/otklik/services/scoring/internal/histogram"
)

func judge(t *testing.T, p alert.Params, scale alert.Scale, days int, family ...alert.Series) []alert.Verdict {
	t.Helper()
	vs, err := alert.Judge(p, scale, family, day(days))
	if err != nil {
		t.Fatal(err)
	}
	return vs
}

// TestTheEWMAByHand computes a small chart step by step.
func TestTheEWMAByHand(t *testing.T) {
	t.Parallel()
	scale := alert.Scale{Min: 1, Max: 5}
	p := alert.Params{Least: 1, Baseline: alert.Baseline{First: 2}}.WithDefaults()
	s := alert.Series{}
	for i, h := range []histogram.Histogram{
		histogram.Of(300, 400, 500, 400), histogram.Of(300, 300, 500, 400), // baseline: n 8, mean 3.875
		histogram.Of(200, 300, 300, 400), histogram.Of(100, 300, 200, 200, 300, 200, 100, 300, 400),
	} {
		s.Periods = append(s.Periods, alert.Period{Start: day(i), End: day(i + 1), Answers: h})
	}
	got := judge(t, p, scale, 4, s)[0]
	x1, x2, m := 3.0, 21.0/9, 31.0/8
	e := 0.7*0.3*2*(x1-m) + 0.3*3*(x2-m)
	reach := 0.7*0.3*2 + 0.3*3
	variance := 0.3*0.3*(1+0.7*0.7) + reach*reach/8
	var all histogram.Histogram
	for _, q := range s.Periods {
		all.Merge(q.Answers)
	}
	sigma := math.Sqrt(all.Variance()) / 100
	for name, pair := range map[string][2]float64{
		"statistic": {got.Statistic, e / sigma / math.Sqrt(variance)}, "change": {got.Change, e / reach}, "baseline": {got.Baseline, m},
		"level": {got.Level, m + e/reach}, "n": {float64(got.N), 13}, "baseline n": {float64(got.BaselineN), 8},
	} {
		if math.Abs(pair[0]-pair[1]) > 1e-12 {
			t.Errorf("%s is %v, want %v", name, pair[0], pair[1])
		}
	}
	if got.Interval == nil || !got.Interval.Contains(got.Change) || !got.Onset.Equal(day(2)) {
		t.Errorf("interval %v, onset %v", got.Interval, got.Onset)
	}
}

func TestFewAnswers(t *testing.T) {
	t.Parallel()
	pop := nps(0.5, 0.3, 0.2)
	rng := rand.New(rand.NewPCG(1, 1))
	p := alert.Params{Least: 10}.WithDefaults()
	s := alert.Series{Unit: "few", Periods: pop.periods(0, 40, 4, rng)}
	// Three periods of 4 make one of 12: eight of those are the baseline, the ninth is complete with the 27th period.
	for days, want := range map[int]int{24: 0, 26: 0, 27: 1, 28: 0, 29: 0, 30: 1} {
		if got := judge(t, p, pop.scale, days, until([]alert.Series{s}, days)...); len(got) != want {
			t.Errorf("after %d days %d verdicts, want %d", days, len(got), want)
		}
	}
	none := alert.Series{Unit: "none"}
	empty := alert.Series{Unit: "empty", Periods: []alert.Period{{Start: day(0), End: day(1)}}}
	if got := judge(t, p, pop.scale, 1, none, empty); len(got) != 0 {
		t.Errorf("without answers: %+v", got)
	}
}

func TestEqualAnswers(t *testing.T) {
	t.Parallel()
	always := nps(1, 0, 0)
	rng := rand.New(rand.NewPCG(1, 1))
	for _, method := range []alert.Method{alert.EWMA, alert.CUSUM} {
		got := judge(t, alert.Params{Method: method}.WithDefaults(), always.scale, 20, alert.Series{Periods: always.periods(0, 20, 50, rng)})
		if len(got) != 1 || got[0].P != 1 || got[0].Outside || got[0].Change != 0 || got[0].Interval != nil {
			t.Errorf("%+v", got)
		}
	}
}

func TestBaselines(t *testing.T) {
	t.Parallel()
	pop := mean(alert.Scale{Min: 1, Max: 5}, 0.05, 0.05, 0.15, 0.35, 0.4)
	level := 1*0.05 + 2*0.05 + 3*0.15 + 4*0.35 + 5*0.4
	for name, b := range map[string]alert.Baseline{
		"first periods": {First: 8}, "a fixed period": {Start: day(-30), End: day(0)}, "a value": {Value: &level},
	} {
		for _, method := range []alert.Method{alert.EWMA, alert.CUSUM} {
			t.Run(name+" "+strconv.Itoa(int(method)), func(t *testing.T) {
				t.Parallel()
				p := alert.Params{Method: method, Least: 1, Baseline: b}.WithDefaults()
				if err := p.Check(); err != nil {
					t.Fatal(err)
				}
				var c tally
				for seed := range uint64(40) {
					rng := rand.New(rand.NewPCG(seed, 2))
					family := pop.family(10, 18, 12, rng)
					for i := range family {
						family[i].Baseline = pop.draw(200, rng)
					}
					c.run(t, p, pop.scale, family, 9, 18)
				}
				t.Logf("of %d evaluations %d with units outside, %d raised", c.evaluations, c.outside, c.raised)
				if c.raised > c.evaluations/20 {
					t.Errorf("of %d evaluations %d raise something", c.evaluations, c.raised)
				}
				rng := rand.New(rand.NewPCG(1, 2))
				s := alert.Series{Baseline: pop.draw(200, rng), Periods: append(pop.periods(0, 12, 50, rng), pop.shifted(1).periods(12, 15, 50, rng)...)}
				got := judge(t, p, pop.scale, 15, s)
				if len(got) != 1 || !got[0].Outside || got[0].Change > -0.3 {
					t.Errorf("a fall by one standard deviation: %+v", got)
				}
			})
		}
	}
}

// TestTheIntervalHoldsTheChange: of the changes that last, about 95 % of the intervals hold the true size.
func TestTheIntervalHoldsTheChange(t *testing.T) {
	t.Parallel()
	pop := mean(alert.Scale{Min: 1, Max: 5}, 0.05, 0.05, 0.15, 0.35, 0.4)
	true1 := -0.5 * pop.sigma()
	rng := rand.New(rand.NewPCG(9, 9))
	const runs = 400
	held := 0
	for range runs {
		s := alert.Series{Periods: append(pop.periods(0, 8, 30, rng), pop.shifted(0.5).periods(8, 40, 30, rng)...)}
		if i := judge(t, alert.Params{}.WithDefaults(), pop.scale, 40, s)[0].Interval; i.Contains(true1) {
			held++
		}
	}
	if share := float64(held) / runs; math.Abs(share-0.95) > 4*math.Sqrt(0.05*0.95/runs) {
		t.Errorf("%.3f of the intervals hold the change", share)
	}
}

// TestPanelsGoOn: judging one period after the other says the same as judging each from the beginning.
func TestPanelsGoOn(t *testing.T) {
	t.Parallel()
	pop := nps(0.5, 0.3, 0.2)
	value := 25.0
	for _, method := range []alert.Method{alert.EWMA, alert.CUSUM} {
		for _, b := range []alert.Baseline{{First: 4}, {Start: day(0), End: day(3)}, {Value: &value}} {
			p := alert.Params{Method: method, Least: 12, Baseline: b}.WithDefaults()
			rng := rand.New(rand.NewPCG(4, 4))
			family := append(pop.family(3, 30, 30, rng), pop.family(2, 30, 7, rng)...)
			for i := range family {
				family[i].Baseline = pop.draw(100, rng)
			}
			panel := alert.NewPanel(p, pop.scale, family)
			for d := 1; d <= 30; d++ {
				got, err := panel.Judge(day(d))
				if err != nil {
					t.Fatal(err)
				}
				want := judge(t, p, pop.scale, d, until(family, d)...)
				if !reflect.DeepEqual(got, want) {
					t.Fatalf("day %d: %+v, want %+v", d, got, want)
				}
			}
		}
	}
}

func TestParamsAreChecked(t *testing.T) {
	t.Parallel()
	for field, p := range map[string]alert.Params{
		"method": {Method: 9}, "lambda": {Lambda: 1.5}, "limit": {Limit: 7}, "reference_value": {Method: alert.CUSUM, Reference: 9}, "q": {Q: 0.2},
		"least_answers": {Least: -1}, "resolve_after": {ResolveAfter: 99}, "baseline.first_periods.count": {Baseline: alert.Baseline{First: 1}},
		"baseline.period": {Baseline: alert.Baseline{End: day(1)}},
	} {
		var refusal *alert.FieldError
		if err := p.WithDefaults().Check(); !errors.As(err, &refusal) || refusal.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
	for _, m := range []alert.Method{alert.EWMA, alert.CUSUM} {
		if err := (alert.Params{Method: m}).WithDefaults().Check(); err != nil {
			t.Error(err)
		}
	}
}
