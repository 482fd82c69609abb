package stat

import (
	"cmp"
	"fmt"
	"slices"
)

// BenjaminiHochberg adjusts the p-values of a family of tests, so that rejecting where the adjusted value is at most q
// keeps the false discovery rate at q (Benjamini and Hochberg 1995; step-up, independent or positively dependent tests).
// The result is in the order of the argument; each value is at least the p-value it belongs to and at most 1.
func BenjaminiHochberg(p []float64) ([]float64, error) {
	order := make([]int, len(p))
	for i, v := range p {
		if !(v >= 0 && v <= 1) {
			return nil, fmt.Errorf("Benjamini-Hochberg: p-value %d is %v: %w", i, v, ErrArgument)
		}
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(p[a], p[b]) })
	adjusted := make([]float64, len(p))
	least := 1.0
	for rank := len(order); rank >= 1; rank-- {
		i := order[rank-1]
		least = min(least, p[i]*float64(len(p))/float64(rank))
		adjusted[i] = max(least, p[i])
	}
	return adjusted, nil
}
