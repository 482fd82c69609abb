// Package gap computes service quality as the gap between what was perceived and what was expected, item by item
// (SERVQUAL), and the levels of models that ask for perceptions alone (SERVPERF, RSQS).
package gap

import (
	"errors"
	"fmt"
	"math"
)

// ErrInvalid reports items or dimensions that do not fit together.
var ErrInvalid = errors.New("invalid model")

// Dimension is a group of items.
type Dimension struct {
	// ID identifies the dimension.
	ID string
	// Items are the numbers of its items, from 0.
	Items []int
	// Points is its weight in the weighted overall; 0 throughout when none were given.
	Points float64
}

// Quality is the outcome of a model.
type Quality struct {
	// Items are the gaps (perception less expectation) or the perceptions, by item; NaN where an item has no data.
	Items []float64
	// Dimensions are the means of their items that have data; NaN where none has.
	Dimensions []float64
	// Overall is the mean of the dimensions that have data; NaN where none has.
	Overall float64
	// Weighted is the mean of these dimensions weighted by their points; NaN without points.
	Weighted float64
}

// Levels computes a model of one number an item: perceptions, or gaps already made. NaN marks an item without data.
// ErrInvalid when a dimension names an item that does not exist, has none, or points are negative.
func Levels(items []float64, dimensions []Dimension) (Quality, error) {
	q := Quality{Items: items, Dimensions: make([]float64, len(dimensions))}
	var overall, weighted mean
	for i, d := range dimensions {
		if len(d.Items) == 0 || !(d.Points >= 0) || math.IsInf(d.Points, 0) {
			return Quality{}, fmt.Errorf("dimension %q has %d items and %v points: %w", d.ID, len(d.Items), d.Points, ErrInvalid)
		}
		var m mean
		for _, item := range d.Items {
			if item < 0 || item >= len(items) {
				return Quality{}, fmt.Errorf("dimension %q: item %d of %d: %w", d.ID, item, len(items), ErrInvalid)
			}
			m.add(items[item], 1)
		}
		q.Dimensions[i] = m.value()
		overall.add(q.Dimensions[i], 1)
		weighted.add(q.Dimensions[i], d.Points)
	}
	q.Overall, q.Weighted = overall.value(), weighted.value()
	return q, nil
}

// mean is a weighted mean that skips NaN.
type mean struct{ sum, weight float64 }

func (m *mean) add(x, weight float64) {
	if math.IsNaN(x) {
		return
	}
	m.sum += weight * x
	m.weight += weight
}

func (m *mean) value() float64 {
	if m.weight == 0 {
		return math.NaN()
	}
	return m.sum / m.weight
}
