package column

import (
	"github.com/otklik/otklik/services/scoring/internal/fact"
)

// counters count rows by cell: a cell is a group, or a group's random group of respondents.
type counters struct {
	// outcomes counts at cell*4 + outcome; columns, for each counted column, at cell*width + code.
	outcomes []uint32
	columns  [][]uint32
	// outcomeWeights and columnWeights are the weights at the same places; nil in queries without weights.
	outcomeWeights []sum
	columnWeights  [][]sum
}

func (c *counters) grow(cells int, widths []int, weighted bool) {
	c.outcomes = stretch(c.outcomes, cells*int(outcomes))
	if weighted {
		c.outcomeWeights = stretch(c.outcomeWeights, cells*int(outcomes))
	}
	if c.columns == nil {
		c.columns, c.columnWeights = make([][]uint32, len(widths)), make([][]sum, len(widths))
	}
	for i, width := range widths {
		c.columns[i] = stretch(c.columns[i], cells*width)
		if weighted {
			c.columnWeights[i] = stretch(c.columnWeights[i], cells*width)
		}
	}
}

// stretch makes a slice n elements long, at least, with zeros.
func stretch[T any](s []T, n int) []T {
	if n <= len(s) {
		return s
	}
	return append(s, make([]T, max(n, 2*len(s))-len(s))...)
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
	c, weighted := &w.counts, !w.Weights.None()
	c.grow(w.cells(), w.widths, weighted)
	if w.uniform {
		w.outcomes(b)
	} else {
		for i, r := range w.rows {
			c.outcomes[w.slots[i]*uint32(outcomes)+uint32(b.who[r]&3)]++
		}
	}
	if weighted {
		for i, r := range w.rows {
			c.outcomeWeights[w.slots[i]*uint32(outcomes)+uint32(b.who[r]&3)].add(w.weights[i])
		}
	}
	for i, field := range w.counted {
		switch column := b.column(field); {
		case column.narrow != nil:
			w.tally(i, column.narrow)
		case column.medium != nil:
			tallyRows(w, i, column.medium)
		case column.wide != nil:
			tallyRows(w, i, column.wide)
		}
	}
}

// outcomes counts rows that are all in one group. Those of a population that never refuses in the block need no look.
func (w *worker) outcomes(b *block) {
	to := w.counts.outcomes[w.slots[0]*uint32(outcomes):][:outcomes]
	if w.ofPopulation(b) == int64(b.perWho[who{w.Population, Response}.code()]) {
		to[Response] += uint32(len(w.rows))
		return
	}
	var counts [whoCodes]uint32
	for _, r := range w.rows {
		counts[b.who[r]&(whoCodes-1)]++
	}
	for code, n := range counts {
		to[code&3] += n
	}
}

// tally counts a column of one byte: most often of rows that are all in one group, without weights.
func (w *worker) tally(i int, column []uint8) {
	if !w.uniform || !w.Weights.None() {
		tallyRows(w, i, column)
		return
	}
	// Two counters take turns: adding to the one that was just added to has to wait.
	var even, odd [256]uint32
	rows := w.rows
	for ; len(rows) >= 2; rows = rows[2:] {
		even[column[rows[0]]]++
		odd[column[rows[1]]]++
	}
	for _, r := range rows {
		even[column[r]]++
	}
	to := w.counts.columns[i][int(w.slots[0])*w.widths[i]:][:w.widths[i]]
	for code := range min(len(to), 256) {
		to[code] += even[code] + odd[code]
	}
}

func tallyRows[T code](w *worker, i int, column []T) {
	counts, width := w.counts.columns[i], w.widths[i]
	for j, r := range w.rows {
		counts[int(w.slots[j])*width+int(column[r])]++
	}
	if w.Weights.None() {
		return
	}
	weights := w.counts.columnWeights[i]
	for j, r := range w.rows {
		weights[int(w.slots[j])*width+int(column[r])].add(w.weights[j])
	}
}

// recallBlock counts a block from what is kept of it; false where that does not answer the query.
func (w *worker) recallBlock(b *block) bool { return b.cache != nil && w.recall(b, b) }

// recallRun does so for a run.
func (w *worker) recallRun(r *run) bool { return w.recall(&r.whole, r) }

func (w *worker) recall(b *block, kept counted) bool {
	all, _ := w.inPeriod(b)
	if !w.plain || !all || w.ReceivedTo != 0 && b.latest > w.ReceivedTo {
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
	ours := w.ofPopulation(b)
	w.coverage.Rows += int64(b.live)
	w.coverage.OtherPopulation += int64(b.live) - ours
	w.coverage.Counted += ours
	for code := range len(rows.counts) / rows.width {
		w.recallCode(uint32(step), uint32(code), rows, columns)
	}
	return true
}

// recallCode counts the rows of a block with one code of the key that is grouped by.
func (w *worker) recallCode(step, code uint32, rows *partial, columns []*partial) {
	if rows.empty(code) {
		return
	}
	values := []uint32{code}
	if len(w.groups) == 1 && w.groups[0].each != nil {
		values = w.groups[0].each[code]
	}
	for _, value := range values {
		slot := step
		if len(w.groups) == 1 {
			slot = w.tree.levels[0].node(step, value)
		}
		w.counts.grow(w.cells(), w.widths, false)
		rows.addTo(w.counts.outcomes, int(slot)*int(outcomes), code)
		for i, p := range columns {
			if p != nil {
				p.addTo(w.counts.columns[i], int(slot)*w.widths[i], code)
			}
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
	replicates := max(1, w.Replicates)
	for leaf := range other.tree.leaves() {
		to := int(w.leaf(other.tree, uint32(leaf)))
		w.counts.grow(w.cells(), w.widths, !w.Weights.None())
		w.counts.absorb(&other.counts, to*replicates, leaf*replicates, replicates, w.widths)
	}
}

// leaf is the number of a combination that another tree has a number for.
func (w *worker) leaf(from *tree, leaf uint32) uint32 {
	node, codes := from.path(leaf)
	for i, code := range codes {
		node = w.tree.levels[i].node(node, code)
	}
	return node
}

func (c *counters) absorb(other *counters, to, from, n int, widths []int) {
	move(c.outcomes, other.outcomes, to, from, n, int(outcomes))
	moveSums(c.outcomeWeights, other.outcomeWeights, to, from, n, int(outcomes))
	for i, width := range widths {
		if i < len(other.columns) {
			move(c.columns[i], other.columns[i], to, from, n, width)
			moveSums(c.columnWeights[i], other.columnWeights[i], to, from, n, width)
		}
	}
}

// move adds n cells of some width; what the other side does not have is 0.
func move(to, from []uint32, toCell, fromCell, n, width int) {
	for i := range min(n*width, max(0, len(from)-fromCell*width)) {
		to[toCell*width+i] += from[fromCell*width+i]
	}
}

func moveSums(to, from []sum, toCell, fromCell, n, width int) {
	for i := range min(n*width, max(0, len(from)-fromCell*width)) {
		to[toCell*width+i].merge(from[fromCell*width+i])
	}
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
func (c *counters) of(first, end int) (o fact.Outcomes) {
	for cell := first; cell < end; cell++ {
		for i := range outcomes {
			if at := cell*int(outcomes) + int(i); at < len(c.outcomes) {
				outcome(&o, i, int64(c.outcomes[at]))
			}
		}
	}
	return o
}
