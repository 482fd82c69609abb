package cube

import (
	"cmp"
	"iter"
	"maps"
	"slices"

	"github.com/otklik/otklik/libs/calendar"
	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/histogram"
	"github.com/otklik/otklik/services/scoring/internal/pool"
)

// Delta says by how much facts change cells. The zero value changes nothing. Adding and removing commute, and what is added
// and removed again leaves no trace.
//
// Changes are kept by series, as a cube keeps its counts: a response changes dozens of cells, and finding each of them by its whole key
// would cost more than all the rest of counting. A delta must not be copied once it is in use.
type Delta struct {
	families map[deltaKey]*deltaFamily
	// order lists the series in the order of Key.Compare; nil when there are new ones.
	order []placed
}

// placed is a series with its key.
type placed struct {
	key    Key
	series *deltaSeries
}

// deltaKey names a family of any survey.
type deltaKey struct {
	survey string
	familyKey
}

func (k deltaKey) compare(other deltaKey) int {
	return cmp.Or(cmp.Compare(k.survey, other.survey), k.familyKey.compare(other.familyKey))
}

// deltaFamily is the changed series of one family.
type deltaFamily struct {
	owner *Delta
	all   deltaSeries
	by    [fact.EmployeeKey + 1]map[string]*deltaSeries
}

// deltaSeries is the changes of one series.
type deltaSeries struct {
	changes []Change
	// tidy tells that the changes are sorted and added up.
	tidy bool
}

// Change says by how much the count of one value in one bucket changes.
type Change struct {
	Bucket calendar.Bucket
	// Value is what is counted.
	Value int64
	// Count is the change of its count.
	Count int64
}

func (c Change) compare(other Change) int {
	if c.Bucket != other.Bucket {
		return cmp.Compare(c.Bucket, other.Bucket)
	}
	return cmp.Compare(c.Value, other.Value)
}

// response is the value that stands for a response in cells of kind Outcomes.
const response = 0

// AddFact counts a response and its answers. The fact must pass fact.Check.
func (d *Delta) AddFact(f *fact.Fact) { d.fact(f, 1) }

// RemoveFact takes back what AddFact counted for an equal fact.
func (d *Delta) RemoveFact(f *fact.Fact) { d.fact(f, -1) }

// AddRefusal counts a refusal that counts (fact.Outcome.Counted).
func (d *Delta) AddRefusal(r *fact.Refusal) { d.refusal(r, 1) }

// RemoveRefusal takes back what AddRefusal counted for an equal refusal.
func (d *Delta) RemoveRefusal(r *fact.Refusal) { d.refusal(r, -1) }

// Replace moves from the refusal that counted for an invitation to the one that counts now; either may be nil.
func (d *Delta) Replace(before, after *fact.Refusal) {
	if before == after {
		return
	}
	if before != nil {
		d.RemoveRefusal(before)
	}
	if after != nil {
		d.AddRefusal(after)
	}
}

func (d *Delta) fact(f *fact.Fact, count int64) {
	key := deltaKey{survey: f.Survey, familyKey: familyKey{kind: Answers, population: f.Population}}
	bucket := calendar.BucketOf(f.CountTime)
	for i := range f.Answers {
		a := &f.Answers[i]
		if !a.Present || !a.Kind.Scored() {
			continue
		}
		key.question, key.scale = a.Question, a.Scale.ID()
		d.family(key).under(f.Context, Change{Bucket: bucket, Value: int64(a.Value), Count: count})
	}
	key.question, key.scale = "", ""
	if pooled := pool.Of(f); pooled.Count > 0 {
		key.kind = Pooled
		d.family(key).under(f.Context, Change{Bucket: bucket, Value: pooled.Code(), Count: count})
	}
	key.kind = Outcomes
	d.family(key).under(f.Context, Change{Bucket: bucket, Value: response, Count: count})
}

func (d *Delta) refusal(r *fact.Refusal, count int64) {
	key := deltaKey{survey: r.Survey, familyKey: familyKey{kind: Outcomes, population: r.Population}}
	d.family(key).under(r.Context, Change{Bucket: calendar.BucketOf(r.CountTime), Value: int64(r.Kind), Count: count})
}

// family is a family, made when it is new.
func (d *Delta) family(key deltaKey) *deltaFamily {
	f := d.families[key]
	if f == nil {
		if d.families == nil {
			d.families = make(map[deltaKey]*deltaFamily)
		}
		f = &deltaFamily{owner: d}
		d.families[key] = f
		d.order = nil
	}
	return f
}

// under adds a change to the series of all circumstances and to that of each circumstance stated, of those that are counted.
func (f *deltaFamily) under(c fact.Context, change Change) {
	f.all.add(change)
	for key := fact.Touchpoint; key <= fact.Company; key++ {
		if v := c.Value(key); v != "" {
			f.series(key, v).add(change)
		}
	}
}

// series is the series of a circumstance, made when it is new.
func (f *deltaFamily) series(key fact.ContextKey, value string) *deltaSeries {
	if key == fact.NoKey {
		return &f.all
	}
	s := f.by[key][value]
	if s == nil {
		if f.by[key] == nil {
			f.by[key] = make(map[string]*deltaSeries)
		}
		s = &deltaSeries{}
		f.by[key][value] = s
		f.owner.order = nil
	}
	return s
}

func (s *deltaSeries) add(c Change) {
	s.changes = append(s.changes, c)
	s.tidy = false
}

// sorted sorts and adds up the changes.
func (s *deltaSeries) sorted() []Change {
	if s.tidy {
		return s.changes
	}
	slices.SortFunc(s.changes, Change.compare)
	out := s.changes[:0]
	for _, c := range s.changes {
		if n := len(out); n > 0 && out[n-1].Bucket == c.Bucket && out[n-1].Value == c.Value {
			out[n-1].Count += c.Count
			continue
		}
		out = append(out, c)
	}
	s.changes = slices.DeleteFunc(out, func(c Change) bool { return c.Count == 0 })
	s.tidy = true
	return s.changes
}

// Change counts a value `count` times more, or less where it is negative, in one cell.
func (d *Delta) Change(k Key, value, count int64) {
	if count != 0 {
		d.family(deltaKey{k.Survey, k.family()}).series(k.ContextKey, k.ContextValue).add(Change{Bucket: k.Bucket, Value: value, Count: count})
	}
}

// Add adds changes of one series; the bucket of the key means nothing. The changes are not kept.
func (d *Delta) Add(k Key, changes ...Change) {
	if len(changes) == 0 {
		return
	}
	s := d.family(deltaKey{k.Survey, k.family()}).series(k.ContextKey, k.ContextValue)
	s.changes = append(s.changes, changes...)
	s.tidy = false
}

// Merge adds the changes of other.
func (d *Delta) Merge(other *Delta) {
	for k, changes := range other.Series() {
		d.Add(k, changes...)
	}
}

// Series yields the changes of each series, in the order of Key.Compare; the bucket of the keys means nothing. Changes ascend by
// bucket and value, and are never 0. They must not be modified or kept.
func (d *Delta) Series() iter.Seq2[Key, []Change] {
	return func(yield func(Key, []Change) bool) {
		for _, p := range d.ordered() {
			if changes := p.series.sorted(); len(changes) > 0 && !yield(p.key, changes) {
				return
			}
		}
	}
}

// ordered lists the series in the order of Key.Compare.
func (d *Delta) ordered() []placed {
	if d.order != nil {
		return d.order
	}
	for _, name := range slices.SortedFunc(maps.Keys(d.families), deltaKey.compare) {
		f := d.families[name]
		k := Key{Kind: name.kind, Survey: name.survey, Question: name.question, Scale: name.scale, Population: name.population}
		d.order = append(d.order, placed{k, &f.all})
		for key, series := range f.by {
			k.ContextKey = fact.ContextKey(key)
			for _, k.ContextValue = range slices.Sorted(maps.Keys(series)) {
				d.order = append(d.order, placed{k, series[k.ContextValue]})
			}
		}
	}
	return d.order
}

// IsEmpty tells whether nothing changes.
func (d *Delta) IsEmpty() bool {
	for range d.Series() {
		return false
	}
	return true
}

// Len is the number of cells that change.
func (d *Delta) Len() int { return len(d.Keys()) }

// Keys lists the cells that change, in order.
func (d *Delta) Keys() []Key {
	var keys []Key
	for k, changes := range d.Series() {
		for i, c := range changes {
			if i == 0 || c.Bucket != k.Bucket {
				k.Bucket = c.Bucket
				keys = append(keys, k)
			}
		}
	}
	return keys
}

// Surveys lists the surveys of which cells change, in order.
func (d *Delta) Surveys() []string {
	var surveys []string
	for k := range d.Series() {
		if n := len(surveys); n == 0 || surveys[n-1] != k.Survey {
			surveys = append(surveys, k.Survey)
		}
	}
	return surveys
}

// Changes lists the signed changes of one cell, ascending by value.
func (d *Delta) Changes(k Key) []histogram.Bin {
	f := d.families[deltaKey{k.Survey, k.family()}]
	if f == nil {
		return nil
	}
	s := &f.all
	if k.ContextKey != fact.NoKey {
		if s = f.by[k.ContextKey][k.ContextValue]; s == nil {
			return nil
		}
	}
	var bins []histogram.Bin
	for _, c := range s.sorted() {
		if c.Bucket == k.Bucket {
			bins = append(bins, histogram.Bin{Value: c.Value, Count: c.Count})
		}
	}
	return bins
}
