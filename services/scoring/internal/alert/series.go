package alert

import (
	"time"

	"github.com/otklik/otklik/services/scoring/internal/histogram"
)

// unit is how many steps of a histogram make one unit of a metric: observations are counted in hundredths.
const unit = 100

// Period is what was observed of a unit in one period.
type Period struct {
	// Start and End bound it.
	Start, End time.Time
	// Answers counts observations, in hundredths of the metric's unit: what the score is the mean of.
	Answers histogram.Histogram
}

// Series is what was observed of one unit.
type Series struct {
	// Unit names it.
	Unit string
	// Baseline counts the observations of a fixed period; unused by other baselines.
	Baseline histogram.Histogram
	// Periods follow each other. Periods without answers may be left out.
	Periods []Period
}

// Scale bounds the observations of a metric, in its unit.
type Scale struct{ Min, Max float64 }

// Width is the distance between the ends.
func (s Scale) Width() float64 { return s.Max - s.Min }

// gathered puts periods together until they hold enough answers: a period of few answers is judged with those that follow. Ends that are not
// complete are left out.
func gathered(periods []Period, least int64) []Period {
	out := make([]Period, 0, len(periods))
	var open Period
	for _, p := range periods {
		if p.Answers.IsEmpty() {
			continue
		}
		if open.Answers.IsEmpty() {
			open = p
		} else {
			// The histogram may be that of a period that somebody else holds.
			open.Answers = open.Answers.Clone()
			open.Answers.Merge(p.Answers)
			open.End = p.End
		}
		if open.Answers.N() >= least {
			out = append(out, open)
			open = Period{}
		}
	}
	return out
}

// split tells the baseline of a series from the periods that are compared with it. There is no baseline before all of its periods are there.
func (p Params) split(s Series) (baseline histogram.Histogram, periods []Period, ok bool) {
	b := p.Baseline
	switch {
	case b.Value != nil:
		return histogram.Histogram{}, gathered(s.Periods, p.Least), true
	case b.Fixed():
		for len(s.Periods) > 0 && s.Periods[0].Start.Before(b.End) {
			s.Periods = s.Periods[1:]
		}
		return s.Baseline, gathered(s.Periods, p.Least), s.Baseline.N() >= p.Least
	}
	periods = gathered(s.Periods, p.Least)
	if len(periods) < b.First {
		return baseline, nil, false
	}
	for _, x := range periods[:b.First] {
		baseline.Merge(x.Answers)
	}
	return baseline, periods[b.First:], true
}
