package importance

import (
	"fmt"
	"math"
	"slices"

	"github.com/otklik/otklik/libs/stat"
	"github.com/otklik/otklik/services/reporting/internal/moment"
)

const (
	// leastDefined is the percentage of draws that must give a result for there to be intervals.
	leastDefined = 95
	// mostRepaired is the percentage of draws whose correlations may be repaired for there to be an interval of R², which a repair moves towards 1, and
	// mostRepairedParts the one for its parts, which share that among them. Beyond, simulated intervals miss the truth too often.
	mostRepaired      = 5
	mostRepairedParts = 50
)

// PartsHaveIntervals tells whether intervals of the parts of R² hold what they promise, by how many of the draws had to be repaired.
func PartsHaveIntervals(repaired, draws int) bool { return repaired*100 <= draws*mostRepairedParts }

// bootstrap makes intervals from draws.
type bootstrap struct {
	drawn []*parts
	level float64
	// whole and divided tell that R² and its parts have intervals; notes why not.
	whole, divided bool
	notes          []string
}

// newBootstrap looks through the draws; nil are those without a result.
func newBootstrap(drawn []*parts, repairedAll bool, level float64) *bootstrap {
	b := &bootstrap{level: level}
	var repaired int
	for _, p := range drawn {
		if p == nil {
			continue
		}
		b.drawn = append(b.drawn, p)
		if p.repaired {
			repaired++
		}
	}
	enough := len(b.drawn)*100 >= len(drawn)*leastDefined
	b.whole = enough && !repairedAll && repaired*100 <= len(b.drawn)*mostRepaired
	b.divided = enough && !repairedAll && PartsHaveIntervals(repaired, len(b.drawn))
	switch {
	case !enough:
		b.notes = append(b.notes, fmt.Sprintf("only %d of %d draws of respondents gave a result: there are no intervals of weights", len(b.drawn), len(drawn)))
	case !b.divided:
		b.notes = append(b.notes, "R² and its parts have no intervals: there are so few answers for so many items that correlations contradict each other, and intervals would not hold what they promise")
	case !b.whole:
		b.notes = append(b.notes, "R² has no interval: in many draws of respondents there are so few answers for so many items that correlations contradict each other")
	}
	return b
}

// fill puts the parts of R² into the drivers.
func (b *bootstrap) fill(out *Drivers, all *parts, s *moment.Sample, outcome int) {
	out.R2Interval = b.estimate(b.whole, all, func(p *parts) float64 { return p.r2 }).Interval
	for a := range out.Drivers {
		d := &out.Drivers[a]
		switch r := s.Correlation[d.Item][outcome]; {
		case r > 0:
			d.Sign = 1
		case r < 0:
			d.Sign = -1
		}
		d.Johnson = b.estimate(b.divided, all, func(p *parts) float64 { return p.johnson[a] })
		d.JohnsonShare = b.estimate(b.divided, all, func(p *parts) float64 { return share(p.johnson[a], p.r2) })
		if all.shapley != nil {
			d.Shapley = b.estimate(b.divided, all, func(p *parts) float64 { return p.shapley[a] })
			d.ShapleyShare = b.estimate(b.divided, all, func(p *parts) float64 { return share(p.shapley[a], p.r2) })
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

// estimate is what a function says of all respondents, with its interval by the draws where it is to have one.
func (b *bootstrap) estimate(with bool, all *parts, of func(p *parts) float64) *Estimate {
	if !with {
		return &Estimate{Value: of(all), Method: GroupBootstrap}
	}
	values := make([]float64, len(b.drawn))
	for i, p := range b.drawn {
		values[i] = of(p)
	}
	e := Bootstrapped(of(all), values, b.level)
	return &e
}

// edge is the share of draws below an estimate under which it lies at the edge of what can be.
const edge = 1.0 / 4

// Bootstrapped is an estimate with its standard error, the standard deviation of the draws, and the bias-corrected percentile interval (Efron 1981; Davison
// and Hinkley 1997, §5.3): the percentiles are moved by twice the normal quantile of the share of draws below the estimate. Parts of R² are
// over-estimated by chance, more so in draws of draws, and plain percentiles would count that twice. An estimate at the edge of what can be, such as a part of R² near 0, has nearly all draws above it, and the
// correction would take most of what they tell away: its interval reaches up to the plain percentile at least. There is neither where there are fewer than 20 draws
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
	if below < edge*n {
		e.Interval.High = max(e.Interval.High, percentile(draws, stat.NormalCDF(half)))
	}
	return e
}

// percentile interpolates between sorted values: the i-th of n is at i/(n+1).
func percentile(sorted []float64, p float64) float64 {
	at := p*float64(len(sorted)+1) - 1
	low := min(len(sorted)-1, max(0, int(math.Floor(at))))
	high := min(len(sorted)-1, low+1)
	return sorted[low] + min(1, max(0, at-float64(low)))*(sorted[high]-sorted[low])
}
