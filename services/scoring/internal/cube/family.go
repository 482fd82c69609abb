package cube

import (
	"cmp"
	"slices"

	"github.com/otklik/otklik/libs/calendar"
	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/histogram"
	"github.com/otklik/otklik/services/scoring/internal/question"
)

// family is the series that count the same thing under different circumstances. Values are kept once, as symbols.
type family struct {
	// values are the values by symbol, in the order of their first occurrence.
	values  []int64
	symbols map[int64]uint32
	// added is the number of values ever added, to all series: as long as it is small, no count can be too great.
	added int64
	// sums and totals are room to work in for the one who writes.
	sums   accumulator
	totals []entry
	// all counts under all circumstances, by under each value of each key. Nothing is kept for circumstances that were not
	// stated: that is the rest.
	all series
	by  [fact.EmployeeKey + 1]map[string]*series
}

// newFamily is a family without counts. The values that it will count, as far as they are known and few, get symbols in their order: entries
// then come in order by themselves.
func newFamily(name familyKey) *family {
	f := &family{}
	switch name.kind {
	case Outcomes:
		for v := int64(response); v <= int64(fact.TimedOut); v++ {
			f.intern(v)
		}
	case Answers:
		s, err := question.ParseScale(name.scale)
		if err != nil || s.Width()/s.Step >= fewValues {
			break
		}
		for v := s.Min; v <= s.Max; v += s.Step {
			f.intern(int64(v))
		}
	}
	return f
}

// symbol is the symbol of a value; false when the value never occurred.
func (f *family) symbol(value int64) (uint32, bool) {
	// Looking through the few values of a scale takes less time than a map.
	for i, v := range f.values[:min(len(f.values), fewValues)] {
		if v == value {
			return uint32(i), true
		}
	}
	if len(f.values) <= fewValues {
		return 0, false
	}
	s, ok := f.symbols[value]
	return s, ok
}

// fewValues is the number of values that are looked through one by one.
const fewValues = 12

// intern is the symbol of a value, made when the value is new.
func (f *family) intern(value int64) uint32 {
	s, ok := f.symbol(value)
	if !ok {
		if f.symbols == nil {
			f.symbols = make(map[int64]uint32)
		}
		s = uint32(len(f.values))
		f.values = append(f.values, value)
		f.symbols[value] = s
	}
	return s
}

// series is the series of a circumstance; nil when there is none.
func (f *family) series(key fact.ContextKey, value string) *series {
	if key == fact.NoKey {
		return &f.all
	}
	return f.by[key][value]
}

// makeSeries is the series of a circumstance, made when it is new.
func (f *family) makeSeries(key fact.ContextKey, value string) *series {
	if s := f.series(key, value); s != nil {
		return s
	}
	if f.by[key] == nil {
		f.by[key] = make(map[string]*series)
	}
	s := &series{}
	f.by[key][value] = s
	return s
}

// drop forgets a series that has become empty.
func (f *family) drop(key fact.ContextKey, value string) {
	if key != fact.NoKey {
		delete(f.by[key], value)
	}
}

// contextValues lists the values of a key that occur, in order.
func (f *family) contextValues(key fact.ContextKey) []string {
	values := make([]string, 0, len(f.by[key]))
	for v := range f.by[key] {
		values = append(values, v)
	}
	slices.Sort(values)
	return values
}

// isEmpty tells whether nothing is counted.
func (f *family) isEmpty() bool {
	if !f.all.isEmpty() {
		return false
	}
	for _, m := range f.by {
		if len(m) > 0 {
			return false
		}
	}
	return true
}

// histogram turns entries of one bucket into a histogram.
func (f *family) histogram(entries []entry) histogram.Histogram {
	bins := make([]histogram.Bin, len(entries))
	for i, e := range entries {
		bins[i] = histogram.Bin{Value: f.values[e.symbol()], Count: int64(e.count())}
	}
	return sortedHistogram(bins)
}

// sum is what a series counts within a period.
func (f *family) sum(s *series, p calendar.Period, a *accumulator) histogram.Histogram {
	a.reset(len(f.values))
	if s == nil {
		return histogram.Histogram{}
	}
	s.sum(p, a)
	bins := make([]histogram.Bin, len(a.touched))
	for i, symbol := range a.touched {
		bins[i] = histogram.Bin{Value: f.values[symbol], Count: a.counts[symbol]}
	}
	return sortedHistogram(bins)
}

// sortedHistogram makes a histogram of bins of different values; it keeps the slice.
func sortedHistogram(bins []histogram.Bin) histogram.Histogram {
	slices.SortFunc(bins, func(a, b histogram.Bin) int { return cmp.Compare(a.Value, b.Value) })
	return histogram.FromSorted(bins)
}
