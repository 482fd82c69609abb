package column

import "cmp"

// What a row is told apart by is looked up in a table of the codes of a column. The first column of a block is read from end to end, and
// writes the positions of the rows that pass one behind the other; those after it are read at these positions only. Positions are written always and
// the end moved on by the table's 0 or 1: there is no branch to mispredict.

// firstNarrow selects among all rows of a column of one byte. It is what most queries spend most of their time on; unrolled it takes half of it.
func firstNarrow(column []uint8, table *[256]uint8, out *[blockRows]uint16) int {
	const mask = blockRows - 1
	n, i := 0, 0
	for ; i+8 <= len(column); i += 8 {
		c := column[i : i+8 : i+8]
		out[n&mask] = uint16(i)
		n += int(table[c[0]])
		out[n&mask] = uint16(i + 1)
		n += int(table[c[1]])
		out[n&mask] = uint16(i + 2)
		n += int(table[c[2]])
		out[n&mask] = uint16(i + 3)
		n += int(table[c[3]])
		out[n&mask] = uint16(i + 4)
		n += int(table[c[4]])
		out[n&mask] = uint16(i + 5)
		n += int(table[c[5]])
		out[n&mask] = uint16(i + 6)
		n += int(table[c[6]])
		out[n&mask] = uint16(i + 7)
		n += int(table[c[7]])
	}
	for ; i < len(column); i++ {
		out[n&mask] = uint16(i)
		n += int(table[column[i]])
	}
	return n
}

// firstTwo and firstThree select by several columns at once.
func firstTwo(a, b []uint8, tableA, tableB *[256]uint8, out *[blockRows]uint16) int {
	const mask = blockRows - 1
	n, i := 0, 0
	b = b[:len(a)]
	for ; i+4 <= len(a); i += 4 {
		x, y := a[i:i+4:i+4], b[i:i+4:i+4]
		out[n&mask] = uint16(i)
		n += int(tableA[x[0]] & tableB[y[0]])
		out[n&mask] = uint16(i + 1)
		n += int(tableA[x[1]] & tableB[y[1]])
		out[n&mask] = uint16(i + 2)
		n += int(tableA[x[2]] & tableB[y[2]])
		out[n&mask] = uint16(i + 3)
		n += int(tableA[x[3]] & tableB[y[3]])
	}
	for ; i < len(a); i++ {
		out[n&mask] = uint16(i)
		n += int(tableA[a[i]] & tableB[b[i]])
	}
	return n
}

func firstThree(a, b, c []uint8, tableA, tableB, tableC *[256]uint8, out *[blockRows]uint16) int {
	const mask = blockRows - 1
	n, i := 0, 0
	b, c = b[:len(a)], c[:len(a)]
	for ; i+4 <= len(a); i += 4 {
		x, y, z := a[i:i+4:i+4], b[i:i+4:i+4], c[i:i+4:i+4]
		out[n&mask] = uint16(i)
		n += int(tableA[x[0]] & tableB[y[0]] & tableC[z[0]])
		out[n&mask] = uint16(i + 1)
		n += int(tableA[x[1]] & tableB[y[1]] & tableC[z[1]])
		out[n&mask] = uint16(i + 2)
		n += int(tableA[x[2]] & tableB[y[2]] & tableC[z[2]])
		out[n&mask] = uint16(i + 3)
		n += int(tableA[x[3]] & tableB[y[3]] & tableC[z[3]])
	}
	for ; i < len(a); i++ {
		out[n&mask] = uint16(i)
		n += int(tableA[a[i]] & tableB[b[i]] & tableC[c[i]])
	}
	return n
}

func first[T code](column []T, table []uint8, out *[blockRows]uint16) int {
	n := 0
	for i, c := range column {
		out[n&(blockRows-1)] = uint16(i)
		n += int(table[c])
	}
	return n
}

// nextNarrow selects among the rows selected so far.
func nextNarrow(column []uint8, table *[256]uint8, rows []uint16) []uint16 {
	n := 0
	for _, r := range rows {
		rows[n] = r
		n += int(table[column[r]])
	}
	return rows[:n]
}

func next[T code](column []T, table []uint8, rows []uint16) []uint16 {
	n := 0
	for _, r := range rows {
		rows[n] = r
		n += int(table[column[r]])
	}
	return rows[:n]
}

// selection is the rows of a block that are left. As long as nothing was left out it is all of them, without being written down.
type selection struct {
	block *block
	// all tells that nothing was left out but dead rows; buried that these are out.
	all, buried bool
	rows        []uint16
	room        *[blockRows]uint16
}

// room is what a worker needs for the rows of a block. It is used again by other queries.
type room struct {
	rows  [blockRows]uint16
	slots [blockRows]uint32
}

func (s *selection) begin(b *block) {
	s.block, s.all, s.buried, s.rows = b, true, b.dead == nil, nil
}

// len is the number of live rows.
func (s *selection) len() int {
	if s.all {
		return s.block.live
	}
	return len(s.rows)
}

// responses is the number of live rows that are no refusals.
func (s *selection) responses() int64 {
	all := s.block.responses()
	if s.all || len(s.rows) == s.block.live {
		return all
	}
	if all == int64(s.block.live) {
		return int64(len(s.rows))
	}
	n := 0
	for _, r := range s.rows {
		// 1 for Response, 0 for all else.
		n += int((s.block.who[r]&3 - 1) >> 7)
	}
	return int64(n)
}

// list is the selected rows, written down.
func (s *selection) list() []uint16 {
	if s.all {
		s.all = false
		for i := range s.block.n {
			s.room[i] = uint16(i)
		}
		s.rows = s.room[:s.block.n]
		s.bury()
	}
	return s.rows
}

// bury leaves out dead rows.
func (s *selection) bury() {
	if s.buried {
		return
	}
	s.buried = true
	n := 0
	for _, r := range s.rows {
		s.rows[n] = r
		n += int(^s.block.dead[r/64] >> (r % 64) & 1)
	}
	s.rows = s.rows[:n]
}

func (s *selection) none() { s.all, s.rows = false, nil }

// keep selects by a table of codes.
func (s *selection) keep(c *codes, table []uint8, narrow *[256]uint8) {
	switch {
	case c.absent():
		if table[0] == 0 {
			s.none()
		}
	case s.all:
		var n int
		switch {
		case c.narrow != nil:
			n = firstNarrow(c.narrow, narrow, s.room)
		case c.medium != nil:
			n = first(c.medium, table, s.room)
		default:
			n = first(c.wide, table, s.room)
		}
		s.take(n)
	case c.narrow != nil:
		s.rows = nextNarrow(c.narrow, narrow, s.rows)
	case c.medium != nil:
		s.rows = next(c.medium, table, s.rows)
	default:
		s.rows = next(c.wide, table, s.rows)
	}
}

// keepIf selects by a function of the position.
func (s *selection) keepIf(holds func(row int) bool) {
	rows := s.list()
	n := 0
	for _, r := range rows {
		rows[n] = r
		n += int(bit(holds(int(r))))
	}
	s.rows = rows[:n]
}

// apply selects by a filter.
func (s *selection) apply(f *filter) {
	if f.table != nil {
		s.keep(s.block.column(f.field), f.table, &f.narrow)
		return
	}
	rows := s.list()
	mask := f.mask(s.block, rows)
	n := 0
	for i, r := range rows {
		rows[n] = r
		n += int(mask[i])
	}
	s.rows = rows[:n]
}

// together is the share of rows left by the filters before from which on it is quicker to read another column from end to end along with
// theirs than at the positions that are left. Measured: a position costs about 2.5 times as much as a row.
const together = 0.4

// applyTogether applies the first filters of an order at once, as long as they leave many rows, and returns how many it has applied.
func (s *selection) applyTogether(list []chosen) int {
	n := 0
	for n < min(3, len(list)) && list[n].filter.table != nil && s.block.column(list[n].filter.field).narrow != nil &&
		(n == 0 || list[n-1].rows > together*float64(s.block.n)) {
		n++
	}
	if !s.all || n < 2 {
		return 0
	}
	a, b := list[0].filter, list[1].filter
	columnA, columnB := s.block.column(a.field).narrow, s.block.column(b.field).narrow
	if n == 2 {
		n = firstTwo(columnA, columnB, &a.narrow, &b.narrow, s.room)
		s.take(n)
		return 2
	}
	c := list[2].filter
	n = firstThree(columnA, columnB, s.block.column(c.field).narrow, &a.narrow, &b.narrow, &c.narrow, s.room)
	s.take(n)
	return 3
}

// take makes the first positions in the room the selection.
func (s *selection) take(n int) {
	s.all = false
	s.rows = s.room[:n]
	s.bury()
}

// mask evaluates a filter for rows: 1 where it holds.
func (f *filter) mask(b *block, rows []uint16) []uint8 {
	if f.table != nil {
		mask := make([]uint8, len(rows))
		c := b.column(f.field)
		for i, r := range rows {
			mask[i] = f.table[c.at(int(r))]
		}
		return mask
	}
	var mask []uint8
	for i, p := range f.parts {
		part := p.mask(b, rows)
		if i == 0 {
			mask = part
			continue
		}
		for j, x := range part {
			if f.any {
				mask[j] |= x
			} else {
				mask[j] &= x
			}
		}
	}
	if f.negated {
		for j := range mask {
			mask[j] ^= 1
		}
	}
	return mask
}

// chosen is a filter with how many rows of a block it is expected to leave.
type chosen struct {
	filter *filter
	rows   float64
}

// order puts filters into the order in which they are applied to a block, the most selective first, and leaves out those that hold
// for all rows; false when one holds for none. Trees come last: they cost the most and nothing is known of them.
func order(b *block, filters []*filter, room []chosen) ([]chosen, bool) {
	room = room[:0]
	for _, f := range filters {
		c := chosen{filter: f, rows: float64(b.n) + 1}
		if f.table != nil {
			rows, exact := b.passing(f)
			if exact && rows == 0 {
				return nil, false
			}
			if exact && rows == float64(b.n) {
				continue
			}
			c.rows = rows
		}
		room = append(room, c)
		for i := len(room) - 1; i > 0 && cmp.Less(room[i].rows, room[i-1].rows); i-- {
			room[i], room[i-1] = room[i-1], room[i]
		}
	}
	return room, true
}

// sampled is the number of rows that an estimate rests on.
const sampled = 256

// passing is the number of rows of a block, dead ones among them, that pass a table; an estimate where that is not counted.
func (b *block) passing(f *filter) (rows float64, exact bool) {
	c := b.column(f.field)
	if c.absent() {
		return float64(b.n) * float64(f.table[0]), true
	}
	if counts := b.codeCounts(f.field); counts != nil {
		n := 0
		for code, times := range counts {
			n += int(times) * int(f.table[code])
		}
		return float64(n), true
	}
	n, step := 0, max(1, b.n/sampled)
	for i := 0; i < b.n; i += step {
		n += int(f.table[c.at(i)])
	}
	return float64(n * step), false
}
