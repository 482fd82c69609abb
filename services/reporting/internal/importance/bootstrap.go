package importance

import (
	"math"
	"slices"

	"github.com/otklik/otklik/libs/stat"
	"github.com/otklik/otklik/services/reporting/internal/moment"
)

// leastDefined is the percentage of draws that must give a result for there to be intervals.
const leastDefined = 95

// bootstrap makes intervals from draws.
type bootstrap struct {
	drawn  []*parts
	level  float64
	enough bool
}

// fill puts the parts of R² into the drivers.
func (b *bootstrap) fill(out *Drivers, all *parts, s *moment.Sample, outcome int) {
	out.R2Interval = b.estimate(all, func(p *parts) float64 { return p.r2 }).Interval
	for a := range out.Drivers {
		d := &out.Drivers[a]
		switch r := s.Correlation[d.Item][outcome]; {
		case r > 0:
			d.Sign = 1
		case r < 0:
			d.Sign = -1
		}
		d.Johnson = b.estimate(all, func(p *parts) float64 { return p.johnson[a] })
		d.JohnsonShare = b.estimate(all, func(p *parts) float64 { return share(p.johnson[a], p.r2) })
		if all.shapley != nil {
			d.Shapley = b.estimate(all, func(p *parts) float64 { return p.shapley[a] })
			d.ShapleyShare = b.estimate(all, func(p *parts) float64 { return share(p.shapley[a], p.r2) })
		}
	}
}

// share is a part of R² relative to it; nothing of nothing is 0.
func share(part, r2 float64) float64 {
	if !(r2 > 0) {
		return 0
	}
	return part / r2
}

// estimate is what a function says of all respondents, with its interval by the draws.
func (b *bootstrap) estimate(all *parts, of func(p *parts) float64) *Estimate {
	if !b.enough {
		return &Estimate{Value: of(all), Method: GroupBootstrap}
	}
	values := make([]float64, len(b.drawn))
	for i, p := range b.drawn {
		values[i] = of(p)
	}
	e := Bootstrapped(of(all), values, b.level)
	return &e
}

// Bootstrapped is an estimate with its standard error, the standard deviation of the draws, and the bias-corrected percentile interval (Efron 1981; Davison
// and Hinkley 1997, §5.3): the percentiles are moved by twice the normal quantile of the share of draws below the estimate. Parts of R² are
// over-estimated by chance, more so in draws of draws, and plain percentiles would count that twice. There is neither where there are fewer than 20 draws
// or all are equal. draws is sorted.
func Bootstrapped(value float64, draws []float64, level float64) Estimate {
	e := Estimate{Value: value, Method: GroupBootstrap}
	n := float64(len(draws))
	if len(draws) < 20 {
		return e
	}
	slices.Sort(draws)
	var mean, squares, below float64
	for _, x := range draws {
		mean += x / n
	}
	for _, x := range draws {
		squares += (x - mean) * (x - mean)
		switch {
		case x < value:
			below++
		case x == value:
			below += 0.5
		}
	}
	se := math.Sqrt(squares / (n - 1))
	if !(se > 0) {
		return e
	}
	// A share of 0 or 1 is within half a draw of one that has a quantile.
	shift := 2 * stat.NormalQuantile(min(1-0.5/n, max(0.5/n, below/n)))
	half := stat.CriticalZ(level)
	e.SE = &se
	e.Interval = &stat.Interval{Low: percentile(draws, stat.NormalCDF(shift-half)), High: percentile(draws, stat.NormalCDF(shift+half))}
	return e
}

// percentile interpolates between sorted values: the i-th of n is at i/(n+1).
func percentile(sorted []float64, p float64) float64 {
	at := p*float64(len(sorted)+1) - 1
	low := min(len(sorted)-1, max(0, int(math.Floor(at))))
	high := min(len(sorted)-1, low+1)
	return sorted[low] + min(1, max(0, at-float64(low)))*(sorted[high]-sorted[low])
}
