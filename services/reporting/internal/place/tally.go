package place

import "github.com/otklik/otklik/libs/stat"

// Metric is what answers are made into.
type Metric int

// The metrics.
const (
	// NPS is 100·(P-D)/N.
	NPS Metric = iota
	// Share is 100·hits/N.
	Share
	// Mean is the mean.
	Mean
)

// Tally are the sums that a score is made of, so that scores of many locations together come from their answers, and not from their scores.
type Tally struct {
	// N are the answers.
	N float64
	// Plus are promoters or hits, Minus detractors.
	Plus, Minus float64
	// Sum and Square are the sums of answers and of their squares.
	Sum, Square float64
}

// Add adds the answers of another one.
func (t *Tally) Add(o Tally) {
	t.N, t.Plus, t.Minus, t.Sum, t.Square = t.N+o.N, t.Plus+o.Plus, t.Minus+o.Minus, t.Sum+o.Sum, t.Square+o.Square
}

// Value adds an answer that was given some times.
func (t *Tally) Value(value, times float64) {
	t.N, t.Sum, t.Square = t.N+times, t.Sum+value*times, t.Square+value*value*times
}

// Estimate is a score with its interval, made as scores of single locations are: adjusted Wald for NPS, Wilson for shares, Student's t for means.
type Estimate struct {
	Value float64
	// SE is the standard error and Interval the interval; nil where there is none.
	SE       *float64
	Interval *stat.Interval
	// Method is how the interval is made.
	Method string
}

// Score is the score; false without answers. least and most are the ends of the scale of a mean.
func (t Tally) Score(m Metric, level, least, most float64) (Estimate, bool) {
	if t.N == 0 {
		return Estimate{}, false
	}
	var e Estimate
	var interval stat.Interval
	var err error
	switch m {
	case NPS:
		d := stat.ShareDifference{Plus: t.Plus, Minus: t.Minus, N: t.N}
		e.Value, e.Method = 100*d.Estimate(), "ADJUSTED_WALD"
		interval, err = d.AdjustedWald(level)
		interval = interval.Map(100, 0)
		e.SE = hundredfold(d.StandardError())
	case Share:
		p := stat.Proportion{Hits: t.Plus, N: t.N}
		e.Value, e.Method = 100*p.Estimate(), "WILSON"
		interval, err = p.Wilson(level)
		interval = interval.Map(100, 0)
		e.SE = hundredfold(p.StandardError())
	default:
		e.Value, e.Method = t.Sum/t.N, "STUDENT_T"
		// Without two answers, or where they do not vary, there is no interval.
		m := t.Moments()
		interval, err = m.Interval(level)
		interval = interval.Clip(least, most)
		if se, undefined := m.StandardError(); undefined == nil {
			e.SE = &se
		}
	}
	if err == nil {
		e.Interval = &interval
	}
	return e, true
}

func hundredfold(v float64) *float64 {
	v *= 100
	return &v
}

// Moments are those of the answers; without answers the mean is NaN.
func (t Tally) Moments() stat.Moments {
	mean := t.Sum / t.N
	return stat.Moments{N: t.N, Mean: mean, Variance: max(0, t.Square-t.Sum*mean) / max(1, t.N-1)}
}
