// Package contrast compares scores of two sets of independent answers as comparisons of scores do (docs/metrics.md): NPS by the adjusted trinomial z, shares by the pooled
// z with Newcombe's interval, means by Welch.
package contrast

import (
	"errors"
	"fmt"

	"github.com/otklik/otklik/libs/stat"
	"github.com/otklik/otklik/services/reporting/internal/estimate"
	"github.com/otklik/otklik/services/reporting/internal/place"
)

// The tests, as comparisons of scores name them.
const (
	TestNPS   = "ADJUSTED_TRINOMIAL_Z"
	TestShare = "POOLED_Z"
	TestMean  = "WELCH_T"
)

// Methods of the intervals.
const (
	methodNPS   = "ADJUSTED_WALD"
	methodShare = "NEWCOMBE"
	methodMean  = "WELCH_T"
)

// Difference is a difference of scores with its test.
type Difference struct {
	// Value is in the unit of the score: points for NPS and shares, points of the scale for means.
	Value float64
	// Interval is nil, and so is P, where the data determine none: no answer on either side differs from another.
	Interval *stat.Interval
	Method   string
	Test     string
	// P is the two-sided p-value, AdjustedP the same corrected for its family.
	P, AdjustedP *float64
}

// Of compares the scores of two tallies with answers, with an interval at a confidence level; least and most are the ends of the scale of a mean. Errors: impossible
// counts.
func Of(m place.Metric, a, b place.Tally, level, least, most float64) (*Difference, error) {
	var d *Difference
	var err error
	switch m {
	case place.NPS:
		d, err = compareNPS(a, b, level)
	case place.Share:
		d, err = compareShares(a, b, level)
	default:
		d, err = compareMeans(a, b, level)
		if d.Interval != nil {
			clipped := d.Interval.Clip(least-most, most-least)
			d.Interval = &clipped
		}
	}
	if errors.Is(err, stat.ErrUndefined) {
		err = nil
	}
	return d, err
}

func compareNPS(a, b place.Tally, level float64) (*Difference, error) {
	x, y := stat.ShareDifference{Plus: a.Plus, Minus: a.Minus, N: a.N}, stat.ShareDifference{Plus: b.Plus, Minus: b.Minus, N: b.N}
	d := &Difference{Value: 100 * (x.Estimate() - y.Estimate()), Test: TestNPS, Method: methodNPS}
	c, err := stat.CompareShareDifferences(x, y, level)
	if err == nil {
		scaled := c.Interval.Map(100, 0)
		d.Interval, d.P = &scaled, &c.Test.P
	}
	return d, err
}

func compareShares(a, b place.Tally, level float64) (*Difference, error) {
	x, y := stat.Proportion{Hits: a.Plus, N: a.N}, stat.Proportion{Hits: b.Plus, N: b.N}
	d := &Difference{Value: 100 * (x.Estimate() - y.Estimate()), Test: TestShare, Method: methodShare}
	interval, err := stat.Newcombe(x, y, level)
	if err != nil {
		return d, err
	}
	scaled := interval.Map(100, 0)
	d.Interval = &scaled
	test, err := stat.PooledZ(x, y)
	if err == nil {
		d.P = &test.P
	}
	return d, err
}

func compareMeans(a, b place.Tally, level float64) (*Difference, error) {
	x, y := a.Moments(), b.Moments()
	d := &Difference{Value: x.Mean - y.Mean, Test: TestMean, Method: methodMean}
	w, err := stat.Welch(x, y, level)
	if err == nil {
		d.Interval, d.P = &w.Interval, &w.Test.P
	}
	return d, err
}

// Adjust corrects the p-values of a family by Benjamini and Hochberg, and tells its size; nil differences, and those without a test, are not of it.
func Adjust(family []*Difference) (int, error) {
	p := make([]*float64, len(family))
	for i, d := range family {
		if d != nil {
			p[i] = d.P
		}
	}
	adjusted, size, err := estimate.Adjust(p)
	if err != nil {
		return 0, fmt.Errorf("correct p-values: %w", err)
	}
	for i, v := range adjusted {
		if v != nil {
			family[i].AdjustedP = v
		}
	}
	return size, nil
}
