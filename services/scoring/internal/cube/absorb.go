package cube

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/otklik/otklik/services/scoring/internal/fact"
)

// Absorb adds what another cube counts, which must not be used any more. It is fast where the two count different blocks of 32 days:
// cubes that were filled side by side become one. The error wraps ErrOverflow; the cube is then in no sound state.
func (c *Cube) Absorb(other *Cube) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	other.mu.Lock()
	defer other.mu.Unlock()
	for id, sv := range other.surveys {
		for name, theirs := range sv.families {
			if err := c.absorbFamily(id, name, theirs); err != nil {
				return fmt.Errorf("absorb cube: %w", err)
			}
		}
	}
	return nil
}

func (c *Cube) absorbFamily(survey string, name familyKey, theirs *family) error {
	ours := c.makeFamily(Key{
		Survey: survey, Kind: name.kind, Question: name.question, Scale: name.scale, Population: name.population,
	})
	// No count exceeds the number of values added, so that as long as this is small nothing can be too great.
	ours.added += theirs.added
	if ours.added > math.MaxUint32 {
		return fmt.Errorf("family %+v: %d values: %w", name, ours.added, ErrOverflow)
	}
	symbols := make([]uint32, len(theirs.values))
	same := true
	for i, v := range theirs.values {
		symbols[i] = ours.intern(v)
		same = same && symbols[i] == uint32(i)
	}
	if same {
		symbols = nil
	}
	ours.absorb(&ours.all, &theirs.all, symbols)
	for key, series := range theirs.by {
		for value, s := range series {
			ours.absorb(ours.makeSeries(fact.ContextKey(key), value), s, symbols)
		}
	}
	return nil
}

// absorb adds the blocks of a series of another family to one of this family. symbols translates the other's symbols; nil when they are the same.
func (f *family) absorb(s, theirs *series, symbols []uint32) {
	for i := range theirs.blocks {
		b := &theirs.blocks[i]
		b.translate(symbols)
		at, found := s.findBlock(b.number)
		if !found {
			s.blocks = append(s.blocks, *b)
			if at < len(s.blocks)-1 {
				slices.SortFunc(s.blocks, func(x, y block) int { return cmp.Compare(x.number, y.number) })
			}
			continue
		}
		for j := range b.days {
			at, day := s.place(b.days[j].number)
			f.mergeDay(&s.blocks[at], &s.blocks[at].days[day], b.days[j].entries)
		}
	}
}

// translate replaces symbols.
func (b *block) translate(symbols []uint32) {
	if symbols == nil {
		return
	}
	translate(b.total, symbols)
	for i := range b.days {
		translate(b.days[i].entries, symbols)
		translate(b.days[i].total, symbols)
	}
}

func translate(entries []entry, symbols []uint32) {
	for i, e := range entries {
		entries[i] = newEntry(e.slot(), symbols[e.symbol()], e.count())
	}
	slices.Sort(entries)
}
