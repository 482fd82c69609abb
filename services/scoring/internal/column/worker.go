package column

import (
	"slices"
	"sort"

	"github.com/otklik/otklik/libs/calendar"
)

// worker counts blocks for a plan. What it needs to work on one is used again for the next.
type worker struct {
	*plan
	room      *room
	selection selection
	chosen    []chosen
	coverage  Coverage
	tree      *tree
	// rows, with the number of the group of each and, in weighted queries, its weight: a row that is in several groups is here several times.
	rows    []uint16
	slots   []uint32
	weights []float64
	// spare and other are room for them.
	spare struct {
		rows    []uint16
		slots   []uint32
		weights []float64
	}
	other  []uint16
	stepOf []uint32
	// segments are rows that follow one another and are of the same step; none where the steps are mixed.
	segments []segment
	// factor numbers combinations of the keys of weights; factorOf is the factor of each.
	factors  *tree
	factorOf []float64
	// outcomes are those of a block's rows.
	outcomes []uint8
	// codes is room for a path.
	codes  []uint32
	counts counters
}

// segment ends before a row, by its place among those chosen.
type segment struct {
	end  int
	step uint32
}

func newWorker(p *plan) *worker {
	w := &worker{plan: p, tree: newTree(p.steps(), cards(p.groups), max(1, p.Replicates)), counts: newCounters(p.widths, !p.Weights.None())}
	w.room = p.rooms.Get().(*room)
	w.selection.room, w.slots = &w.room.rows, w.room.slots[:0]
	if p.factor != nil {
		// A factor is asked for only where it occurs: the tree must not be flat.
		w.factors = newTree(1, cards(p.factor.groups), maxFlat+1)
	}
	return w
}

// leave gives back the room of a worker that will count no more.
func (w *worker) leave() {
	w.rooms.Put(w.room)
	w.room, w.selection, w.slots, w.rows = nil, selection{}, nil, nil
}

func cards(groups []grouping) []int {
	var out []int
	for _, g := range groups {
		out = append(out, len(g.values))
	}
	return out
}

// choose selects the rows of a block that count, and their weights; it tells whether there are any.
func (w *worker) choose(b *block) bool {
	s := &w.selection
	s.begin(b)
	for _, f := range w.within {
		s.apply(f)
	}
	rows, responses := s.len(), s.responses()
	w.coverage.Rows += responses
	after := func(reason *int64) {
		if s.len() == rows {
			return
		}
		now := s.responses()
		*reason += responses - now
		rows, responses = s.len(), now
	}
	if ours := w.ofPopulation(b); ours == 0 {
		s.none()
	} else if ours != int64(b.live) {
		s.keep(&codes{narrow: b.who}, w.people[:], &w.people)
	}
	after(&w.coverage.OtherPopulation)
	if all, overlaps := w.inPeriod(b); !overlaps {
		s.none()
	} else if !all && rows > 0 {
		first, end := int64(w.period.First), int64(w.period.End)
		s.keepIf(func(row int) bool { at := b.buckets.at(row); return at >= first && at < end })
	}
	after(&w.coverage.OutsidePeriod)
	if w.ReceivedTo != 0 && b.latest > w.ReceivedTo && rows > 0 {
		s.keepIf(func(row int) bool { return start(calendar.Bucket(b.buckets.at(row)))+b.delays.at(row) <= w.ReceivedTo })
	}
	after(&w.coverage.ReceivedLater)
	if rows == 0 {
		return false
	}
	w.filter(b)
	after(&w.coverage.Filtered)
	if !w.Weights.None() && rows > 0 {
		w.weigh(b)
		after(&w.coverage.Unweighted)
	}
	w.coverage.Counted += responses
	return rows > 0
}

// filter selects by the query's own predicate.
func (w *worker) filter(b *block) {
	var any bool
	if w.chosen, any = order(b, w.where, w.chosen); !any {
		w.selection.none()
		return
	}
	for i := w.selection.applyTogether(w.chosen); i < len(w.chosen) && w.selection.len() > 0; i++ {
		w.selection.apply(w.chosen[i].filter)
	}
}

// weigh finds the weights of the selected rows, and leaves out those that weigh nothing.
func (w *worker) weigh(b *block) {
	rows := w.selection.list()
	w.weights = slices.Grow(w.weights[:0], len(rows))[:len(rows)]
	for i := range w.weights {
		w.weights[i] = 1
	}
	if w.Weights.Stated && b.weights != nil {
		for i, r := range rows {
			w.weights[i] = b.weights[r]
		}
	}
	if w.factor == nil {
		return
	}
	w.slots = slices.Grow(w.slots[:0], len(rows))[:len(rows)]
	clear(w.slots)
	for i := range w.factor.groups {
		l := &w.factors.levels[i]
		c := b.column(w.factor.groups[i].field)
		for j, r := range rows {
			w.slots[j] = l.node(w.slots[j], c.at(int(r)))
		}
	}
	for n := len(w.factorOf); n < w.factors.leaves(); n++ {
		_, codes := w.factors.path(uint32(n), nil)
		w.factorOf = append(w.factorOf, w.factor.find(codes))
	}
	n := 0
	for i, r := range rows {
		x := w.weights[i] * w.factorOf[w.slots[i]]
		rows[n], w.weights[n] = r, x
		n += int(bit(x > 0))
	}
	w.selection.rows, w.weights = rows[:n], w.weights[:n]
}

// group finds the groups of the selected rows.
func (w *worker) group(b *block) {
	w.rows = w.selection.list()
	w.slots = slices.Grow(w.slots[:0], len(w.rows))[:len(w.rows)]
	w.step(b)
	for i := range w.groups {
		g, l := &w.groups[i], &w.tree.levels[i]
		c := b.column(g.field)
		switch {
		case g.each != nil:
			w.spread(l, g, c)
		case c.narrow != nil:
			descend(l, w.slots, w.rows, c.narrow)
		case c.medium != nil:
			descend(l, w.slots, w.rows, c.medium)
		case c.wide != nil:
			descend(l, w.slots, w.rows, c.wide)
		default:
			for j, above := range w.slots {
				w.slots[j] = l.node(above, 0)
			}
		}
	}
}

func descend[T code](l *level, slots []uint32, rows []uint16, column []T) {
	if l.flat {
		card := uint32(l.card)
		for i, r := range rows {
			slots[i] = slots[i]*card + uint32(column[r])
		}
		return
	}
	for i, r := range rows {
		slots[i] = l.met(slots[i], uint32(column[r]))
	}
}

// spread puts rows into the group of each of their values.
func (w *worker) spread(l *level, g *grouping, c *codes) {
	rows, slots, weights := w.spare.rows[:0], w.spare.slots[:0], w.spare.weights[:0]
	weighted := !w.Weights.None()
	for i, r := range w.rows {
		for _, value := range g.each[c.at(int(r))] {
			rows = append(rows, r)
			slots = append(slots, l.node(w.slots[i], value))
			if weighted {
				weights = append(weights, w.weights[i])
			}
		}
	}
	// The room of the selection stays its own.
	w.spare.rows, w.other = w.other, rows
	w.spare.slots, w.slots, w.rows = w.slots, slots, rows
	if weighted {
		w.spare.weights, w.weights = w.weights, weights
	}
}

// step gives each row the number of its step.
func (w *worker) step(b *block) {
	w.segments = w.segments[:0]
	least, most := max(b.least, w.period.First), min(b.most, w.period.End-1)
	first, last := w.plan.step(least), w.plan.step(most)
	if first == last || !b.mixed {
		w.cut(b, first, last)
		return
	}
	if int64(most)-int64(least) > blockRows {
		for i, r := range w.rows {
			w.slots[i] = uint32(w.plan.step(calendar.Bucket(b.buckets.at(int(r)))))
		}
		return
	}
	w.stepOf = w.stepOf[:0]
	at := first
	for bucket := least; bucket <= most; bucket++ {
		for w.Steps[at].End <= bucket {
			at++
		}
		w.stepOf = append(w.stepOf, uint32(at))
	}
	if narrow := b.buckets.narrow; narrow != nil {
		shift := int(b.buckets.base - int64(least))
		for i, r := range w.rows {
			w.slots[i] = w.stepOf[int(narrow[r])+shift]
		}
		return
	}
	for i, r := range w.rows {
		w.slots[i] = w.stepOf[b.buckets.at(int(r))-int64(least)]
	}
}

// cut cuts rows in the order of time at the ends of steps.
func (w *worker) cut(b *block, first, last int) {
	at := 0
	for step := first; step <= last; step++ {
		end := len(w.rows)
		if step < last {
			limit := int64(w.Steps[step].End)
			end = at + sort.Search(end-at, func(i int) bool { return b.buckets.at(int(w.rows[at+i])) >= limit })
		}
		if end > at {
			w.segments = append(w.segments, segment{end, uint32(step)})
		}
		for ; at < end; at++ {
			w.slots[at] = uint32(step)
		}
	}
}
