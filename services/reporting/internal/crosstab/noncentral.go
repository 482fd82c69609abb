package crosstab

import (
	"math"

	"gonum.org/v1/gonum/mathext"
)

// precision is that of λ, relative to it.
const precision = 1e-10

// noncentrality is the λ ≥ 0 at which a noncentral chi-square variable is at most x with probability p; 0 where it is less likely than that even without
// noncentrality.
func noncentrality(x, df, p float64) float64 {
	over := func(lambda float64) float64 { return noncentralCDF(x, df, lambda) - p }
	low, overLow := 0.0, over(0)
	if overLow <= 0 {
		return 0
	}
	// The probability falls with λ; five deviations from where the mean is x it is as good as 0 or 1.
	deviation := math.Sqrt(2 * (df + 2*x))
	if nearer := x - df - 5*deviation; nearer > 0 {
		low, overLow = nearer, over(nearer)
	}
	high := max(1, x-df+5*deviation)
	overHigh := over(high)
	for overHigh > 0 {
		low, overLow, high = high, overHigh, 2*high
		overHigh = over(high)
	}
	// Regula falsi in its Illinois form: the side that stays counts half (Dowell and Jarratt 1971).
	stayed := 0
	for tried := 0; tried < 200 && high-low > precision*high; tried++ {
		next := (low*overHigh - high*overLow) / (overHigh - overLow)
		if !(next > low && next < high) {
			next = (low + high) / 2
		}
		switch value := over(next); {
		case value == 0:
			return next
		case value > 0:
			if low, overLow = next, value; stayed > 0 {
				overHigh /= 2
			}
			stayed = 1
		default:
			if high, overHigh = next, value; stayed < 0 {
				overLow /= 2
			}
			stayed = -1
		}
	}
	return (low + high) / 2
}

// noncentralCDF is the probability that a chi-square variable with noncentrality λ is at most x: a mixture of central ones with df + 2j degrees of freedom,
// weighted by the Poisson probabilities of j at λ/2 (Johnson, Kotz and Balakrishnan 1995, chapter 29).
func noncentralCDF(x, df, lambda float64) float64 {
	if x <= 0 {
		return 0
	}
	if lambda == 0 {
		return mathext.GammaIncReg(df/2, x/2)
	}
	// Ten deviations on either side of the mean hold all of the Poisson weight that counts. From the greatest j downwards, each central probability is that
	// of two more degrees of freedom plus a density (Abramowitz and Stegun 26.4.8): sums of what is positive lose no digits.
	mean := lambda / 2
	spread := 10*math.Sqrt(mean) + 20
	j := math.Floor(mean + spread)
	central := mathext.GammaIncReg(df/2+j, x/2)
	poisson := func(j float64) float64 {
		gamma, _ := math.Lgamma(j + 1)
		return math.Exp(j*math.Log(mean) - mean - gamma)
	}
	sum := poisson(j) * central
	for j--; j >= max(0, mean-spread); j-- {
		gamma, _ := math.Lgamma(df/2 + j + 1)
		central += math.Exp((df/2+j)*math.Log(x/2) - x/2 - gamma)
		sum += poisson(j) * central
	}
	return min(1, sum)
}
