package column

import (
	"cmp"
	"slices"
)

// tally counts rows by cell and code. Where there are few cells and codes it holds a number for each of them, else for those that occur.
type tally struct {
	// width is the number of codes, cells that of cells; the place of a code is cell*width + code.
	width, cells int
	weighted     bool
	// limit is the number of places from which on it is sparse.
	limit   int
	dense   []uint32
	weights []sum
	sparse  map[uint64]*counted
	// order are the places of a sparse tally in ascending order, once it is complete.
	order []uint64
}

// counted is a number of rows with their weights.
type counted struct {
	n   uint32
	sum sum
}

// Bounds of the places of a dense tally: 16 MB without weights, 36 MB with.
const (
	maxDenseCounts  = 1 << 22
	maxDenseWeights = 1 << 20
)

// grow makes room for cells.
func (t *tally) grow(cells int) {
	if cells <= t.cells {
		return
	}
	t.cells = cells
	n := cells * t.width
	switch {
	case t.sparse != nil:
	case n > t.limit:
		t.thin()
	default:
		t.dense = stretch(t.dense, n)
		if t.weighted {
			t.weights = stretch(t.weights, n)
		}
	}
}

// thin turns a dense tally into a sparse one.
func (t *tally) thin() {
	t.sparse = make(map[uint64]*counted)
	for place, n := range t.dense {
		if n == 0 {
			continue
		}
		c := &counted{n: n}
		if t.weighted {
			c.sum = t.weights[place]
		}
		t.sparse[uint64(place)] = c
	}
	t.dense, t.weights = nil, nil
}

// stretch makes a slice n elements long, at least, with zeros.
func stretch[T any](s []T, n int) []T {
	if n <= len(s) {
		return s
	}
	return append(s, make([]T, max(n, 2*len(s))-len(s))...)
}

// tallyRows counts rows of a column.
func tallyRows[T code](t *tally, rows []uint16, slots []uint32, weights []float64, column []T) {
	if t.sparse != nil {
		for i, r := range rows {
			c := t.at(uint64(slots[i])*uint64(t.width) + uint64(column[r]))
			c.n++
			if t.weighted {
				c.sum.add(weights[i])
			}
		}
		return
	}
	for i, r := range rows {
		t.dense[int(slots[i])*t.width+int(column[r])]++
	}
	if !t.weighted {
		return
	}
	for i, r := range rows {
		t.weights[int(slots[i])*t.width+int(column[r])].add(weights[i])
	}
}

func (t *tally) at(place uint64) *counted {
	c := t.sparse[place]
	if c == nil {
		c = &counted{}
		t.sparse[place] = c
	}
	return c
}

// add counts n rows, without weights, of each of the first codes of a cell.
func (t *tally) add(cell int, counts []uint32) {
	if t.sparse == nil {
		to := t.dense[cell*t.width:][:len(counts)]
		for code, n := range counts {
			to[code] += n
		}
		return
	}
	for code, n := range counts {
		if n > 0 {
			t.at(uint64(cell*t.width + code)).n += n
		}
	}
}

// empty tells whether nothing was counted in some cells.
func (t *tally) empty(first, end int) bool {
	empty := true
	t.each(first, end, func(int, int64, *sum) { empty = false })
	return empty
}

// each calls fn for the codes that occur in some cells, cell by cell.
func (t *tally) each(first, end int, fn func(code int, n int64, s *sum)) {
	var none sum
	if t.sparse == nil {
		for cell := first; cell < end; cell++ {
			for code := range t.width {
				place := cell*t.width + code
				if place >= len(t.dense) || t.dense[place] == 0 {
					continue
				}
				s := &none
				if t.weighted {
					s = &t.weights[place]
				}
				fn(code, int64(t.dense[place]), s)
			}
		}
		return
	}
	if t.order == nil {
		t.order = make([]uint64, 0, len(t.sparse))
		for place := range t.sparse {
			t.order = append(t.order, place)
		}
		slices.Sort(t.order)
	}
	at, _ := slices.BinarySearchFunc(t.order, uint64(first)*uint64(t.width), cmp.Compare[uint64])
	for ; at < len(t.order) && t.order[at] < uint64(end)*uint64(t.width); at++ {
		c := t.sparse[t.order[at]]
		fn(int(t.order[at]%uint64(t.width)), int64(c.n), &c.sum)
	}
}

// absorb adds what another tally has of n cells.
func (t *tally) absorb(other *tally, to, from, n int) {
	if t.sparse == nil && other.sparse == nil && !t.weighted {
		start := min(from*t.width, len(other.dense))
		source := other.dense[start:min((from+n)*t.width, len(other.dense))]
		target := t.dense[to*t.width:]
		for i, n := range source {
			target[i] += n
		}
		return
	}
	for i := range n {
		other.each(from+i, from+i+1, func(code int, n int64, s *sum) {
			place := (to+i)*t.width + code
			if t.sparse != nil {
				c := t.at(uint64(place))
				c.n += uint32(n)
				c.sum.merge(*s)
				return
			}
			t.dense[place] += uint32(n)
			if t.weighted {
				t.weights[place].merge(*s)
			}
		})
	}
}
