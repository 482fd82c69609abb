package column

import (
	"github.com/otklik/otklik/services/scoring/internal/fact"
)

// counters count rows by cell: a cell is a group, or a group's random group of respondents.
type counters struct {
	outcomes tally
	// columns are those of the counted columns.
	columns []tally
}

func newCounters(widths []int, weighted bool) counters {
	blank := tally{width: int(outcomes), weighted: weighted, limit: maxDenseCounts}
	if weighted {
		blank.limit = maxDenseWeights
	}
	c := counters{outcomes: blank}
	for _, width := range widths {
		blank.width = width
		c.columns = append(c.columns, blank)
	}
	return c
}

func (c *counters) grow(cells int) {
	if cells <= c.outcomes.cells {
		return
	}
	c.outcomes.grow(cells)
	for i := range c.columns {
		c.columns[i].grow(cells)
	}
}

func (w *worker) cells() int { return w.tree.leaves() * max(1, w.Replicates) }

// split gives each row, in place of the number of its group, that of the random group within.
func (w *worker) split(b *block) {
	if w.Replicates == 0 {
		return
	}
	for i, r := range w.rows {
		group := RandomGroup(b.respondent(int(r)), b.ids[r], w.Replicates)
		w.slots[i] = w.slots[i]*uint32(w.Replicates) + uint32(group)
	}
}

// count counts the rows that were chosen and grouped.
func (w *worker) count(b *block) {
	w.counts.grow(w.cells())
	if len(w.segments) > 0 && len(w.groups) == 0 && w.Replicates == 0 && w.Weights.None() {
		w.countSegments(b)
		return
	}
	w.outcomes = w.outcomes[:0]
	for _, who := range b.who {
		w.outcomes = append(w.outcomes, who&3)
	}
	tallyRows(&w.counts.outcomes, w.rows, w.slots, w.weights, w.outcomes)
	for i, field := range w.counted {
		tallyColumn(&w.counts.columns[i], w.rows, w.slots, w.weights, b.column(field))
	}
}

func tallyColumn(t *tally, rows []uint16, slots []uint32, weights []float64, c *codes) {
	switch {
	case c.narrow != nil:
		tallyRows(t, rows, slots, weights, c.narrow)
	case c.medium != nil:
		tallyRows(t, rows, slots, weights, c.medium)
	case c.wide != nil:
		tallyRows(t, rows, slots, weights, c.wide)
	}
}

// countSegments counts rows that are grouped by steps only, step by step.
func (w *worker) countSegments(b *block) {
	silent := w.ofPopulation(b) == int64(b.perWho[who{w.Population, Response}.code()])
	begin := 0
	for _, s := range w.segments {
		rows := w.rows[begin:s.end]
		var counts [outcomes]uint32
		if silent {
			counts[Response] = uint32(len(rows))
		} else {
			for _, r := range rows {
				counts[b.who[r]&3]++
			}
		}
		w.counts.outcomes.add(int(s.step), counts[:])
		for i, field := range w.counted {
			t := &w.counts.columns[i]
			if c := b.column(field); c.narrow != nil {
				countTogether(t, int(s.step), rows, c.narrow)
			} else {
				tallyColumn(t, rows, w.slots[begin:s.end], nil, c)
			}
		}
		begin = s.end
	}
}

// countTogether counts a column of one byte of rows that are all in one cell.
func countTogether(t *tally, cell int, rows []uint16, column []uint8) {
	// Two counters take turns: adding to the one that was just added to has to wait.
	var even, odd [256]uint32
	for ; len(rows) >= 2; rows = rows[2:] {
		even[column[rows[0]]]++
		odd[column[rows[1]]]++
	}
	for _, r := range rows {
		even[column[r]]++
	}
	for code, n := range odd {
		even[code] += n
	}
	t.add(cell, even[:min(t.width, len(even))])
}

// recallBlock counts a block from what is kept of it; false where that does not answer the query.
func (w *worker) recallBlock(b *block) bool { return b.cache != nil && w.recall(b, b) }

// recallRun does so for a run.
func (w *worker) recallRun(r *run) bool { return w.recall(&r.whole, r) }

func (w *worker) recall(b *block, kept countable) bool {
	within, _ := w.inPeriod(b)
	if !w.plain || !within || w.ReceivedTo != 0 && b.latest > w.ReceivedTo {
		return false
	}
	step := w.plan.step(b.least)
	if step != w.plan.step(b.most) {
		return false
	}
	key := partialKey{population: w.Population, by: -1, of: -1}
	if len(w.groups) == 1 {
		key.by = w.groups[0].field
	}
	rows := kept.partial(key)
	if rows == nil {
		return false
	}
	columns := make([]*partial, len(w.counted))
	for i, field := range w.counted {
		if kept.absent(field) {
			continue
		}
		key.of = field
		if columns[i] = kept.partial(key); columns[i] == nil {
			return false
		}
	}
	all, ours := b.responses(), int64(b.perWho[who{w.Population, Response}.code()])
	w.coverage.Rows += all
	w.coverage.OtherPopulation += all - ours
	w.coverage.Counted += ours
	w.addPartials(uint32(step), rows, columns)
	return true
}

// addPartials adds what is kept of a block, by the codes of the key that is grouped by.
func (w *worker) addPartials(step uint32, rows *partial, columns []*partial) {
	for code := range uint32(len(rows.counts) / rows.width) {
		if rows.empty(code) {
			continue
		}
		if len(w.groups) == 0 {
			w.addPartial(step, code, rows, columns)
			continue
		}
		l := &w.tree.levels[0]
		if each := w.groups[0].each; each != nil {
			for _, value := range each[code] {
				w.addPartial(l.node(step, value), code, rows, columns)
			}
			continue
		}
		w.addPartial(l.node(step, code), code, rows, columns)
	}
}

func (w *worker) addPartial(slot, code uint32, rows *partial, columns []*partial) {
	w.counts.grow(w.cells())
	w.counts.outcomes.add(int(slot), rows.row(code))
	for i, p := range columns {
		if p != nil {
			w.counts.columns[i].add(int(slot), p.row(code))
		}
	}
}

func (p *partial) row(code uint32) []uint32 {
	return p.counts[int(code)*p.width : (int(code)+1)*p.width]
}

func (p *partial) empty(code uint32) bool {
	for _, n := range p.row(code) {
		if n != 0 {
			return false
		}
	}
	return true
}

func (p *partial) addTo(counts []uint32, at int, code uint32) {
	to := counts[at : at+p.width]
	for i, n := range p.row(code) {
		to[i] += n
	}
}

// absorb adds what another worker for the same plan has counted.
func (w *worker) absorb(other *worker) {
	w.coverage.add(other.coverage)
	w.counts.grow(w.cells())
	if w.tree.flat() {
		// The numbers mean the same.
		w.counts.outcomes.absorb(&other.counts.outcomes, 0, 0, w.cells())
		for i := range w.counts.columns {
			w.counts.columns[i].absorb(&other.counts.columns[i], 0, 0, w.cells())
		}
		return
	}
	replicates := max(1, w.Replicates)
	for leaf := range other.tree.leaves() {
		to := int(w.leaf(other.tree, uint32(leaf)))
		w.counts.grow(w.cells())
		w.counts.outcomes.absorb(&other.counts.outcomes, to*replicates, leaf*replicates, replicates)
		for i := range w.counts.columns {
			w.counts.columns[i].absorb(&other.counts.columns[i], to*replicates, leaf*replicates, replicates)
		}
	}
}

// leaf is the number of a combination that another tree has a number for.
func (w *worker) leaf(from *tree, leaf uint32) uint32 {
	var node uint32
	node, w.codes = from.path(leaf, w.codes)
	codes := w.codes
	for i, code := range codes {
		node = w.tree.levels[i].node(node, code)
	}
	return node
}

func (c *Coverage) add(other Coverage) {
	c.Rows += other.Rows
	c.OtherPopulation += other.OtherPopulation
	c.OutsidePeriod += other.OutsidePeriod
	c.ReceivedLater += other.ReceivedLater
	c.Filtered += other.Filtered
	c.Unweighted += other.Unweighted
	c.Counted += other.Counted
}

// of counts the outcomes of some cells.
func (c *counters) of(first, end int) (o fact.Outcomes, weights [outcomes]sum) {
	c.outcomes.each(first, end, func(code int, n int64, s *sum) {
		outcome(&o, Outcome(code), n)
		weights[code].merge(*s)
	})
	return o, weights
}
