package stat

import (
	"fmt"
	"math"
)

// Pseudo-observations of the adjusted interval: three in all, of which three quarters fall on either side.
const (
	adjustTotal = 3.0
	adjustSide  = 0.75
)

// ShareDifference is the difference of two shares of one sample: of N independent observations, Plus fell into one class,
// Minus into another and the rest into neither (a multinomial with two classes of interest). The difference is
// (Plus-Minus)/N, from -1 to 1.
type ShareDifference struct {
	// Plus and Minus count the observations of either class; Plus ≥ 0, Minus ≥ 0, Plus + Minus ≤ N.
	Plus, Minus float64
	// N counts all observations.
	N float64
}

// Check returns an error that wraps ErrArgument when the counts are impossible.
func (d ShareDifference) Check() error {
	if !finite(d.Plus, d.Minus, d.N) || d.Plus < 0 || d.Minus < 0 || d.Plus+d.Minus > d.N {
		return fmt.Errorf("share difference of %v and %v in %v: %w", d.Plus, d.Minus, d.N, ErrArgument)
	}
	return nil
}

// Estimate is (Plus-Minus)/N; NaN when N is 0.
func (d ShareDifference) Estimate() float64 { return (d.Plus - d.Minus) / d.N }

// Variance is the variance of one observation coded +1, 0, -1: p + m - (p-m)², never negative; NaN when N is 0.
func (d ShareDifference) Variance() float64 {
	e := d.Estimate()
	return max(0, (d.Plus+d.Minus)/d.N-e*e)
}

// StandardError is sqrt(Variance/N), the maximum-likelihood estimate; NaN when N is 0.
func (d ShareDifference) StandardError() float64 { return math.Sqrt(d.Variance() / d.N) }

// Adjusted is d with three pseudo-observations more, three quarters of one on either side. Intervals and tests by the
// adjusted counts keep their level in small samples (Bonett and Price 2012; Rocks 2016, The American Statistician 70(4)).
func (d ShareDifference) Adjusted() ShareDifference {
	return ShareDifference{Plus: d.Plus + adjustSide, Minus: d.Minus + adjustSide, N: d.N + adjustTotal}
}

// AdjustedWald is the adjusted Wald interval, clipped to [-1, 1]. It is defined for every sample with N > 0, also for one
// without variance. Its center is the adjusted estimate, which lies nearer to 0: where z² < 2(N+3)/(N+1) it can miss an
// unadjusted estimate at ±1. At level 0.95 that is the case for N = 1 only.
func (d ShareDifference) AdjustedWald(level float64) (Interval, error) {
	if err := d.checkSample(level, 0); err != nil {
		return Interval{}, fmt.Errorf("adjusted Wald interval: %w", err)
	}
	a := d.Adjusted()
	return around(a.Estimate(), CriticalZ(level)*a.StandardError()).Clip(-1, 1), nil
}

// Wald is estimate ± z·standard error, clipped to [-1, 1]. ErrUndefined when the sample has no variance: the formula would
// give an interval of width 0, which claims a certainty that the data do not hold.
func (d ShareDifference) Wald(level float64) (Interval, error) {
	if err := d.checkSample(level, 0); err != nil {
		return Interval{}, fmt.Errorf("Wald interval: %w", err)
	}
	if d.Variance() == 0 {
		return Interval{}, fmt.Errorf("Wald interval without variance: %w", ErrUndefined)
	}
	return around(d.Estimate(), CriticalZ(level)*d.StandardError()).Clip(-1, 1), nil
}

// TrinomialT is the t-interval of the mean of the observations coded +1, 0, -1, with their sample variance (divisor N-1)
// and N-1 degrees of freedom, clipped to [-1, 1]. ErrUndefined when N < 2 or the sample has no variance.
func (d ShareDifference) TrinomialT(level float64) (Interval, error) {
	if err := d.checkSample(level, 1); err != nil {
		return Interval{}, fmt.Errorf("trinomial t-interval: %w", err)
	}
	if d.Variance() == 0 {
		return Interval{}, fmt.Errorf("trinomial t-interval without variance: %w", ErrUndefined)
	}
	half := CriticalT(level, d.N-1) * math.Sqrt(d.Variance()/(d.N-1))
	return around(d.Estimate(), half).Clip(-1, 1), nil
}

// checkSample refuses impossible arguments and samples of at most `above` observations.
func (d ShareDifference) checkSample(level, above float64) error {
	if err := checkLevel(level); err != nil {
		return err
	}
	if err := d.Check(); err != nil {
		return err
	}
	if d.N <= above {
		return fmt.Errorf("%v observations: %w", d.N, ErrUndefined)
	}
	return nil
}

// Test is the outcome of a two-sided test of no difference.
type Test struct {
	// Statistic is z, or t when DF is set.
	Statistic float64
	// DF is the degrees of freedom of a t statistic; 0 for z.
	DF float64
	// P is the two-sided p-value, from 0 to 1.
	P float64
}

// AdjustedDifference compares the share differences of two independent samples.
type AdjustedDifference struct {
	// Difference is that of the adjusted estimates, from -2 to 2, and StandardError its standard error.
	Difference, StandardError float64
	// Interval is Difference ± z·StandardError, clipped to [-2, 2].
	Interval Interval
	// Test is the z test.
	Test Test
}

// CompareShareDifferences tests whether two independent samples have the same share difference:
// z = (a-b)/sqrt(Va/na + Vb/nb) with adjusted estimates, variances and counts throughout. ErrUndefined when a sample is
// empty.
func CompareShareDifferences(a, b ShareDifference, level float64) (AdjustedDifference, error) {
	for _, d := range []ShareDifference{a, b} {
		if err := d.checkSample(level, 0); err != nil {
			return AdjustedDifference{}, fmt.Errorf("compare share differences: %w", err)
		}
	}
	a, b = a.Adjusted(), b.Adjusted()
	diff := a.Estimate() - b.Estimate()
	se := math.Sqrt(a.Variance()/a.N + b.Variance()/b.N)
	z := diff / se
	return AdjustedDifference{
		Difference:    diff,
		StandardError: se,
		Interval:      around(diff, CriticalZ(level)*se).Clip(-2, 2),
		Test:          Test{Statistic: z, P: PValueZ(z)},
	}, nil
}
