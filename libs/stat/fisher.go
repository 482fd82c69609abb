package stat

import "math"

// slack is by how much a probability may exceed that of what was observed and still count as no greater: numbers that are equal differ by rounding.
const slack = 1 + 1e-7

// FisherExact is the two-sided p-value of Fisher's exact test of a table of two rows (a, b and c, d): the probability, when margins are given and rows and
// columns are independent, of all tables that are no likelier than this one (Fisher 1935; as in most programs). It takes as many steps as the least margin
// is great. NaN when a count is negative.
func FisherExact(a, b, c, d int64) float64 {
	if min(a, b, c, d) < 0 {
		return math.NaN()
	}
	row, column, total := a+b, a+c, a+b+c+d
	all := choose(total, column)
	probability := func(k int64) float64 { return math.Exp(choose(row, k) + choose(total-row, column-k) - all) }
	observed := probability(a) * slack
	var p float64
	for k := max(0, column-(total-row)); k <= min(column, row); k++ {
		if q := probability(k); q <= observed {
			p += q
		}
	}
	return min(1, p)
}

// choose is the logarithm of the number of ways to choose k of n.
func choose(n, k int64) float64 {
	a, _ := math.Lgamma(float64(n + 1))
	b, _ := math.Lgamma(float64(k + 1))
	c, _ := math.Lgamma(float64(n - k + 1))
	return a - b - c
}
