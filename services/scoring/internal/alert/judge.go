package alert

import (
	"fmt"
	"math"
	"time"

	"github.com/otklik/otklik/libs/stat"
)

// Finding is what a chart says of the newest period of a unit. Scores are in the unit of the metric.
type Finding struct {
	// Change is the recent level less the baseline, Interval its interval at a level of 0.95 for this unit alone; nil when there is none. The recent level of
	// an EWMA is weighted as the statistic is, that of a CUSUM is the score since the sum was last 0.
	Change          float64
	Interval        *stat.Interval
	Level, Baseline float64
	// N counts the answers of the recent level, BaselineN those of the baseline.
	N, BaselineN int64
	// Statistic is the EWMA over its standard deviation, or the greater cumulative sum, negative when it is that of the scores below.
	Statistic float64
	// P is its two-sided p-value.
	P float64
	// Onset is since when the change lasts, by the data.
	Onset time.Time
}

// Verdict is what an evaluation says of one unit.
type Verdict struct {
	Unit string
	Finding
	// Q is the p-value adjusted for the family (Benjamini and Hochberg), Family how many units were judged.
	Q      float64
	Family int
	// Outside tells that the statistic is outside its limits.
	Outside bool
}

// Judge says which units of a family are off their baselines in the period that ended at a moment. Units of which no period ends then, for want of answers or of
// a baseline, are not judged and left out. A single unit is judged by its limit, several by their false discovery rate.
func Judge(p Params, scale Scale, family []Series, end time.Time) ([]Verdict, error) {
	type candidate struct {
		unit  string
		chart func() Finding
	}
	var judged []candidate
	var null *sums
	longest := 0
	var b bounds
	if p.Method == CUSUM {
		b = boundsOf(p, len(family))
	}
	for _, s := range family {
		baseline, periods, ok := p.split(s)
		if !ok || len(periods) == 0 || !periods[len(periods)-1].End.Equal(end) {
			continue
		}
		longest = max(longest, len(periods))
		judged = append(judged, candidate{s.Unit, func() Finding {
			if p.Method == EWMA {
				return newEWMA(p, scale, baseline, periods).judge()
			}
			c := newCUSUM(p, scale, baseline, b)
			for _, x := range periods {
				c.observe(x)
			}
			return c.judge(null)
		}})
	}
	if p.Method == CUSUM && len(judged) > 0 {
		null = newSums(p.Reference, b.most, longest)
	}
	verdicts := make([]Verdict, len(judged))
	ps := make([]float64, len(judged))
	for i, c := range judged {
		verdicts[i] = Verdict{Unit: c.unit, Finding: c.chart(), Family: len(judged)}
		ps[i] = verdicts[i].P
	}
	qs, err := stat.BenjaminiHochberg(ps)
	if err != nil {
		return nil, fmt.Errorf("judge %d units: %w", len(ps), err)
	}
	for i := range verdicts {
		v := &verdicts[i]
		v.Q = qs[i]
		v.Outside = v.Q <= p.Q
		if len(verdicts) == 1 {
			v.Outside = p.beyond(v.Finding)
		}
		// Without a change there is no direction to tell.
		v.Outside = v.Outside && v.Change != 0
	}
	return verdicts, nil
}

// beyond tells whether a single unit is outside its limit. An EWMA is when its p-value is at most that of the limit under the normal distribution, which is
// the limit itself where there are many answers.
func (p Params) beyond(f Finding) bool {
	if p.Method == CUSUM {
		return math.Abs(f.Statistic) >= p.Limit
	}
	return f.P <= stat.PValueZ(p.Limit)
}
