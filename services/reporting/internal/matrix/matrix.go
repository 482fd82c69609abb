// Package matrix is the satisfaction matrix: items by what they matter and how satisfied people are with them, with what to fix first.
package matrix

import "github.com/otklik/otklik/services/reporting/internal/importance"

// CutMethod says where high begins.
type CutMethod int

// The cuts. A value that equals its cut is high.
const (
	// CutMean is the mean over the items.
	CutMean CutMethod = iota
	// CutMedian is the median over the items.
	CutMedian
	// CutFixed are the numbers of Cut, whatever the items are.
	CutFixed
	// CutTarget is the score of Cut, the organisation's target; nobody has targets for importance, whose cut is the mean over the items.
	CutTarget
)

// Cut divides high from low on both axes.
type Cut struct {
	Method CutMethod
	// Importance is the cut of CutFixed, as importance is reported; Score that of CutFixed and CutTarget, on the items' scale, or 0 to 100 where
	// their scales differ.
	Importance, Score float64
}

// Kind says what importance is.
type Kind int

// The kinds.
const (
	// Johnson is derived: the raw relative weight of the item for the outcome, 0 to 1.
	Johnson Kind = iota
	// Stated is what people say: the mean of the item's importance question.
	Stated
)

// Options of a matrix. The zero value means the defaults.
type Options struct {
	// Level is that of the intervals; 0 means 0.95.
	Level float64
	// Draws is the number of bootstrap draws; 0 means DefaultDraws.
	Draws int
	// Seed makes draws repeatable; 0 is a seed like any other.
	Seed       uint64
	Importance Kind
	Cut        Cut
	// StableAt is the least probability of an item's quadrant with which it counts as stable; 0 means 0.8.
	StableAt float64
}

// DefaultDraws is the number of draws behind the probabilities of quadrants.
const DefaultDraws = 1000

// Item is an item in the matrix.
type Item struct {
	// Item is its index in the sample.
	Item int
	// Priority is its quadrant: 1 important and low, fix now; 2 unimportant and low, fix after 1; 3 important and high, keep under control; 4
	// unimportant and high, over-invested.
	Priority int
	// Importance has no interval where it is Johnson's and the correlations, or most of those drawn, had to be repaired, as in importance.Explain; the
	// probabilities hold then, too.
	Importance, Score importance.Estimate
	// NormalizedScore is the score on 0 to 100, which the matrix uses; nil where all items have one scale.
	NormalizedScore *float64
	// N counts the answers to the item; PairN the responses that also answer the outcome, or with stated importance the importance question.
	N, PairN int64
	// Probabilities are those of the priorities 1 to 4 over draws of respondents; all 0 without draws.
	Probabilities [4]float64
	// Stable tells that the item's own quadrant is as probable as Options.StableAt says.
	Stable bool
	// Distance is that from the point where the cuts meet, each axis in standard deviations over the items (1 where all are equal).
	Distance float64
}

// Matrix is the satisfaction matrix.
type Matrix struct {
	// Items are sorted by priority, then by distance, the farthest first.
	Items []Item
	// ImportanceCut and ScoreCut divide high from low; ScoreCut is on 0 to 100 where Normalized.
	ImportanceCut, ScoreCut float64
	// Normalized tells that scores are compared on 0 to 100, since the items' scales differ.
	Normalized bool
	// Draws is the number of draws behind the probabilities, those without a result left out.
	Draws int
	// R2 is the share of the outcome's variance that the items explain; nil unless importance is Johnson's.
	R2 *float64
}
