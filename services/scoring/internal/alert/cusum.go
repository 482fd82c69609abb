package alert

import (
	"math"

	"github.com/otklik/otklik/libs/stat"
	"github.com/otklik/otklik/services/scoring/internal/histogram"
)

// cusum is a self-starting cumulative sum chart (Hawkins and Olwell 1998, chapter 7): each period is standardised against the baseline together with all
// periods before it. Under no change the standardised scores are independent and about standard normal, however few answers the baseline has.
type cusum struct {
	params   Params
	scale    Scale
	baseline histogram.Histogram
	bounds   bounds
	// reference is what periods are compared with: the baseline, and the periods before, but none while a sum is so great that it surely tells of a change.
	reference histogram.Histogram
	up, down  side
	judged    int
}

// side is the sum of one direction.
type side struct {
	sum float64
	// since are the periods since the sum was last 0.
	since  histogram.Histogram
	onset  Period
	active bool
}

// add adds a standardised score less the reference value.
func (s *side) add(z, most float64, p Period) {
	s.sum = min(max(0, s.sum+z), most)
	if s.sum == 0 {
		*s = side{}
		return
	}
	if !s.active {
		s.active, s.onset = true, p
	}
	s.since.Merge(p.Answers)
}

func newCUSUM(p Params, scale Scale, baseline histogram.Histogram, b bounds) *cusum {
	return &cusum{params: p, scale: scale, baseline: baseline, reference: baseline.Clone(), bounds: b}
}

// observe adds a period.
func (c *cusum) observe(p Period) {
	z := c.standardise(p.Answers)
	k := c.params.Reference
	c.up.add(z-k, c.bounds.most, p)
	c.down.add(-z-k, c.bounds.most, p)
	c.judged++
	if max(c.up.sum, c.down.sum) < c.bounds.surely {
		c.reference.Merge(p.Answers)
	}
}

// standardise turns the score of a period into the standard normal value of the same tail.
func (c *cusum) standardise(answers histogram.Histogram) float64 {
	n := float64(answers.N())
	pooled := c.reference.Clone()
	pooled.Merge(answers)
	if v := c.params.Baseline.Value; v != nil {
		sum := answers.Mean() - *v*unit
		_, p := againstValue(pooled, []group{{weight: 1 / n, n: n}}, *v*unit, c.scale, sum)
		return math.Copysign(tailToNormal(p/2), sum)
	}
	sum := answers.Mean() - c.reference.Mean()
	reference := float64(c.reference.N())
	x, ok := newExchange(pooled, []group{{weight: 1 / n, n: n}, {weight: -1 / reference, n: reference}})
	if !ok {
		return 0
	}
	s := sum / math.Sqrt(pooled.Variance())
	z := s / math.Sqrt(x.variance())
	if math.Abs(z) <= nearMiddle {
		// The first term of Cornish and Fisher: scores that are skewed must not pull the sum one way.
		return z - x.skewness()*(z*z-1)/6
	}
	return math.Copysign(tailToNormal(x.beyond(s)), sum)
}

// leastTail keeps single periods within what normal values express.
const leastTail = 1e-12

// tailToNormal is the standard normal value, not less than 0, that is exceeded with a probability.
func tailToNormal(p float64) float64 {
	return max(0, -stat.NormalQuantile(min(0.5, max(leastTail, p))))
}

// judge is what the chart says of the last period.
func (c *cusum) judge(null *sums) Finding {
	greater, sign := &c.up, 1.0
	if c.down.sum > c.up.sum {
		greater, sign = &c.down, -1
	}
	f := Finding{
		Statistic: sign * greater.sum, P: min(1, 2*null.survival(c.judged, greater.sum)), Baseline: center(c.params, c.baseline) / unit, BaselineN: c.baseline.N(),
	}
	if !greater.active {
		f.Level, f.P = f.Baseline, 1
		return f
	}
	f.N, f.Onset = greater.since.N(), greater.onset.Start
	f.Level = greater.since.Mean() / unit
	f.Change = f.Level - f.Baseline
	factor := 1 / float64(f.N)
	if f.BaselineN > 0 {
		factor += 1 / float64(f.BaselineN)
	}
	f.Interval = intervalOf(f.Change, math.Sqrt(factor)/unit, c.scale, c.baseline, greater.since)
	return f
}
