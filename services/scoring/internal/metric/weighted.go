package metric

import (
	"math"

	"github.com/otklik/otklik/libs/stat"
	"github.com/otklik/otklik/services/scoring/internal/question"
)

// Weight sums up the weights of some observations.
type Weight struct {
	// Sum is the sum, Squares that of the squares.
	Sum, Squares float64
}

// Add sums two.
func (w Weight) Add(other Weight) Weight {
	return Weight{Sum: w.Sum + other.Sum, Squares: w.Squares + other.Squares}
}

// effective is Kish's effective number of observations; 0 without weight.
func (w Weight) effective() float64 {
	if w.Squares == 0 {
		return 0
	}
	return w.Sum * w.Sum / w.Squares
}

// WeightedBin is a value with the weights of the answers that have it.
type WeightedBin struct {
	Value int64
	Weight
}

// Weighted is what Data counts, with weights. Observations of weight 0 are neither here nor in Data.
type Weighted struct {
	// Answers are the values of Data.Answers with their weights, in any order.
	Answers []WeightedBin
	// Responses, Refused, Dismissed and TimedOut are those of Data.Outcomes.
	Responses, Refused, Dismissed, TimedOut Weight
	// Pooled are those of Data.Pooled.
	Pooled PooledMoments
	// Choice and Options are those of Data.Choice.
	Choice  Weight
	Options map[string]Weight
}

// PooledMoments are sums over respondents from which a weighted mean of all answers and its linearised standard error follow. Of a respondent, B
// is the sum over the rated answers of the response's weight, and A that of weight times the answer normalised to 0..1.
type PooledMoments struct {
	// Respondents counts respondents, Answers their rated answers.
	Respondents, Answers int64
	// A and B are the sums of A and B, AA, AB and BB those of their products.
	A, B, AA, AB, BB float64
	// W is the sum of the respondents' mean weights, WW that of their squares.
	W, WW float64
}

func (w *Weighted) refusals() Weight { return w.Refused.Add(w.Dismissed).Add(w.TimedOut) }

// answers sums up the answers whose value passes.
func (w *Weighted) answers(pass func(value int64) bool) Weight {
	var sum Weight
	for _, b := range w.Answers {
		if pass(b.Value) {
			sum = sum.Add(b.Weight)
		}
	}
	return sum
}

// weighting describes n observations of some weight.
func weighting(n int64, w Weight) *Weighting {
	x := &Weighting{N: n, WeightedN: w.Sum, EffectiveN: w.effective()}
	if x.EffectiveN > 0 {
		x.DesignEffect = float64(n) / x.EffectiveN
	}
	return x
}

// classes are observations of which each is +1, -1 or 0 with its weight.
type classes struct{ plus, minus, rest Weight }

func (c classes) total() Weight { return c.plus.Add(c.minus).Add(c.rest) }

// estimate is the weighted mean, and its linearised standard error sqrt(Σw²(y-mean)²)/Σw.
func (c classes) estimate() (mean, standardError float64) {
	total := c.total().Sum
	mean = (c.plus.Sum - c.minus.Sum) / total
	squares := c.plus.Squares*(1-mean)*(1-mean) + c.minus.Squares*(1+mean)*(1+mean) + c.rest.Squares*mean*mean
	return mean, math.Sqrt(max(0, squares)) / total
}

// difference is the classes as if they were counts of effective n observations of weight 1.
func (c classes) difference() stat.ShareDifference {
	total := c.total()
	n := total.effective()
	d := stat.ShareDifference{Plus: c.plus.Sum / total.Sum * n, Minus: c.minus.Sum / total.Sum * n, N: n}
	// Rounding must not make more observations of the classes than there are.
	for d.Plus+d.Minus > d.N {
		if d.Plus >= d.Minus {
			d.Plus = math.Nextafter(d.Plus, 0)
		} else {
			d.Minus = math.Nextafter(d.Minus, 0)
		}
	}
	return d
}

// proportion is the share of +1 as if it were that of effective n observations of weight 1.
func (c classes) proportion() stat.Proportion {
	total := c.total()
	n := total.effective()
	return stat.Proportion{Hits: min(n, c.plus.Sum/total.Sum*n), N: n}
}

// least is the effective n below which a weighted mean has no interval, as one of fewer than two answers; constant weights may fall below 2 by
// rounding.
const least = 2 - 1e-9

// weightedMean is the weighted mean of the answers in native values as moments describe it: with its linearised standard error and the degrees of
// freedom of the effective n. Without two answers that differ there is no standard error or it is 0.
func (e evaluation) weightedMean(data Data) (stat.Mean, bool) {
	const u = question.Unit
	var total Weight
	var sum float64
	for _, b := range data.Weighted.Answers {
		total = total.Add(b.Weight)
		sum += b.Sum * float64(b.Value) / u
	}
	m := stat.Mean{Estimate: sum / total.Sum}
	n := float64(data.Answers.N())
	if n < 2 {
		return e.flipped(m), false
	}
	if data.Answers.Len() > 1 {
		var squares float64
		for _, b := range data.Weighted.Answers {
			d := float64(b.Value)/u - m.Estimate
			squares += b.Squares * d * d
		}
		m.StandardError = math.Sqrt(n/(n-1)*squares) / total.Sum
	} else if v, ok := data.Answers.Min(); ok {
		m.Estimate = float64(v) / u
	}
	if effective := total.effective(); effective >= least {
		m.DF = effective - 1
	}
	return e.flipped(m), true
}

func (e evaluation) flipped(m stat.Mean) stat.Mean {
	if e.flips() {
		m.Estimate = e.flip(m.Estimate)
	}
	return m
}

// mean is the weighted mean of all answers on 0..1, one cluster a respondent; see stat.ClusteredMean.
func (p PooledMoments) mean() stat.Mean {
	m := stat.Mean{Estimate: p.A / p.B}
	n := float64(p.Respondents)
	if n < 2 {
		return m
	}
	squares := p.AA - 2*m.Estimate*p.AB + m.Estimate*m.Estimate*p.BB
	// Sums of products cancel to rounding where all respondents have the same mean.
	if squares > 1e-12*p.BB {
		m.StandardError = math.Sqrt(n/(n-1)*squares) / p.B
	}
	if effective := (Weight{Sum: p.W, Squares: p.WW}).effective(); effective >= least {
		m.DF = effective - 1
	}
	return m
}
