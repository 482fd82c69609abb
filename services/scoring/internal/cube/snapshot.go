package cube

import (
	"iter"
	"slices"

	"github.com/otklik/otklik/libs/calendar"
	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/histogram"
)

// Cells yields every cell that counts something, in the order of Key.Compare. The cube cannot be written while the
// sequence runs, and the loop must not call methods of the cube that write.
func (c *Cube) Cells() iter.Seq2[Key, histogram.Histogram] {
	return func(yield func(Key, histogram.Histogram) bool) {
		c.mu.RLock()
		defer c.mu.RUnlock()
		ids := make([]string, 0, len(c.surveys))
		for id := range c.surveys {
			ids = append(ids, id)
		}
		slices.Sort(ids)
		for _, id := range ids {
			if !c.surveys[id].cells(id, yield) {
				return
			}
		}
	}
}

func (sv *survey) cells(id string, yield func(Key, histogram.Histogram) bool) bool {
	names := make([]familyKey, 0, len(sv.families))
	for name := range sv.families {
		names = append(names, name)
	}
	slices.SortFunc(names, familyKey.compare)
	for _, name := range names {
		f := sv.families[name]
		k := Key{Kind: name.kind, Survey: id, Question: name.question, Scale: name.scale, Population: name.population}
		if !f.cells(&f.all, k, yield) {
			return false
		}
		for _, key := range fact.ContextKeys() {
			for _, v := range f.contextValues(key) {
				k.ContextKey, k.ContextValue = key, v
				if !f.cells(f.by[key][v], k, yield) {
					return false
				}
			}
		}
	}
	return true
}

// cells yields the cells of one series.
func (f *family) cells(s *series, k Key, yield func(Key, histogram.Histogram) bool) bool {
	for i := range s.blocks {
		for j := range s.blocks[i].days {
			d := &s.blocks[i].days[j]
			for first := 0; first < len(d.entries); {
				slot, end := d.entries[first].slot(), first+1
				for end < len(d.entries) && d.entries[end].slot() == slot {
					end++
				}
				k.Bucket = dayStart(d.number) + calendar.Bucket(slot)
				if !yield(k, f.histogram(d.entries[first:end])) {
					return false
				}
				first = end
			}
		}
	}
	return true
}

// Difference is a cell in which two cubes differ.
type Difference struct {
	Key Key
	// A and B are what either cube counts; empty where it counts nothing.
	A, B histogram.Histogram
}

// Diff lists the cells in which two cubes differ, in order, up to a limit (0 for all); none means that every query gives
// equal answers. Neither cube can be written meanwhile.
func Diff(a, b *Cube, limit int) []Difference {
	if a == b {
		return nil
	}
	nextA, stopA := iter.Pull2(a.Cells())
	defer stopA()
	nextB, stopB := iter.Pull2(b.Cells())
	defer stopB()
	var differences []Difference
	ka, ha, okA := nextA()
	kb, hb, okB := nextB()
	for (okA || okB) && (limit == 0 || len(differences) < limit) {
		var order int
		switch {
		case !okB:
			order = -1
		case !okA:
			order = 1
		default:
			order = ka.Compare(kb)
		}
		switch {
		case order < 0:
			differences = append(differences, Difference{Key: ka, A: ha})
		case order > 0:
			differences = append(differences, Difference{Key: kb, B: hb})
		case !ha.Equal(hb):
			differences = append(differences, Difference{Key: ka, A: ha, B: hb})
		}
		if order <= 0 {
			ka, ha, okA = nextA()
		}
		if order >= 0 {
			kb, hb, okB = nextB()
		}
	}
	return differences
}
