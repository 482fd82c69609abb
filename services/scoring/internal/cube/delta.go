package cube

import (
	"maps"
	"slices"

	"github.com/otklik/otklik/services/scoring/internal/calendar"
	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/histogram"
	"github.com/otklik/otklik/services/scoring/internal/pool"
	"github.com/otklik/otklik/services/scoring/internal/question"
)

// Delta says by how much facts change cells. The zero value changes nothing. Adding and removing commute, and what is added
// and removed again leaves no trace.
type Delta struct {
	// cells hold signed changes, ascending by value and never 0.
	cells map[Key][]histogram.Bin
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

func (d *Delta) fact(f *fact.Fact, change int64) {
	base := Key{Survey: f.Survey, Population: f.Population, Bucket: calendar.BucketOf(f.CountTime)}
	for i := range f.Answers {
		a := &f.Answers[i]
		if !a.Present || !a.Kind.Scored() {
			continue
		}
		k := base
		k.Kind, k.Question, k.Scale = Answers, a.Question, scaleID(a.Scale)
		d.under(k, f.Context, int64(a.Value), change)
	}
	if pooled := pool.Of(f); pooled.Count > 0 {
		k := base
		k.Kind = Pooled
		d.under(k, f.Context, pooled.Code(), change)
	}
	k := base
	k.Kind = Outcomes
	d.under(k, f.Context, response, change)
}

func (d *Delta) refusal(r *fact.Refusal, change int64) {
	d.under(Key{
		Kind: Outcomes, Survey: r.Survey, Population: r.Population, Bucket: calendar.BucketOf(r.CountTime),
	}, r.Context, int64(r.Kind), change)
}

// under counts a value in the cell of all circumstances and in that of each circumstance stated.
func (d *Delta) under(k Key, c fact.Context, value, change int64) {
	d.Change(k, value, change)
	for _, key := range fact.ContextKeys() {
		if v := c.Value(key); v != "" {
			k.ContextKey, k.ContextValue = key, v
			d.Change(k, value, change)
		}
	}
}

// Change counts a value `change` times more, or less where it is negative, in one cell.
func (d *Delta) Change(k Key, value, change int64) {
	if change == 0 {
		return
	}
	if d.cells == nil {
		d.cells = make(map[Key][]histogram.Bin)
	}
	bins := d.cells[k]
	i, found := slices.BinarySearchFunc(bins, value, func(b histogram.Bin, v int64) int {
		switch {
		case b.Value < v:
			return -1
		case b.Value > v:
			return 1
		}
		return 0
	})
	switch {
	case !found:
		bins = slices.Insert(bins, i, histogram.Bin{Value: value, Count: change})
	case bins[i].Count+change != 0:
		bins[i].Count += change
		return
	default:
		bins = slices.Delete(bins, i, i+1)
	}
	if len(bins) == 0 {
		delete(d.cells, k)
		return
	}
	d.cells[k] = bins
}

// Merge adds the changes of other.
func (d *Delta) Merge(other *Delta) {
	for k, bins := range other.cells {
		for _, b := range bins {
			d.Change(k, b.Value, b.Count)
		}
	}
}

// IsEmpty tells whether nothing changes.
func (d *Delta) IsEmpty() bool { return len(d.cells) == 0 }

// Len is the number of cells that change.
func (d *Delta) Len() int { return len(d.cells) }

// Keys lists the cells that change, in order.
func (d *Delta) Keys() []Key {
	keys := make([]Key, 0, len(d.cells))
	for k := range d.cells {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, Key.Compare)
	return keys
}

// Surveys lists the surveys of which cells change, in order.
func (d *Delta) Surveys() []string {
	set := make(map[string]struct{}, 1)
	for k := range d.cells {
		set[k.Survey] = struct{}{}
	}
	return slices.Sorted(maps.Keys(set))
}

// Changes lists the signed changes of one cell, ascending by value. The result must not be modified.
func (d *Delta) Changes(k Key) []histogram.Bin { return d.cells[k] }

// scaleID is question.Scale.ID without building the identifiers of the usual scales anew for every answer.
func scaleID(s question.Scale) string {
	switch s {
	case question.Scale0To10:
		return "0-10"
	case question.Scale1To5:
		return "1-5"
	case question.Scale1To7:
		return "1-7"
	case question.Scale1To10:
		return "1-10"
	}
	return s.ID()
}
