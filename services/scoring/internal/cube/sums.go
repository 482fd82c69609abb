package cube

import (
	"fmt"

	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/histogram"
)

// sums are the histograms of one family by value of the key and step.
type sums struct {
	// values lists the values in order.
	values  []string
	byValue map[string][]histogram.Histogram
}

// at is the histogram of a value and a step; empty when there is none.
func (s sums) at(value string, step int) histogram.Histogram {
	if hs := s.byValue[value]; hs != nil {
		return hs[step]
	}
	return histogram.Histogram{}
}

// gather adds up a family as the query asks: as a whole, under one value, or under each value of a key.
func (e *execution) gather(f *family) (sums, error) {
	if f == nil {
		return sums{}, nil
	}
	q := e.query
	switch {
	case q.Key == fact.NoKey:
		return e.single("", e.trend(f, &f.all)), nil
	case q.Value != nil && *q.Value != "":
		return e.single(*q.Value, e.trend(f, f.series(q.Key, *q.Value))), nil
	}
	values := f.contextValues(q.Key)
	if len(values) > q.Limit {
		return sums{}, fmt.Errorf("%d values of %s: %w", len(values), q.Key, ErrTooManySlices)
	}
	result := sums{byValue: make(map[string][]histogram.Histogram, len(values)+1)}
	// What happened where the key was not stated is not kept: it is the whole less all that was stated.
	rest := e.trend(f, &f.all)
	for _, v := range values {
		hs := e.trend(f, f.series(q.Key, v))
		for i := range hs {
			if err := rest[i].Remove(hs[i]); err != nil {
				return sums{}, fmt.Errorf("value %q of %s counts more than the whole: %w", v, q.Key, err)
			}
		}
		result.byValue[v] = hs
	}
	if q.Value != nil {
		return e.single("", rest), nil
	}
	result.values = values
	if anything(rest) {
		result.values = append([]string{""}, values...)
		result.byValue[""] = rest
	}
	return result, nil
}

func (e *execution) single(value string, hs []histogram.Histogram) sums {
	return sums{values: []string{value}, byValue: map[string][]histogram.Histogram{value: hs}}
}

// trend adds up one series step by step.
func (e *execution) trend(f *family, s *series) []histogram.Histogram {
	hs := make([]histogram.Histogram, len(e.steps))
	for i, step := range e.steps {
		hs[i] = f.sum(s, step.Period, &e.sums)
	}
	return hs
}

// anything tells whether something is counted.
func anything(hs []histogram.Histogram) bool {
	for _, h := range hs {
		if !h.IsEmpty() {
			return true
		}
	}
	return false
}
