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
