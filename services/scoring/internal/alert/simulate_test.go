package alert_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/otklik/otklik/services/scoring/internal/alert"
	"github.com/otklik/otklik/services/scoring/internal/histogram"
)

// population is how often each value is answered.
type population struct {
	name   string
	scale  alert.Scale
	values []int64
	shares []float64
}

func nps(promoters, passives, detractors float64) population {
	return population{
		name: fmt.Sprintf("NPS %g/%g/%g", 100*promoters, 100*passives, 100*detractors), scale: alert.Scale{Min: -100, Max: 100},
		values: []int64{-10000, 0, 10000}, shares: []float64{detractors, passives, promoters},
	}
}

func mean(scale alert.Scale, shares ...float64) population {
	p := population{name: fmt.Sprintf("mean of %g to %g", scale.Min, scale.Max), scale: scale, shares: shares}
	for i := range shares {
		p.values = append(p.values, int64(scale.Min*100)+100*int64(i))
	}
	return p
}

// sigma is the standard deviation of one answer, in the unit of the metric.
func (p population) sigma() float64 {
	var m, s float64
	for i, v := range p.values {
		m += p.shares[i] * float64(v) / 100
		s += p.shares[i] * float64(v) / 100 * float64(v) / 100
	}
	return math.Sqrt(s - m*m)
}

// shifted is the population tilted so that its mean moves down by some standard deviations.
func (p population) shifted(sigmas float64) population {
	mean := func(theta float64) (m float64, shares []float64) {
		var total float64
		for i, v := range p.values {
			w := p.shares[i] * math.Exp(theta*float64(v)/10000)
			shares = append(shares, w)
			total += w
		}
		for i := range shares {
			shares[i] /= total
			m += shares[i] * float64(p.values[i]) / 100
		}
		return m, shares
	}
	start, _ := mean(0)
	low, high := -50.0, 0.0
	for range 200 {
		mid := (low + high) / 2
		if m, _ := mean(mid); m < start-sigmas*p.sigma() {
			low = mid
		} else {
			high = mid
		}
	}
	out := p
	_, out.shares = mean(high)
	return out
}

// draw draws n answers.
func (p population) draw(n int, rng *rand.Rand) histogram.Histogram {
	var bins []histogram.Bin
	left, share := float64(n), 1.0
	for i, v := range p.values {
		c := left
		if i < len(p.values)-1 && left > 0 && share > 1e-12 {
			c = distuv.Binomial{N: left, P: min(1, p.shares[i]/share), Src: rng}.Rand()
		}
		if c > 0 {
			bins = append(bins, histogram.Bin{Value: v, Count: int64(c)})
		}
		left, share = left-c, share-p.shares[i]
	}
	return histogram.FromSorted(bins)
}

var began = time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC)

func day(i int) time.Time { return began.AddDate(0, 0, i) }

// periods draws periods of n answers.
func (p population) periods(from, to, n int, rng *rand.Rand) []alert.Period {
	out := make([]alert.Period, 0, to-from)
	for i := from; i < to; i++ {
		out = append(out, alert.Period{Start: day(i), End: day(i + 1), Answers: p.draw(n, rng)})
	}
	return out
}

func sqrt(n int) float64 { return math.Sqrt(float64(n)) }
