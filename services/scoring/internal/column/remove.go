package column

import (
	"slices"
)

// removal is a row to take away so many times.
type removal struct {
	row   int
	left  int64
	codes []uint32
	head  head
}

// takeAway marks rows as dead, in blocks that take the place of those that readers see. Blocks are looked through from the newest to the
// oldest, and only those that hold rows of the time: a row is mostly taken away soon after it was added.
func (t *Table) takeAway(p *putter) error {
	wanted := p.removals()
	if len(wanted) == 0 {
		return nil
	}
	sealed := slices.Clone(t.sealed)
	tidy := false
	for i := len(sealed); i >= 0 && len(wanted) > 0; i-- {
		b := t.open
		if i < len(sealed) {
			b = sealed[i]
		}
		dead := b.find(wanted)
		if dead == nil {
			continue
		}
		wanted = slices.DeleteFunc(wanted, func(r *removal) bool { return r.left == 0 })
		next := b.without(dead)
		if i == len(sealed) {
			t.open = next
			continue
		}
		// What the old cache holds is not so any more; readers may still use it until they are done.
		next.cache = newCache(&t.cached)
		b.cache.drop()
		sealed[i] = next
		tidy = tidy || next.live <= next.n-max(1, next.n/wasteful)
	}
	if len(wanted) > 0 {
		return p.missing(wanted[0].row)
	}
	t.sealed = sealed
	if tidy {
		t.tidy()
	}
	return nil
}

// removals are the rows of the frame that count less than 0, with the code of each field.
func (p *putter) removals() []*removal {
	var list []*removal
	for i, n := range p.frame.counts {
		if n >= 0 {
			continue
		}
		r := &removal{row: i, left: -n, head: p.head(i), codes: make([]uint32, len(p.table.dictionaries.list))}
		for j, c := range p.columns {
			r.codes[p.fields[j]] = p.codes[j][c.codes[i]]
		}
		list = append(list, r)
	}
	return list
}

// find looks for rows and counts down what it finds; it returns the dead rows with those, nil when none is here.
func (b *block) find(wanted []*removal) []uint64 {
	byID := make(map[uint64][]*removal)
	// low has a bit for the lowest bits of each identifier: what is not in it is not wanted.
	var low [blockRows / 64]uint64
	for _, r := range wanted {
		if r.head.bucket >= b.least && r.head.bucket <= b.most {
			byID[r.head.id] = append(byID[r.head.id], r)
			low[uint16(r.head.id)/64] |= 1 << (r.head.id % 64)
		}
	}
	if len(byID) == 0 {
		return nil
	}
	var dead []uint64
	for i, id := range b.ids[:b.n] {
		if low[uint16(id)/64]&(1<<(id%64)) == 0 || !b.alive(i) {
			continue
		}
		for _, r := range byID[id] {
			if r.left == 0 || !b.equal(i, r) {
				continue
			}
			if dead == nil {
				dead = make([]uint64, max(blockRows/64, len(b.dead)))
				copy(dead, b.dead)
			}
			dead[i/64] |= 1 << (i % 64)
			r.left--
			break
		}
	}
	return dead
}

// equal tells whether a row is the one to take away.
func (b *block) equal(i int, r *removal) bool {
	if b.head(i) != r.head {
		return false
	}
	for field := range max(len(b.columns), len(r.codes)) {
		c, want := b.column(field), uint32(0)
		if field < len(r.codes) {
			want = r.codes[field]
		}
		have := uint32(0)
		if i < c.len() {
			have = c.at(i)
		}
		if have != want {
			return false
		}
	}
	return true
}
