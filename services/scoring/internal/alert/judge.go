package alert

import (
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

// beyond tells whether a single unit is outside its limit. An EWMA is when its p-value is at most that of the limit under the normal distribution, which is
// the limit itself where there are many answers.
func (p Params) beyond(f Finding) bool {
	if p.Method == CUSUM {
		return math.Abs(f.Statistic) >= p.Limit
	}
	return f.P <= stat.PValueZ(p.Limit)
}
