package release

import (
	"cmp"
	"slices"
)

// LeastAllowed is the least size of a block that protects anybody.
const LeastAllowed = 3

// Form makes the blocks that can be added to those that there are, of `least` answers each.
func Form(least int, a *Answers, blocks []Block) []Block {
	a.take(blocks)
	released := make(map[Series]map[Cell]int)
	for i := range blocks {
		b := &blocks[i]
		if released[b.Series] == nil {
			released[b.Series] = make(map[Cell]int)
		}
		released[b.Series][b.Cell]++
	}
	var formed []Block
	for _, s := range a.ordered() {
		pending := a.series[s].pending()
		if s.ByEmployee {
			for _, w := range pending {
				w.released = released[s][w.cell]
			}
			formed = append(formed, formOpen(least, s, pending)...)
			continue
		}
		for _, c := range pending {
			for len(c.positions) >= least {
				formed = append(formed, c.next(s, least))
			}
		}
	}
	a.take(formed)
	return formed
}

// waiting is the answers of a cell that are in no block.
type waiting struct {
	cell      Cell
	positions []int64
	// released is how many blocks the cell has.
	released int
}

// next takes a block from the answers that wait.
func (w *waiting) next(s Series, least int) Block {
	b := Block{Series: s, Cell: w.cell, Positions: slices.Clone(w.positions[:least])}
	w.positions = w.positions[least:]
	w.released++
	return b
}

// pending lists the answers that are in no block by cell, in order.
func (l *list) pending() []*waiting {
	byCell := make(map[Cell]*waiting)
	var cells []*waiting
	for i, x := range l.answers {
		if l.taken[i] {
			continue
		}
		w := byCell[x.Cell]
		if w == nil {
			w = &waiting{cell: x.Cell}
			byCell[x.Cell] = w
			cells = append(cells, w)
		}
		w.positions = append(w.positions, x.Position)
	}
	slices.SortFunc(cells, func(x, y *waiting) int {
		return cmp.Or(cmp.Compare(x.cell.Month, y.cell.Month), cmp.Compare(x.cell.Key, y.cell.Key), cmp.Compare(x.cell.Group, y.cell.Group))
	})
	return cells
}

// formOpen forms blocks where the sum over all groups of a month is known besides: what is left of the month stays of two groups or more and of
// the least number of answers or more. Cells come in the order of months.
func formOpen(least int, s Series, cells []*waiting) []Block {
	var formed []Block
	for len(cells) > 0 {
		n := 1
		for n < len(cells) && cells[n].cell.Month == cells[0].cell.Month {
			n++
		}
		month := cells[:n]
		for {
			w := spare(least, month)
			if w == nil {
				break
			}
			formed = append(formed, w.next(s, least))
		}
		cells = cells[n:]
	}
	return formed
}

// spare is the group of which a block can be spared: one that has the fewest blocks, of these one with the most answers waiting; nil when there is
// none.
func spare(least int, month []*waiting) *waiting {
	total, groups := 0, 0
	for _, w := range month {
		total += len(w.positions)
		if len(w.positions) > 0 {
			groups++
		}
	}
	var best *waiting
	for _, w := range month {
		left := groups
		if len(w.positions) == least {
			left--
		}
		if len(w.positions) >= least && Enough(least, left, total-least) && (best == nil || w.before(best)) {
			best = w
		}
	}
	return best
}

// before tells whether a group's turn is before another's.
func (w *waiting) before(other *waiting) bool {
	if w.released != other.released {
		return w.released < other.released
	}
	return len(w.positions) > len(other.positions)
}

// Enough tells whether answers of so many groups and of such a number tell nothing of a single group when their sum is known.
func Enough(least, groups, answers int) bool { return groups >= 2 && answers >= least }

// Released calls fn with each answer that may enter scores: those of complete blocks that are large enough and wholly for the eyes of who asks. exact tells
// that who asks knows the sum of all that is for his eyes. Form must have been called.
func Released(least int, exact bool, a *Answers, blocks []Block, fn func(Series, Answer)) {
	shown := make([]*Block, 0, len(blocks))
	visible := make(map[Series]map[int64]bool)
	for i := range blocks {
		b := &blocks[i]
		l := a.series[b.Series]
		if l == nil || len(b.Positions) < least || !l.complete(b) {
			continue
		}
		shown = append(shown, b)
		if exact && b.Series.ByEmployee {
			if visible[b.Series] == nil {
				visible[b.Series] = make(map[int64]bool)
			}
			for _, p := range b.Positions {
				visible[b.Series][p] = true
			}
		}
	}
	told := make(map[Series]map[Month]bool, len(visible))
	for s, positions := range visible {
		told[s] = a.series[s].told(least, positions)
	}
	for _, b := range shown {
		if told[b.Series][b.Cell.Month] {
			continue
		}
		l := a.series[b.Series]
		for _, p := range b.Positions {
			at, _ := l.find(p)
			fn(b.Series, l.answers[at])
		}
	}
}

// complete tells whether all answers of a block are there and for the eyes of who asks.
func (l *list) complete(b *Block) bool {
	for _, p := range b.Positions {
		if at, ok := l.find(p); !ok || l.answers[at].Foreign {
			return false
		}
	}
	return true
}

// told are the months in which too little would be left beside what is visible: who sees some units only knows the sum of those, of which less may
// be held back than of all. Who sees everything is protected by how blocks are formed.
func (l *list) told(least int, visible map[int64]bool) map[Month]bool {
	restricted := false
	groups := make(map[Month]map[string]bool)
	left := make(map[Month]int)
	for _, x := range l.answers {
		restricted = restricted || x.Foreign
		if x.Foreign || visible[x.Position] {
			continue
		}
		if groups[x.Cell.Month] == nil {
			groups[x.Cell.Month] = make(map[string]bool)
		}
		groups[x.Cell.Month][x.Cell.Group] = true
		left[x.Cell.Month]++
	}
	out := make(map[Month]bool)
	if !restricted {
		return out
	}
	for _, x := range l.answers {
		if m := x.Cell.Month; !x.Foreign && !Enough(least, len(groups[m]), left[m]) {
			out[m] = true
		}
	}
	return out
}
