package cube

import "slices"

// change changes a series of the family by sorted changes that have been checked.
func (f *family) change(s *series, changes []Change) {
	for i := range changes {
		f.added += max(changes[i].Count, 0)
	}
	for len(changes) > 0 {
		number, _ := split(changes[0].Bucket)
		next := dayStart(number + 1)
		n := 1
		for n < len(changes) && changes[n].Bucket < next {
			n++
		}
		f.changeDay(s, number, changes[:n])
		changes = changes[n:]
	}
}

// changeDay changes one day of a series.
func (f *family) changeDay(s *series, number int32, changes []Change) {
	i, j := s.place(number)
	blk := &s.blocks[i]
	d := &blk.days[j]
	if many(changes, len(d.entries)) {
		f.mergeDay(blk, d, f.entriesOf(changes))
		return
	}
	for _, c := range changes {
		_, slot := split(c.Bucket)
		symbol := f.intern(c.Value)
		d.add(slot, symbol, c.Count)
		blk.total = bump(blk.total, 0, symbol, c.Count)
	}
	if len(d.entries) == 0 {
		blk.days = slices.Delete(blk.days, j, j+1)
	}
	if len(blk.days) == 0 {
		s.blocks = slices.Delete(s.blocks, i, i+1)
	}
}

// place finds a day, made when it is new: the index of its block and its own within the block.
func (s *series) place(number int32) (i, j int) {
	i, found := s.findBlock(floorDiv(number, daysPerBlock))
	if !found {
		s.blocks = slices.Insert(s.blocks, i, block{number: floorDiv(number, daysPerBlock)})
	}
	blk := &s.blocks[i]
	if j, found = blk.findDay(number); !found {
		blk.days = slices.Insert(blk.days, j, day{number: number})
	}
	return i, j
}

func (d *day) add(slot int, symbol uint32, change int64) {
	d.entries = bump(d.entries, slot, symbol, change)
	switch {
	case len(d.entries) < totalFrom:
		d.total = nil
	case d.total != nil:
		d.total = bump(d.total, 0, symbol, change)
	default:
		for _, e := range d.entries {
			d.total = bump(d.total, 0, e.symbol(), int64(e.count()))
		}
	}
}

// manyFrom is the number of changes from which merging them into a day in one go may cost less than one by one.
const manyFrom = 4

// many tells whether to merge changes in one go: when there are many of them in proportion to what there is, and all add something.
func many(changes []Change, entries int) bool {
	if len(changes) < manyFrom || len(changes)*manyFrom < entries {
		return false
	}
	for i := range changes {
		if changes[i].Count < 0 {
			return false
		}
	}
	return true
}

// entriesOf are changes of one day that add to it, as entries.
func (f *family) entriesOf(changes []Change) []entry {
	out := make([]entry, len(changes))
	for i, c := range changes {
		_, slot := split(c.Bucket)
		out[i] = newEntry(slot, f.intern(c.Value), uint32(c.Count))
	}
	return out
}

// mergeDay merges entries into a day. Their places differ from each other; their counts are positive.
func (f *family) mergeDay(blk *block, d *day, incoming []entry) {
	// Symbols are not in the order of their values.
	if !slices.IsSorted(incoming) {
		slices.Sort(incoming)
	}
	f.sums.reset(len(f.values))
	f.sums.add(incoming)
	f.totals = f.sums.entries(f.totals[:0])
	blk.total = mergeEntries(blk.total, f.totals)
	alone := len(d.entries) == 0
	d.entries = mergeEntries(d.entries, incoming)
	if len(d.entries) < totalFrom {
		d.total = nil
		return
	}
	if !alone {
		f.sums.reset(len(f.values))
		f.sums.add(d.entries)
		f.totals = f.sums.entries(f.totals[:0])
	}
	d.total = append(d.total[:0], f.totals...)
}

// mergeEntries adds b to a, both sorted. It may change a, and keeps neither.
func mergeEntries(a, b []entry) []entry {
	if len(a) == 0 {
		return slices.Clone(b)
	}
	if addInPlace(a, b) {
		return a
	}
	out := make([]entry, 0, len(a)+len(b))
	for len(a) > 0 && len(b) > 0 {
		switch {
		case a[0].place() < b[0].place():
			out, a = append(out, a[0]), a[1:]
		case a[0].place() > b[0].place():
			out, b = append(out, b[0]), b[1:]
		default:
			// The sum fits: it was checked.
			out = append(out, a[0]+entry(b[0].count()))
			a, b = a[1:], b[1:]
		}
	}
	return append(append(out, a...), b...)
}

// addInPlace adds b to a if a has all the places of b; otherwise it changes nothing.
func addInPlace(a, b []entry) bool {
	i := 0
	for _, e := range b {
		for i < len(a) && a[i].place() < e.place() {
			i++
		}
		if i == len(a) || a[i].place() != e.place() {
			return false
		}
	}
	i = 0
	for _, e := range b {
		for a[i].place() < e.place() {
			i++
		}
		a[i] += entry(e.count())
	}
	return true
}
