package alert_test

import (
	"math"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/otklik/otklik/services/scoring/internal/alert"
)

// family draws a family of units over some days, none of which changes.
func (p population) family(units, days, n int, rng *rand.Rand) []alert.Series {
	family := make([]alert.Series, units)
	for i := range family {
		family[i] = alert.Series{Unit: strconv.Itoa(i), Periods: p.periods(0, days, n, rng)}
	}
	return family
}

// until is what was known of a family after some days.
func until(family []alert.Series, days int) []alert.Series {
	out := make([]alert.Series, len(family))
	for i, s := range family {
		out[i] = alert.Series{Unit: s.Unit, Baseline: s.Baseline, Periods: s.Periods[:min(days, len(s.Periods))]}
	}
	return out
}

// tally counts evaluations, those in which any unit was outside, and those in which any alert was raised.
type tally struct{ evaluations, outside, raised int }

// run evaluates a family day by day after its baseline.
func (c *tally) run(t *testing.T, p alert.Params, scale alert.Scale, family []alert.Series, first, days int) {
	t.Helper()
	rule, panel := &alert.Rule{Params: p}, alert.NewPanel(p, scale, family)
	var open []alert.Alert
	for d := first; d <= days; d++ {
		vs, err := panel.Judge(day(d))
		if err != nil {
			t.Fatal(err)
		}
		outside, raised := false, false
		for _, v := range vs {
			outside = outside || v.Outside
		}
		var next []alert.Alert
		for _, u := range rule.Advance(open, alert.Evaluation{End: day(d), AsOf: day(d), Verdicts: vs}) {
			raised = raised || u.Kind == alert.Opened
			if u.Alert.State != alert.Resolved {
				next = append(next, u.Alert)
			}
		}
		open = next
		c.evaluations++
		if outside {
			c.outside++
		}
		if raised {
			c.raised++
		}
	}
}

// TestNoChangeIsSeldomRaised: at most 5 % of a family's evaluations raise anything when nothing changes, whatever is measured, of however many units, from
// however many answers.
func TestNoChangeIsSeldomRaised(t *testing.T) {
	t.Parallel()
	populations := []population{nps(0.5, 0.3, 0.2), nps(0.9, 0.05, 0.05), mean(alert.Scale{Min: 1, Max: 5}, 0.05, 0.05, 0.15, 0.35, 0.4)}
	for name, method := range map[string]alert.Method{"EWMA": alert.EWMA, "CUSUM": alert.CUSUM} {
		for units, families := range map[int]int{1: 40, 20: 12, 500: 1} {
			t.Run(name+" of "+strconv.Itoa(units), func(t *testing.T) {
				t.Parallel()
				p := alert.Params{Method: method, Least: 1}.WithDefaults()
				var all tally
				for i, pop := range populations {
					for _, n := range []int{5, 50, 500} {
						var c tally
						rng := rand.New(rand.NewPCG(uint64(10*n+i), uint64(units)))
						for range families {
							const first, days = alert.DefaultFirst + 1, alert.DefaultFirst + 12
							c.run(t, p, pop.scale, pop.family(units, days, n, rng), first, days)
						}
						t.Logf("%s, n %d: of %d evaluations %d with units outside, %d raised", pop.name, n, c.evaluations, c.outside, c.raised)
						all.evaluations, all.outside, all.raised = all.evaluations+c.evaluations, all.outside+c.outside, all.raised+c.raised
					}
				}
				share := float64(all.raised) / float64(all.evaluations)
				t.Logf("of %d evaluations %.4f raise anything, %.4f have units outside", all.evaluations, share, float64(all.outside)/float64(all.evaluations))
				// Evaluations of one family hang together: the room for chance is that of a quarter of them.
				if share > 0.05+2*math.Sqrt(0.05*0.95/(float64(all.evaluations)/4))*chance(units) {
					t.Errorf("of %d evaluations %.4f raise something", all.evaluations, share)
				}
			})
		}
	}
}

// chance is how much room is left for chance: little where many families are drawn.
func chance(units int) float64 {
	if units == 500 {
		return 1
	}
	return 0
}
