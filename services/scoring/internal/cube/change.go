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
	i, found := s.findBlock(floorDiv(number, daysPerBlock))
	if !found {
		s.blocks = slices.Insert(s.blocks, i, block{number: floorDiv(number, daysPerBlock)})
	}
	blk := &s.blocks[i]
	j, found := blk.findDay(number)
	if !found {
		blk.days = slices.Insert(blk.days, j, day{number: number})
	}
	d := &blk.days[j]
	if many(changes, len(d.entries)) {
		f.mergeDay(blk, d, changes)
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

// mergeDay merges changes that add to a day.
func (f *family) mergeDay(blk *block, d *day, changes []Change) {
	incoming := make([]entry, len(changes))
	for i, c := range changes {
		_, slot := split(c.Bucket)
		incoming[i] = newEntry(slot, f.intern(c.Value), uint32(c.Count))
	}
	// Symbols are not in the order of their values.
	if !slices.IsSorted(incoming) {
		slices.Sort(incoming)
	}
	f.sums.reset(len(f.values))
	f.sums.add(incoming)
	for _, symbol := range f.sums.touched {
		blk.total = bump(blk.total, 0, symbol, f.sums.counts[symbol])
	}
	d.entries = mergeEntries(d.entries, incoming)
	if len(d.entries) < totalFrom {
		d.total = nil
		return
	}
	f.sums.reset(len(f.values))
	f.sums.add(d.entries)
	d.total = f.sums.entries(d.total[:0])
}

// mergeEntries adds up sorted entries; both may be kept.
func mergeEntries(a, b []entry) []entry {
	if len(a) == 0 {
		return b
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
