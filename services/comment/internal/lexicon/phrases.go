package lexicon

// state is a place within phrases.
type state struct {
	final        [families]span // meanings of the phrase that ends here
	tight, loose bool           // whether edges of either kind leave it
}

// phraseTable is the automaton of the phrases of two words or more, its edges in one open table.
type phraseTable struct {
	states []state
	slots  []slot
	mask   uint64
}

type slot struct {
	edge edge
	next int32 // −1 in a free slot
}

func newPhraseTable(states int, step map[edge]int32) phraseTable {
	size := uint64(16)
	for size < 3*uint64(len(step)) {
		size *= 2
	}
	t := phraseTable{states: make([]state, states), slots: make([]slot, size), mask: size - 1}
	for i := range t.slots {
		t.slots[i].next = -1
	}
	for e, next := range step { // in any order: where an edge lies does not change what is found
		if e.state < 0 {
			continue
		}
		if e.gap == tight {
			t.states[e.state].tight = true
		} else {
			t.states[e.state].loose = true
		}
		i := e.hash() & t.mask
		for t.slots[i].next >= 0 {
			i = (i + 1) & t.mask
		}
		t.slots[i] = slot{e, next}
	}
	return t
}

func (e edge) hash() uint64 {
	//nolint:gosec // a hash of what is not negative
	h := (uint64(e.state)<<33 | uint64(e.element)<<1 | uint64(e.gap)) * 0x9E3779B97F4A7C15
	return h ^ h>>29
}

// next returns the state that an edge leads to, or −1.
func (t *phraseTable) next(e edge) int32 {
	for i := e.hash() & t.mask; ; i = (i + 1) & t.mask {
		s := &t.slots[i]
		if s.next < 0 || s.edge == e {
			return s.next
		}
	}
}
