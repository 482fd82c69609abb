package cube

import (
	"math"
	"slices"
	"sort"
)

// entry counts one symbol in one quarter of an hour: 7 bits for the quarter within its day, 25 for the symbol, 32 for the
// count. Eight bytes is all that an answer takes in a series, and answers alike share them. In totals the quarter is 0.
type entry uint64

// maxSymbols bounds the number of different values of a family.
const maxSymbols = 1 << 25

func newEntry(slot int, symbol, count uint32) entry {
	return entry(slot)<<57 | entry(symbol)<<32 | entry(count)
}

func (e entry) slot() int      { return int(e >> 57) }
func (e entry) symbol() uint32 { return uint32(e>>32) & (maxSymbols - 1) }
func (e entry) count() uint32  { return uint32(e) }

// place is what entries are ordered by: all but the count.
func (e entry) place() uint32 { return uint32(e >> 32) }

// find is the index of the first entry at or after a place, and whether it is there.
func find(entries []entry, place uint32) (int, bool) {
	i := sort.Search(len(entries), func(i int) bool { return entries[i].place() >= place })
	return i, i < len(entries) && entries[i].place() == place
}

// countAt is the count at a place.
func countAt(entries []entry, place uint32) int64 {
	if i, found := find(entries, place); found {
		return int64(entries[i].count())
	}
	return 0
}

// bump changes the count of a symbol in a quarter and returns the entries. The caller has made sure that the count stays within
// bounds.
func bump(entries []entry, slot int, symbol uint32, change int64) []entry {
	e := newEntry(slot, symbol, 0)
	i, found := find(entries, e.place())
	var count int64
	if found {
		count = int64(entries[i].count())
	}
	count += change
	switch {
	case count < 0 || count > math.MaxUint32:
		panic("cube: count out of bounds after it was checked")
	case count == 0 && found:
		return slices.Delete(entries, i, i+1)
	case count == 0:
		return entries
	case found:
		entries[i] = e | entry(count)
		return entries
	}
	return slices.Insert(entries, i, e|entry(count))
}
