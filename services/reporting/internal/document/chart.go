package document

import "time"

// MatrixChart shows items by importance and score.
type MatrixChart struct {
	ImportanceTitle, ScoreTitle string
	ImportanceCut, ScoreCut     float64
	Points                      []MatrixPoint
}

// MatrixPoint is an item of a matrix.
type MatrixPoint struct {
	Label             string
	Importance, Score Number
	// Priority is from 1 (fix now) to 4 (over-invested).
	Priority int
	// Stable tells that resampled respondents put it into the same quadrant at least 80 times of 100.
	Stable bool
}

// TrendChart shows numbers over time, with the band of their intervals. A step without data interrupts the line.
type TrendChart struct {
	Unit   Unit
	Zone   *time.Location
	Series []TrendSeries
	// Events are marked on the axis of time, such as changes of policy.
	Events []TrendEvent
}

// TrendSeries is a line of a trend.
type TrendSeries struct {
	Label  string
	Points []TrendPoint
}

// TrendPoint is a step of a trend; its Number has no value where there is no data.
type TrendPoint struct {
	Start, End time.Time
	Number     Number
}

// TrendEvent is something that happened at a time.
type TrendEvent struct {
	Time  time.Time
	Label string
}

// BridgeChart shows how a number came from one value to another, by parts that sum to the change.
type BridgeChart struct {
	BeforeTitle, AfterTitle string
	Before, After           Number
	Parts                   []BridgePart
}

// BridgePart is a step of a bridge.
type BridgePart struct {
	Label  string
	Effect Number
}

// BarChart shows numbers side by side with their intervals, such as the strength of drivers.
type BarChart struct {
	ValueTitle string
	Bars       []Bar
}

// Bar is a bar of a chart.
type Bar struct {
	Label  string
	Number Number
	Mark   Mark
}

// HeatChart shows numbers of rows by columns as shades. A cell without value is shown as such.
type HeatChart struct {
	Rows, Columns []string
	Cells         [][]Number
	// Low and High are the values of the lightest and the darkest shade; Middle, where it is set, is where two colours meet, such as 0 of NPS.
	Low, High float64
	Middle    *float64
}

// MapChart shows places by their coordinates, without a background that would have to be fetched from elsewhere.
type MapChart struct {
	Places []MapPlace
}

// MapPlace is a place of a map, or a cluster of Places of them.
type MapPlace struct {
	Label               string
	Latitude, Longitude float64
	Number              Number
	Mark                Mark
	Uncertain           bool
	Places              int
}

// FunnelChart shows how many of those of each step reached the next.
type FunnelChart struct {
	Steps []FunnelStep
}

// FunnelStep is a step of a funnel.
type FunnelStep struct {
	Label string
	Count int64
	// Share is of the step before; without a value at the first.
	Share Number
}
