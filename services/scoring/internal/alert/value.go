package alert

import (
	"math"

	"gonum.org/v1/gonum/floats"

	"github.com/otklik/otklik/libs/stat"
	"github.com/otklik/otklik/services/scoring/internal/histogram"
)

// Pseudo-observations at the ends of the scale and in the middle, as those of the adjusted interval of NPS: with them a sample in which all answers are equal
// claims no certainty.
const (
	atEnds   = 0.75
	atMiddle = 1.5
)

// tilted is the distribution of one observation when the score equals a stated value: that of what was observed, tilted exponentially to that mean, which is
// the change that takes the least information.
type tilted struct {
	// values are distances from the stated value.
	values, logs []float64
	sigma        float64
	df           float64
}

// newTilted makes the distribution; false when the value is no possible mean.
func newTilted(observed histogram.Histogram, mean float64, scale Scale) (*tilted, bool) {
	d := &tilted{df: float64(observed.N()) - 1 + 2*atEnds + atMiddle}
	add := func(value, weight float64) {
		d.values, d.logs = append(d.values, value-mean), append(d.logs, math.Log(weight))
	}
	for b := range observed.Bins() {
		add(float64(b.Value), float64(b.Count))
	}
	low, high := scale.Min*unit, scale.Max*unit
	add(low, atEnds)
	add(high, atEnds)
	add((low+high)/2, atMiddle)
	if mean <= low || mean >= high {
		return nil, false
	}
	if floats.Max(d.values) <= 0 || floats.Min(d.values) >= 0 {
		return nil, false
	}
	// The tilt is the minimum of the logarithm of the generating function, which is convex.
	theta := 0.0
	for range mostSteps {
		_, slope, curve := d.cumulant(theta)
		step := slope / curve
		theta -= step
		if math.Abs(step*slope) < 1e-14*curve {
			break
		}
	}
	norm, _, curve := d.cumulant(theta)
	for i := range d.logs {
		d.logs[i] += theta*d.values[i] - norm
	}
	d.sigma = math.Sqrt(curve)
	return d, d.sigma > 0 && !math.IsNaN(d.sigma)
}

// cumulant is the logarithm of the generating function at theta, and its first two derivatives.
func (d *tilted) cumulant(theta float64) (k, slope, curve float64) {
	terms := make([]float64, len(d.values))
	for i, v := range d.values {
		terms[i] = d.logs[i] + theta*v
	}
	k = floats.LogSumExp(terms)
	var squares float64
	for i, v := range d.values {
		p := math.Exp(terms[i] - k)
		slope += p * v
		squares += p * v * v
	}
	return k, slope, squares - slope*slope
}

// againstValue is the statistic, over its standard deviation, and the two-sided p-value of a weighted sum of distances from a stated value: the saddlepoint
// approximation of Lugannani and Rice (1980), with Student's t in place of the normal distribution for the variance's being an estimate.
func againstValue(observed histogram.Histogram, groups []group, value float64, scale Scale, sum float64) (statistic, p float64) {
	d, ok := newTilted(observed, value, scale)
	if !ok {
		return 0, 1
	}
	var variance float64
	for _, g := range groups {
		variance += g.n * g.weight * g.weight
	}
	statistic = sum / d.sigma / math.Sqrt(variance)
	tail := statistic
	if math.Abs(statistic) > nearMiddle {
		tail = d.normal(groups, sum, variance)
	}
	return statistic, min(1, stat.PValueT(tail, d.df))
}

// normal is the standard normal value with the same tail as the sum has.
func (d *tilted) normal(groups []group, sum, variance float64) float64 {
	theta := sum / (d.sigma * d.sigma * variance)
	var k, slope, curve float64
	for range mostSteps {
		k, slope, curve = 0, 0, 0
		for _, g := range groups {
			kg, sg, cg := d.cumulant(theta * g.weight)
			k, slope, curve = k+g.n*kg, slope+g.n*g.weight*sg, curve+g.n*g.weight*g.weight*cg
		}
		step := (sum - slope) / curve
		if math.Abs(sum-slope) < precise*d.sigma*math.Sqrt(variance) {
			break
		}
		// Steps are bounded, since the function is flat far out.
		bound := 1 + math.Abs(theta)
		theta += min(max(step, -bound), bound)
	}
	w := math.Copysign(math.Sqrt(2*max(0, theta*sum-k)), sum)
	u := theta * math.Sqrt(curve)
	if w == 0 || u/w <= 0 || math.IsNaN(u) {
		return w
	}
	// Barndorff-Nielsen's form (1986): its tail equals that of Lugannani and Rice, and is a probability always.
	return w + math.Log(u/w)/w
}
