package stat

import (
	"math"

	"gonum.org/v1/gonum/mathext"
	"gonum.org/v1/gonum/stat/distuv"
)

// largeDF is the number of degrees of freedom from which Student's t is computed by its expansion around the normal
// distribution: there it is exact to 1e-14, while the incomplete beta function begins to lose digits.
const largeDF = 1e5

// farTail is the value of t²/df beyond which the expansion of the distribution is not used.
const farTail = 0.01

// NormalCDF is the probability that a standard normal variable is at most x.
func NormalCDF(x float64) float64 { return 0.5 * math.Erfc(-x/math.Sqrt2) }

// NormalQuantile is the value that a standard normal variable stays below with probability p, 0 < p < 1; NaN outside.
// NormalQuantile(0.975) = 1.959963984540054.
func NormalQuantile(p float64) float64 {
	if !(p > 0 && p < 1) {
		return math.NaN()
	}
	return mathext.NormalQuantile(p)
}

// TCDF is the probability that a variable of Student's t distribution with df > 0 degrees of freedom is at most x.
func TCDF(x, df float64) float64 {
	if !(df > 0) {
		return math.NaN()
	}
	if df >= largeDF && x*x < farTail*df {
		return NormalCDF(tToNormal(x, df))
	}
	return distuv.StudentsT{Mu: 0, Sigma: 1, Nu: df}.CDF(x)
}

// TQuantile is the value that a variable of Student's t distribution with df > 0 degrees of freedom stays below with
// probability p, 0 < p < 1; NaN outside.
func TQuantile(p, df float64) float64 {
	if !(p > 0 && p < 1) || !(df > 0) {
		return math.NaN()
	}
	if df >= largeDF {
		return tExpansion(NormalQuantile(p), df)
	}
	t := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: df}
	x := t.Quantile(p)
	// The library inverts the incomplete beta function to about ten digits; two steps of Newton's method bring the rest.
	for range 2 {
		if density := t.Prob(x); finite(x) && density > 0 {
			x -= (t.CDF(x) - p) / density
		}
	}
	return x
}

// tExpansion is the Cornish-Fisher expansion of the t quantile around the normal quantile z (Abramowitz and Stegun, 26.7.5).
func tExpansion(z, df float64) float64 {
	z2 := z * z
	g1 := z * (z2 + 1) / 4
	g2 := z * (5*z2*z2 + 16*z2 + 3) / 96
	return z + g1/df + g2/(df*df)
}

// tToNormal is the inverse of tExpansion to the same order: the normal value in the place of t.
func tToNormal(t, df float64) float64 {
	t2 := t * t
	h1 := t * (t2 + 1) / 4
	h2 := t * (13*t2*t2 + 8*t2 + 3) / 96
	return t - h1/df + h2/(df*df)
}

// CriticalZ is the half-width, in standard errors, of a two-sided normal interval: 1.959963984540054 for level 0.95.
func CriticalZ(level float64) float64 { return -NormalQuantile((1 - level) / 2) }

// CriticalT is the half-width, in standard errors, of a two-sided interval by Student's t with df degrees of freedom.
func CriticalT(level, df float64) float64 { return -TQuantile((1-level)/2, df) }

// PValueZ is the two-sided p-value of a standard normal statistic.
func PValueZ(z float64) float64 { return math.Erfc(math.Abs(z) / math.Sqrt2) }

// PValueT is the two-sided p-value of a statistic that has Student's t distribution with df degrees of freedom.
func PValueT(t, df float64) float64 { return 2 * TCDF(-math.Abs(t), df) }
