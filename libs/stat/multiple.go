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

// Holm adjusts the p-values of a family of tests, so that rejecting where the adjusted value is at most α keeps the probability of any false rejection
// at α, whatever the tests depend on each other (Holm 1979, Scandinavian Journal of Statistics 6). family is the number of tests in all, at least
// len(p): those that are not given are taken to have greater p-values. The result is in the order of the argument.
func Holm(p []float64, family int) ([]float64, error) {
	if family < len(p) {
		return nil, fmt.Errorf("Holm: %d p-values in a family of %d: %w", len(p), family, ErrArgument)
	}
	order := make([]int, len(p))
	for i, v := range p {
		if !(v >= 0 && v <= 1) {
			return nil, fmt.Errorf("Holm: p-value %d is %v: %w", i, v, ErrArgument)
		}
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(p[a], p[b]) })
	adjusted := make([]float64, len(p))
	var most float64
	for rank, i := range order {
		most = max(most, min(1, p[i]*float64(family-rank)))
		adjusted[i] = most
	}
	return adjusted, nil
}
