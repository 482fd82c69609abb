package stat

import (
	"fmt"
	"math"
)

// Jackknife is the delete-a-group jackknife (Kott 2001, Journal of Official Statistics 17(4); Wolter 2007, Introduction to Variance Estimation,
// chapter 4): `all` is an estimate from all observations, others[g] the same estimate without random group g, and the variance is
//
//	(G-1)/G · Σ (others[g] - all)²
//
// with G-1 degrees of freedom. It holds for every smooth estimate. Observations that are not independent belong in one group. Groups that hold no
// observation are not among the others: where each observation is a group of its own it is the jackknife, which for a mean is s/√n exactly.
//
// ErrUndefined when there are fewer than two groups or an estimate is not defined, which NaN says.
func Jackknife(all float64, others []float64) (Mean, error) {
	m := Mean{Estimate: all}
	if !finite(all) || len(others) < 2 {
		return m, fmt.Errorf("jackknife of %v without each of %d groups: %w", all, len(others), ErrUndefined)
	}
	var squares float64
	for g, x := range others {
		if !finite(x) {
			return m, fmt.Errorf("jackknife: there is no estimate without group %d: %w", g, ErrUndefined)
		}
		squares += (x - all) * (x - all)
	}
	g := float64(len(others))
	m.StandardError, m.DF = math.Sqrt((g-1)/g*squares), g-1
	return m, nil
}
