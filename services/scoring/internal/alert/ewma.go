package alert

import (
	"math"
	"slices"
	"time"

	"github.com/otklik/otklik/libs/stat"
	"github.com/otklik/otklik/services/scoring/internal/histogram"
)

// forgotten is the weight, against that of the newest, below which a period is left out of an EWMA.
const forgotten = 1e-4

// level is the confidence level of the interval of a change.
const level = 0.95

// ewma is the chart of one unit by its periods, of which the last is judged.
//
// With scores x of n answers each, the baseline's score m and the standard deviation σ of one observation, the statistic is the EWMA of
// √n·(x-m)/σ, begun at 0. Its variance after t periods is exactly Σwᵢ² + (Σwᵢ√nᵢ)²/N: the first part is the EWMA's own, λ/(2-λ)·(1-(1-λ)²ᵗ), the
// second comes of the baseline's being an estimate from N answers, the same one for all periods.
type ewma struct {
	params   Params
	scale    Scale
	baseline histogram.Histogram
	periods  []Period
	weights  []float64
	// reach is Σwᵢ√nᵢ: by how much the statistic moves for a change of one σ.
	reach float64
}

// newEWMA makes a chart of a baseline and of what is compared with it, of which there is at least one period.
func newEWMA(p Params, scale Scale, baseline histogram.Histogram, periods []Period) *ewma {
	e := &ewma{params: p, scale: scale, baseline: baseline}
	w := p.Lambda
	for i := len(periods) - 1; i >= 0 && w >= p.Lambda*forgotten; i-- {
		e.periods, e.weights = append(e.periods, periods[i]), append(e.weights, w)
		e.reach += w * math.Sqrt(float64(periods[i].Answers.N()))
		w *= 1 - p.Lambda
	}
	return e
}

// center is the baseline's score, in hundredths.
func (e *ewma) center() float64 { return center(e.params, e.baseline) }

func center(p Params, baseline histogram.Histogram) float64 {
	if v := p.Baseline.Value; v != nil {
		return *v * unit
	}
	return baseline.Mean()
}

// shift is the EWMA times σ, in hundredths.
func (e *ewma) shift() float64 {
	var s float64
	m := e.center()
	for i, p := range e.periods {
		s += e.weights[i] * math.Sqrt(float64(p.Answers.N())) * (p.Answers.Mean() - m)
	}
	return s
}

// groups are the answers of each period, the newest first, and those of the baseline last, with their weight in the statistic.
func (e *ewma) groups() []group {
	out := make([]group, 0, len(e.periods)+1)
	for i, p := range e.periods {
		n := float64(p.Answers.N())
		out = append(out, group{weight: e.weights[i] / math.Sqrt(n), n: n})
	}
	if n := float64(e.baseline.N()); n > 0 {
		out = append(out, group{weight: -e.reach / n, n: n})
	}
	return out
}

// judge is what the chart says of the newest period.
func (e *ewma) judge() Finding {
	pooled := e.baseline.Clone()
	for _, p := range e.periods {
		pooled.Merge(p.Answers)
	}
	groups, shift := e.groups(), e.shift()
	f := Finding{Baseline: e.center() / unit, BaselineN: e.baseline.N(), P: 1}
	var variance float64
	for _, g := range groups {
		variance += g.n * g.weight * g.weight
	}
	if e.params.Baseline.Value != nil {
		f.Statistic, f.P = againstValue(pooled, groups, e.center(), e.scale, shift)
	} else if x, ok := newExchange(pooled, groups); ok {
		sigma := math.Sqrt(pooled.Variance())
		f.Statistic, f.P = shift/sigma/math.Sqrt(variance), x.pValue(shift/sigma)
	}
	f.Change = shift / e.reach / unit
	f.Level = f.Baseline + f.Change
	f.Interval = e.interval(f.Change, math.Sqrt(variance)/e.reach/unit)
	f.N, f.Onset = e.recent(), e.onset(f.Change)
	return f
}

// interval is that of the change: Student's t by the variance within the baseline and each period, which a change does not swell. Factor is the
// standard error of the change for a σ of 1. Nil when no answer differs from another of its period.
func (e *ewma) interval(change, factor float64) *stat.Interval {
	all := []histogram.Histogram{e.baseline}
	for _, p := range e.periods {
		all = append(all, p.Answers)
	}
	return intervalOf(change, factor, e.scale, all...)
}

func intervalOf(change, factor float64, scale Scale, samples ...histogram.Histogram) *stat.Interval {
	var squares, df float64
	for _, h := range samples {
		if n := float64(h.N()); n > 0 {
			squares += h.Variance() * (n - 1)
			df += n - 1
		}
	}
	if !(squares > 0) {
		return nil
	}
	half := stat.CriticalT(level, df) * math.Sqrt(squares/df) * factor
	i := stat.Interval{Low: change - half, High: change + half}.Clip(-scale.Width(), scale.Width())
	return &i
}

// most is the share of the weights that the periods have which are said to make up the recent level.
const most = 0.95

// recent counts the answers of the periods that make up the recent level.
func (e *ewma) recent() int64 {
	var n int64
	var have, all float64
	for _, w := range e.weights {
		all += w
	}
	for i, p := range e.periods {
		if have >= most*all {
			break
		}
		n += p.Answers.N()
		have += e.weights[i]
	}
	return n
}

// onset is the start of the first of the periods since the EWMA was last on the other side of the baseline.
func (e *ewma) onset(change float64) time.Time {
	m, s := e.center(), 0.0
	start := e.periods[len(e.periods)-1].Start
	for i, p := range slices.Backward(e.periods) {
		s = (1-e.params.Lambda)*s + e.params.Lambda*math.Sqrt(float64(p.Answers.N()))*(p.Answers.Mean()-m)
		if s*change <= 0 && i > 0 {
			// What comes next began later.
			start = e.periods[i-1].Start
		}
	}
	return start
}
