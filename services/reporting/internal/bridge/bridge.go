// Package bridge tells why a mean moved between two periods (a mean score, or NPS with answers that count -100, 0 and 100): how much because more or
// fewer responses came from each segment (mix), and how much because the segment itself answered otherwise (level).
//
//	Δ = Σ Δshareᵢ·(mean levelᵢ − mean overall) + Σ mean shareᵢ·Δlevelᵢ
//
// where means are those of both periods. The sum is exact. A response that belongs to several segments (the topics of its comments) counts in each by an
// equal fraction, one that belongs to none counts in the segment "". A segment that nobody was in before, or is in after, has no level there and takes that
// of the other period: it has no level effect, and all that it moves is mix.
//
// Standard errors are by leaving out one random group of respondents after the other (stat.Jackknife), on both sides at once, so that persons who answered
// in both periods are counted as what they are.
package bridge

import (
	"slices"

	"github.com/otklik/otklik/libs/stat"
	"github.com/otklik/otklik/services/reporting/internal/refusal"
)

const (
	// MostValues is the greatest number of segments that a bridge has, and of topics that are judged.
	MostValues = 1000
	// LeastResponses is the number of responses of a segment, in both periods together, below which its effects have no standard error.
	LeastResponses = 10
	// GroupJackknife is the method of all intervals.
	GroupJackknife = "GROUP_JACKKNIFE"
)

// Cell is what the responses of a segment add up to.
type Cell struct {
	// Count counts the responses.
	Count int64
	// Weight is the sum of the fractions by which they count, times their weights, and Sum that of those times value.
	Weight, Sum float64
}

// TooManyValues refuses a key of more than MostValues values.
func TooManyValues() *refusal.Error {
	return refusal.New(refusal.TooMany, nil, "there are more than %d values, which is the most that is told apart: choose a coarser key, or filter", MostValues)
}

// Side is a period: cells by segment, by random group of respondents. A respondent is in the same group on both sides.
type Side struct {
	Groups []map[string]Cell
	// segments are those of all groups.
	segments map[string]bool
}

// Add counts a response of a group, from 0, with its value and weight (1 unless responses are weighted), that belongs to the segments named; of a segment that is named twice it is once. It refuses (refusal.TooMany)
// the segment after MostValues: each takes memory.
func (s *Side) Add(group int, segments []string, value, weight float64) error {
	for len(s.Groups) <= group {
		s.Groups = append(s.Groups, nil)
	}
	cells := s.Groups[group]
	if cells == nil {
		cells = map[string]Cell{}
		s.Groups[group] = cells
	}
	switch len(segments) {
	case 0:
		segments = []string{""}
	case 1:
	default:
		segments = slices.Compact(slices.Sorted(slices.Values(segments)))
	}
	fraction := weight / float64(len(segments))
	for _, segment := range segments {
		if !s.segments[segment] {
			if len(s.segments) >= MostValues {
				return TooManyValues()
			}
			if s.segments == nil {
				s.segments = map[string]bool{}
			}
			s.segments[segment] = true
		}
		c := cells[segment]
		cells[segment] = Cell{Count: c.Count + 1, Weight: c.Weight + fraction, Sum: c.Sum + fraction*value}
	}
	return nil
}

// Estimate is a number with its precision.
type Estimate struct {
	Value float64
	// SE is the standard error and Interval the t-interval; nil where the data determine none: fewer than two groups, no variance, or fewer than
	// LeastResponses.
	SE       *float64
	Interval *stat.Interval
}

// Part is a segment and what it contributes to the change.
type Part struct {
	// Value names the segment; "" are the responses that belong to none.
	Value string
	// CountBefore and CountAfter count its responses; one of several segments counts in each.
	CountBefore, CountAfter int64
	// ShareBefore and ShareAfter are its parts of all responses, 0 to 1, by fractions; those of all segments sum to 1.
	ShareBefore, ShareAfter float64
	// LevelBefore and LevelAfter are its means, in units of the outcome; nil when nobody was in it.
	LevelBefore, LevelAfter *float64
	// Mix is what the change of its share moves, Level what the change of its mean moves, in units of the outcome.
	Mix, Level Estimate
	// P is the p-value of the t test that Mix + Level is 0, and AdjustedP the same corrected for all segments tested (Benjamini-Hochberg); nil where there is no
	// standard error.
	P, AdjustedP *float64
}

// Bridge explains the change of a mean.
type Bridge struct {
	// Before and After are the means, Change their difference, Mix and Level the sums of the parts' effects: Change = Mix + Level.
	Before, After, Change, Mix, Level Estimate
	// Parts are ordered by how much they move in all, |Mix + Level|, the most first; then by value.
	Parts []Part
	// Groups is the number of groups of respondents behind the standard errors.
	Groups int
}
