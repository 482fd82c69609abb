package theme

import "math"

// exactMost is the number of responses that hold a theme up to which the test is exact; beyond, the difference of the shares is as good as normal.
const exactMost = 2000

// slack is by how much a probability may exceed that of what was observed and still count as no greater: numbers that are equal differ by rounding.
const slack = 1 + 1e-7

// fisher is the two-sided p-value of Fisher's exact test of whether the shares of both periods are the same: the probability, when those who hold the theme are
// spread by chance, of all tables that are no likelier than the one observed.
func fisher(t Tally) float64 {
	hold, total := t.Recent+t.Baseline, t.RecentTotal+t.BaselineTotal
	if hold > exactMost && total-hold > exactMost {
		return normal(t)
	}
	low, high := max(0, hold-t.BaselineTotal), min(hold, t.RecentTotal)
	all := choose(total, hold)
	probability := func(recent int64) float64 {
		return math.Exp(choose(t.RecentTotal, recent) + choose(t.BaselineTotal, hold-recent) - all)
	}
	observed := probability(t.Recent) * slack
	p := 0.0
	for k := low; k <= high; k++ {
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

// normal is the two-sided p-value of the pooled z-test of two shares.
func normal(t Tally) float64 {
	n, m := float64(t.RecentTotal), float64(t.BaselineTotal)
	pooled := float64(t.Recent+t.Baseline) / (n + m)
	deviation := math.Sqrt(pooled * (1 - pooled) * (1/n + 1/m))
	if deviation == 0 {
		return 1
	}
	z := (float64(t.Recent)/n - float64(t.Baseline)/m) / deviation
	return math.Erfc(math.Abs(z) / math.Sqrt2)
}
