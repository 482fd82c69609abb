package histogram

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"sort"
)

// ErrNegative reports a change that would leave a count below 0, or a negative number of values to add or subtract.
var ErrNegative = errors.New("count would be negative")

// Bin is a value and how often it occurred.
type Bin struct {
	// Value is the value counted.
	Value int64
	// Count is how often it occurred; > 0 within a Histogram.
	Count int64
}

// Histogram counts values. The zero value is empty and ready for use. A histogram is not safe for concurrent change;
// assigning one shares its bins, Clone does not. Totals must stay below 2^53.
type Histogram struct {
	// bins ascend by value and hold positive counts only, so that equal histograms have equal bins.
	bins []Bin
}

// Of counts the values given.
func Of(values ...int64) Histogram {
	var h Histogram
	for _, v := range values {
		h.add(v, 1)
	}
	return h
}

// FromBins makes a histogram of bins in any order; bins of the same value add up. ErrNegative when one counts below 0.
func FromBins(bins ...Bin) (Histogram, error) {
	var h Histogram
	for _, b := range bins {
		if err := h.Add(b.Value, b.Count); err != nil {
			return Histogram{}, err
		}
	}
	return h, nil
}

// Add counts a value `count` times more. ErrNegative when count < 0.
func (h *Histogram) Add(value, count int64) error {
	if count < 0 {
		return fmt.Errorf("add %d of value %d: %w", count, value, ErrNegative)
	}
	h.add(value, count)
	return nil
}

// Subtract counts a value `count` times less. ErrNegative when count < 0 or the value did not occur so often; the
// histogram is then unchanged.
func (h *Histogram) Subtract(value, count int64) error {
	if count < 0 || h.Count(value) < count {
		return fmt.Errorf("subtract %d of value %d, which occurs %d times: %w", count, value, h.Count(value), ErrNegative)
	}
	h.add(value, -count)
	return nil
}

// Merge adds all counts of other. Merging is commutative and associative.
func (h *Histogram) Merge(other Histogram) {
	if len(h.bins) == 0 {
		h.bins = slices.Clone(other.bins)
		return
	}
	for _, b := range other.bins {
		h.add(b.Value, b.Count)
	}
}

// Remove subtracts all counts of other. ErrNegative when a value occurs more often in other; the histogram is then
// unchanged.
func (h *Histogram) Remove(other Histogram) error {
	for _, b := range other.bins {
		if h.Count(b.Value) < b.Count {
			return fmt.Errorf("remove %d of value %d, which occurs %d times: %w", b.Count, b.Value, h.Count(b.Value), ErrNegative)
		}
	}
	for _, b := range other.bins {
		h.add(b.Value, -b.Count)
	}
	return nil
}

// add changes the count of a value by a signed number; the result must not be negative.
func (h *Histogram) add(value, change int64) {
	if change == 0 {
		return
	}
	i, found := h.find(value)
	switch {
	case !found:
		h.bins = slices.Insert(h.bins, i, Bin{Value: value, Count: change})
	case h.bins[i].Count+change == 0:
		h.bins = slices.Delete(h.bins, i, i+1)
	default:
		h.bins[i].Count += change
	}
}

// find is the index of the first bin whose value is not less, and whether it is the value's.
func (h Histogram) find(value int64) (int, bool) {
	i := sort.Search(len(h.bins), func(i int) bool { return h.bins[i].Value >= value })
	return i, i < len(h.bins) && h.bins[i].Value == value
}

// Clone is a copy that shares nothing with h.
func (h Histogram) Clone() Histogram { return Histogram{bins: slices.Clone(h.bins)} }

// Equal tells whether both count the same values equally often.
func (h Histogram) Equal(other Histogram) bool { return slices.Equal(h.bins, other.bins) }

// IsEmpty tells whether no value is counted.
func (h Histogram) IsEmpty() bool { return len(h.bins) == 0 }

// Len is the number of different values.
func (h Histogram) Len() int { return len(h.bins) }

// Bins yields the bins in ascending order of value.
func (h Histogram) Bins() iter.Seq[Bin] { return slices.Values(h.bins) }

// Count is how often the value occurred.
func (h Histogram) Count(value int64) int64 {
	if i, found := h.find(value); found {
		return h.bins[i].Count
	}
	return 0
}

// CountBelow is the number of values < limit.
func (h Histogram) CountBelow(limit int64) int64 {
	var n int64
	i, _ := h.find(limit)
	for _, b := range h.bins[:i] {
		n += b.Count
	}
	return n
}

// CountAtLeast is the number of values ≥ limit.
func (h Histogram) CountAtLeast(limit int64) int64 {
	var n int64
	i, _ := h.find(limit)
	for _, b := range h.bins[i:] {
		n += b.Count
	}
	return n
}

// CountAtMost is the number of values ≤ limit.
func (h Histogram) CountAtMost(limit int64) int64 { return h.N() - h.countAbove(limit) }

func (h Histogram) countAbove(limit int64) int64 {
	var n int64
	for _, b := range h.bins {
		if b.Value > limit {
			n += b.Count
		}
	}
	return n
}

// Min is the least value counted; false when the histogram is empty.
func (h Histogram) Min() (int64, bool) {
	if len(h.bins) == 0 {
		return 0, false
	}
	return h.bins[0].Value, true
}

// Max is the greatest value counted; false when the histogram is empty.
func (h Histogram) Max() (int64, bool) {
	if len(h.bins) == 0 {
		return 0, false
	}
	return h.bins[len(h.bins)-1].Value, true
}

// FromSorted makes a histogram of bins that ascend by value and count more than 0; it keeps the slice and checks nothing.
// It is for callers that have such bins by construction; others use FromBins.
func FromSorted(bins []Bin) Histogram {
	if len(bins) == 0 {
		return Histogram{}
	}
	return Histogram{bins: bins}
}
