package theme

import (
	"cmp"
	"math"
	"slices"

	"github.com/otklik/otklik/libs/stat"
)

// priorWeight is how many responses the prior counts as: what is known of both periods together, so that rare themes are not taken for news.
const priorWeight = 10

// intervalLevel is the confidence level of the interval of a change.
const intervalLevel = 0.95

// Tally is how many responses hold a theme in the recent period and in the one before, and how many responses there are.
type Tally struct {
	Recent, RecentTotal, Baseline, BaselineTotal int64
}

// Change is how the odds of a theme changed.
type Change struct {
	Tally
	// LogOdds is the logarithm of the ratio of the odds, recent to baseline, shrunk by the prior; positive when the theme emerges.
	LogOdds  float64
	Interval stat.Interval
	// P is the two-sided p-value of Fisher's exact test, Q the one adjusted for all themes that were tested.
	P, Q float64
}

// Test tests tallies for change and adjusts for their number (Benjamini and Hochberg 1995). Tallies of fewer than least responses in both periods together are
// not tested. The result has the index of each tally that was tested, with its change, the surest first.
//
// How much it changed is told by the log-odds-ratio with an informative Dirichlet prior (Monroe, Colaresi and Quinn 2008, equations 16, 19 and 22), whose prior is
// the share of the theme in both periods together; since a response holds a theme or does not, the variance has the terms of both. Whether it changed is tested
// exactly: themes that emerge are often those that nobody wrote of before, where that variance says little.
func Test(tallies []Tally, least int64) (changes map[int]Change, order []int, err error) {
	changes = make(map[int]Change)
	var p []float64
	for i, t := range tallies {
		if t.Recent+t.Baseline < least || t.RecentTotal == 0 || t.BaselineTotal == 0 {
			continue
		}
		c := change(t)
		changes[i] = c
		order, p = append(order, i), append(p, c.P)
	}
	if len(p) == 0 {
		return changes, nil, nil
	}
	q, err := stat.BenjaminiHochberg(p)
	if err != nil {
		return nil, nil, err
	}
	for k, i := range order {
		c := changes[i]
		c.Q = q[k]
		changes[i] = c
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(changes[a].Q, changes[b].Q), cmp.Compare(math.Abs(changes[b].LogOdds), math.Abs(changes[a].LogOdds)))
	})
	return changes, order, nil
}

func change(t Tally) Change {
	share := float64(t.Recent+t.Baseline) / float64(t.RecentTotal+t.BaselineTotal)
	with, without := priorWeight*share, priorWeight*(1-share)
	recentWith, recentWithout := float64(t.Recent)+with, float64(t.RecentTotal-t.Recent)+without
	baseWith, baseWithout := float64(t.Baseline)+with, float64(t.BaselineTotal-t.Baseline)+without
	c := Change{Tally: t, P: 1}
	if without == 0 {
		// Everybody holds it, always.
		return c
	}
	c.LogOdds = math.Log(recentWith/recentWithout) - math.Log(baseWith/baseWithout)
	deviation := math.Sqrt(1/recentWith + 1/recentWithout + 1/baseWith + 1/baseWithout)
	c.P = fisher(t)
	z := stat.CriticalZ(intervalLevel)
	c.Interval = stat.Interval{Low: c.LogOdds - z*deviation, High: c.LogOdds + z*deviation}
	return c
}
