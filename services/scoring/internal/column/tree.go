package column

import "slices"

// tree numbers the combinations of steps and codes: level by level, one for each column. Where there are few, each has the number that follows
// from its parts, whether it occurs or not; else those that occur are numbered in the order in which they are met.
type tree struct {
	levels []level
	// roots is the number of nodes above the first level, all that of the combinations that are possible, in a flat tree.
	roots, all int
}

// level gives each node above and code a number.
type level struct {
	card int
	flat bool
	// dense holds, at above*card + code, the number + 1; sparse does where that would be too large.
	dense  []uint32
	sparse map[uint64]uint32
	// origin is above<<32 | code of each number.
	origin []uint64
}

// maxDense bounds the dense form of a level.
const maxDense = 1 << 21

// maxFlat bounds the combinations that are numbered whether they occur or not.
const maxFlat = 1 << 14

// newTree numbers combinations, each of which stands for so many cells.
func newTree(roots int, cards []int, cells int) *tree {
	t := &tree{roots: roots, all: roots}
	flat := roots*cells <= maxFlat
	for _, c := range cards {
		if flat = flat && t.all*c*cells <= maxFlat; flat {
			t.all *= c
		}
		t.levels = append(t.levels, level{card: c})
	}
	for i := range t.levels {
		t.levels[i].flat = flat
	}
	return t
}

// flat tells whether combinations are numbered whether they occur or not.
func (t *tree) flat() bool { return len(t.levels) == 0 || t.levels[0].flat }

// leaves is the number of combinations so far.
func (t *tree) leaves() int {
	if t.flat() {
		return t.all
	}
	return len(t.levels[len(t.levels)-1].origin)
}

// node is the number of a combination.
func (l *level) node(above, code uint32) uint32 {
	if l.flat {
		return above*uint32(l.card) + code
	}
	return l.met(above, code)
}

// met is the number of a combination that has one from when it was first met.
func (l *level) met(above, code uint32) uint32 {
	if l.sparse == nil {
		i := int(above)*l.card + int(code)
		if i >= len(l.dense) {
			return l.grow(above, code)
		}
		if n := l.dense[i]; n != 0 {
			return n - 1
		}
		n := l.add(above, code)
		l.dense[i] = n + 1
		return n
	}
	key := uint64(above)<<32 | uint64(code)
	n, ok := l.sparse[key]
	if !ok {
		n = l.add(above, code)
		l.sparse[key] = n
	}
	return n
}

// grow makes room for a node above that was not met before.
func (l *level) grow(above, code uint32) uint32 {
	size := (int(above) + 1) * l.card
	if size <= maxDense {
		l.dense = append(l.dense, make([]uint32, max(size, min(2*len(l.dense), maxDense))-len(l.dense))...)
		return l.met(above, code)
	}
	l.sparse = make(map[uint64]uint32, len(l.origin))
	for n, origin := range l.origin {
		l.sparse[origin] = uint32(n)
	}
	l.dense = nil
	return l.met(above, code)
}

func (l *level) add(above, code uint32) uint32 {
	l.origin = append(l.origin, uint64(above)<<32|uint64(code))
	return uint32(len(l.origin) - 1)
}

// path is the root and the codes that lead to a leaf, in room for them.
func (t *tree) path(leaf uint32, room []uint32) (root uint32, codes []uint32) {
	codes = slices.Grow(room[:0], len(t.levels))[:len(t.levels)]
	for i := len(t.levels) - 1; i >= 0; i-- {
		l := &t.levels[i]
		if l.flat {
			codes[i], leaf = leaf%uint32(l.card), leaf/uint32(l.card)
			continue
		}
		codes[i] = uint32(l.origin[leaf])
		leaf = uint32(l.origin[leaf] >> 32)
	}
	return leaf, codes
}
