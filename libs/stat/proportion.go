package stat

import (
	"fmt"
	"math"
)

// Proportion is Hits out of N independent observations.
type Proportion struct {
	// Hits and N are counts, 0 ≤ Hits ≤ N.
	Hits, N float64
}

// Check returns an error that wraps ErrArgument when the counts are impossible.
func (p Proportion) Check() error {
	if !finite(p.Hits, p.N) || p.Hits < 0 || p.Hits > p.N {
		return fmt.Errorf("proportion of %v in %v: %w", p.Hits, p.N, ErrArgument)
	}
	return nil
}

// Estimate is Hits/N; NaN when N is 0.
func (p Proportion) Estimate() float64 { return p.Hits / p.N }

// StandardError is sqrt(p(1-p)/N), the maximum-likelihood estimate; NaN when N is 0.
func (p Proportion) StandardError() float64 {
	e := p.Estimate()
	return math.Sqrt(e * (1 - e) / p.N)
}

// Wilson is the score interval without continuity correction (Wilson 1927). It lies within [0, 1], contains the estimate
// and is defined for every sample with N > 0; ErrUndefined when N is 0.
func (p Proportion) Wilson(level float64) (Interval, error) {
	if err := p.checkSample(level); err != nil {
		return Interval{}, fmt.Errorf("Wilson interval: %w", err)
	}
	z := CriticalZ(level)
	z2 := z * z
	e := p.Estimate()
	scale := 1 + z2/p.N
	center := (e + z2/(2*p.N)) / scale
	half := z * math.Sqrt(e*(1-e)/p.N+z2/(4*p.N*p.N)) / scale
	i := around(center, half).Clip(0, 1)
	// At the ends the bound equals the estimate; rounding must not put it inside.
	if p.Hits == 0 {
		i.Low = 0
	}
	if p.Hits == p.N {
		i.High = 1
	}
	return i, nil
}

// Newcombe is the interval of the difference a-b of two independent proportions by Newcombe's hybrid of the two Wilson
// intervals (Newcombe 1998, method 10), within [-1, 1]; ErrUndefined when a sample is empty.
func Newcombe(a, b Proportion, level float64) (Interval, error) {
	wa, err := a.Wilson(level)
	if err != nil {
		return Interval{}, fmt.Errorf("Newcombe interval: %w", err)
	}
	wb, err := b.Wilson(level)
	if err != nil {
		return Interval{}, fmt.Errorf("Newcombe interval: %w", err)
	}
	pa, pb := a.Estimate(), b.Estimate()
	d := pa - pb
	return Interval{
		Low:  d - math.Hypot(pa-wa.Low, wb.High-pb),
		High: d + math.Hypot(wa.High-pa, pb-wb.Low),
	}.Clip(-1, 1), nil
}

// PooledZ tests whether two independent proportions are equal: z by the pooled variance. ErrUndefined when a sample is
// empty or both proportions are 0 or both 1, so that the pooled variance is 0.
func PooledZ(a, b Proportion) (Test, error) {
	for _, p := range []Proportion{a, b} {
		if err := p.checkSample(0.5); err != nil {
			return Test{}, fmt.Errorf("pooled z test: %w", err)
		}
	}
	pool := (a.Hits + b.Hits) / (a.N + b.N)
	variance := pool * (1 - pool) * (1/a.N + 1/b.N)
	if variance <= 0 {
		return Test{}, fmt.Errorf("pooled z test without variance: %w", ErrUndefined)
	}
	z := (a.Estimate() - b.Estimate()) / math.Sqrt(variance)
	return Test{Statistic: z, P: PValueZ(z)}, nil
}

// checkSample refuses impossible arguments and empty samples.
func (p Proportion) checkSample(level float64) error {
	if err := checkLevel(level); err != nil {
		return err
	}
	if err := p.Check(); err != nil {
		return err
	}
	if p.N == 0 {
		return fmt.Errorf("no observations: %w", ErrUndefined)
	}
	return nil
}
