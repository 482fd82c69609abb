package stat

import (
	"fmt"
	"math"
)

// Moments describe a sample of numbers: all that its mean's interval and test need.
type Moments struct {
	// N counts the observations.
	N float64
	// Mean is their arithmetic mean.
	Mean float64
	// Variance is the sample variance (divisor N-1), ≥ 0; ignored when N < 2.
	Variance float64
}

// Check returns an error that wraps ErrArgument when the moments are impossible.
func (m Moments) Check() error {
	if !finite(m.N, m.Mean, m.Variance) || m.N < 0 || m.Variance < 0 {
		return fmt.Errorf("moments n=%v mean=%v variance=%v: %w", m.N, m.Mean, m.Variance, ErrArgument)
	}
	return nil
}

// StandardError is sqrt(Variance/N). ErrUndefined when N < 2.
func (m Moments) StandardError() (float64, error) {
	if err := m.Check(); err != nil {
		return 0, fmt.Errorf("standard error of the mean: %w", err)
	}
	if m.N < 2 {
		return 0, fmt.Errorf("standard error of the mean of %v: %w", m.N, ErrUndefined)
	}
	return math.Sqrt(m.Variance / m.N), nil
}

// Interval is the t-interval of the mean, mean ± t·s/√N with N-1 degrees of freedom. ErrUndefined when N < 2 or the
// variance is 0.
func (m Moments) Interval(level float64) (Interval, error) {
	if err := checkLevel(level); err != nil {
		return Interval{}, fmt.Errorf("interval of the mean: %w", err)
	}
	se, err := m.StandardError()
	if err != nil {
		return Interval{}, fmt.Errorf("interval of the mean: %w", err)
	}
	if se == 0 {
		return Interval{}, fmt.Errorf("interval of the mean without variance: %w", ErrUndefined)
	}
	return around(m.Mean, CriticalT(level, m.N-1)*se), nil
}

// MeanDifference compares two independent means.
type MeanDifference struct {
	// Difference is a-b, and StandardError its standard error without the assumption of equal variances.
	Difference, StandardError float64
	// Interval is Difference ± t·StandardError.
	Interval Interval
	// Test is Welch's t test with Satterthwaite's degrees of freedom.
	Test Test
}

// Welch compares the means of two independent samples without assuming equal variances (Welch 1947). ErrUndefined when a
// sample has fewer than two observations or neither has variance.
func Welch(a, b Moments, level float64) (MeanDifference, error) {
	if err := checkLevel(level); err != nil {
		return MeanDifference{}, fmt.Errorf("Welch test: %w", err)
	}
	sa, err := a.StandardError()
	if err != nil {
		return MeanDifference{}, fmt.Errorf("Welch test: %w", err)
	}
	sb, err := b.StandardError()
	if err != nil {
		return MeanDifference{}, fmt.Errorf("Welch test: %w", err)
	}
	return welch(a.Mean-b.Mean, sa, sb, a.N-1, b.N-1, level)
}

// CompareMeans compares two independent means by their standard errors and degrees of freedom, for estimates whose
// standard error does not come from simple moments (clustered or weighted means). ErrUndefined when both are 0.
func CompareMeans(a, b Mean, level float64) (MeanDifference, error) {
	if err := checkLevel(level); err != nil {
		return MeanDifference{}, fmt.Errorf("compare means: %w", err)
	}
	for _, m := range []Mean{a, b} {
		if !finite(m.Estimate, m.StandardError, m.DF) || m.StandardError < 0 || m.DF <= 0 {
			return MeanDifference{}, fmt.Errorf("compare mean %v ± %v (df %v): %w", m.Estimate, m.StandardError, m.DF, ErrArgument)
		}
	}
	return welch(a.Estimate-b.Estimate, a.StandardError, b.StandardError, a.DF, b.DF, level)
}

// welch is Welch's comparison from a difference, two standard errors and their degrees of freedom.
func welch(diff, sa, sb, da, db, level float64) (MeanDifference, error) {
	se := math.Hypot(sa, sb)
	if se == 0 {
		return MeanDifference{}, fmt.Errorf("difference of means without variance: %w", ErrUndefined)
	}
	// Shares of the variance, not fourth powers of standard errors, so that small errors do not underflow.
	ra, rb := sa/se, sb/se
	df := 1 / (math.Pow(ra, 4)/da + math.Pow(rb, 4)/db)
	t := diff / se
	return MeanDifference{
		Difference:    diff,
		StandardError: se,
		Interval:      around(diff, CriticalT(level, df)*se),
		Test:          Test{Statistic: t, DF: df, P: PValueT(t, df)},
	}, nil
}
