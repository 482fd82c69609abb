package stat

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// MaxRanked bounds the number of estimates that are ranked: all pairs of them are compared.
const MaxRanked = 2000

// Place is the place of an estimate among others, the greatest being the first.
type Place struct {
	// Rank is 1 more than the number of greater estimates; equal estimates share it.
	Rank int
	// Best and Worst are the ends of its confidence interval. Those of all estimates hold together: with the probability of the level every true place
	// lies within its interval.
	Best, Worst int
}

// Places ranks estimates and says how far the data tell their places. p is the two-sided p-value of the difference between two estimates, NaN where
// there is none; the sign of the difference is that of the estimates.
//
// Each pair stands for two one-sided hypotheses, that either is not the greater one. They are tested together by Holm's procedure, which keeps the
// probability of any false decision on who is greater, however the tests depend on each other. If no decision is false, a place lies between 1 more
// than the number of those found greater and n less the number of those found less (Al Mohamad, van Zwet, Solari and Goeman 2022, Biometrics 78(1),
// who derive it for tests of all pairs).
func Places(estimates []float64, p func(i, j int) float64, level float64) ([]Place, error) {
	if err := checkLevel(level); err != nil {
		return nil, fmt.Errorf("rank: %w", err)
	}
	n := len(estimates)
	if n > MaxRanked || !finite(estimates...) {
		return nil, fmt.Errorf("rank %d estimates, of at most %d that are numbers: %w", n, MaxRanked, ErrArgument)
	}
	places := make([]Place, n)
	order := make([]int, n)
	for i := range order {
		order[i] = i
		places[i].Best, places[i].Worst = 1, n
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(estimates[b], estimates[a]) })
	for at, i := range order {
		places[i].Rank = at + 1
		if at > 0 && estimates[order[at-1]] == estimates[i] {
			places[i].Rank = places[order[at-1]].Rank
		}
	}
	var tests []float64
	var pairs [][2]int
	for at, greater := range order {
		for _, less := range order[at+1:] {
			if x := p(greater, less); !math.IsNaN(x) && estimates[greater] > estimates[less] {
				tests, pairs = append(tests, x/2), append(pairs, [2]int{greater, less})
			}
		}
	}
	adjusted, err := Holm(tests, n*(n-1))
	if err != nil {
		return nil, fmt.Errorf("rank: %w", err)
	}
	for i, x := range adjusted {
		if x <= 1-level {
			places[pairs[i][0]].Worst--
			places[pairs[i][1]].Best++
		}
	}
	return places, nil
}
