package column

import (
	"cmp"
	"math/bits"
	"runtime"
	"slices"

	"github.com/otklik/otklik/services/scoring/internal/histogram"
	"github.com/otklik/otklik/services/scoring/internal/pool"
	"github.com/otklik/otklik/services/scoring/internal/question"
)

// Respondents are pooled in parts, by their identifiers, which are as good as random: parts of about poolRows rows one after the other, so that
// what is kept of respondents stays small, and within them shares of which there are poolShares, so that those that are looked up at a time fit
// the processor's cache. Each part goes through all blocks, which costs less than to look up the respondents that it finds.
const (
	poolRows   = 1 << 20
	poolShares = 64
)

// pooledCell is what was pooled of the rows of one cell.
type pooledCell struct {
	codes   map[int64]int64
	moments moments
}

// moments is PooledMoments as they are added up.
type moments struct {
	respondents, answers    int64
	a, b, aa, ab, bb, w, ww twofold
}

// respondent is somebody in a cell.
type respondent struct {
	cell uint32
	id   uint64
}

// rated sums up the answers of a respondent; a and b are as in PooledMoments.
type rated struct {
	pool.Answers
	a, b float64
}

// poolWorker pools the rows of some respondents.
type poolWorker struct {
	*worker
	part, parts uint64
	ratings     []rating
	answers     []pool.Answers
	// shares are the rows by share, of about so many each.
	shares      [poolShares][]ratedRow
	share       int
	respondents map[respondent]rated
	cells       []pooledCell
}

// ratedRow is what a row adds to its respondent's answers.
type ratedRow struct {
	respondent
	rated
}

// rating is a column of answers with what each entry adds to a respondent's.
type rating struct {
	field   int
	answers []pool.Answers
}

// pool pools the answers of respondents, about so many rows at a time, after the rows were counted.
func (p *plan) pool(counted *worker, rows int) ([]pooledCell, error) {
	parts := 1 + int(counted.coverage.Counted)/rows
	ratings := p.ratings()
	total := make([]pooledCell, counted.cells())
	done := make([]*poolWorker, parts)
	err := parallel(min(parts, runtime.GOMAXPROCS(0)), func(_ int, next func() int) error {
		for part := next(); part < parts; part = next() {
			w := &poolWorker{worker: newWorker(p), part: uint64(part), parts: uint64(parts), ratings: ratings, respondents: make(map[respondent]rated)}
			w.share = int(counted.coverage.Counted)/parts/poolShares*9/8 + 1
			for _, b := range p.state.blocks {
				w.add(b)
			}
			w.finish()
			w.leave()
			if err := w.check(); err != nil {
				return err
			}
			done[part] = w
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	replicates := max(1, p.Replicates)
	for _, w := range done {
		for cell := range w.cells {
			leaf := int(counted.leaf(w.tree, uint32(cell/replicates)))
			total[leaf*replicates+cell%replicates].merge(&w.cells[cell])
		}
	}
	return total, nil
}

// ratings are the columns of questions that say how good something was.
func (p *plan) ratings() []rating {
	var list []rating
	for i, f := range p.state.fields {
		if f.kind != answerColumn {
			continue
		}
		r, any := rating{field: i, answers: make([]pool.Answers, 1, len(f.entries)+1)}, false
		for _, a := range parse(answerColumn, "", f.entries).answers {
			var x pool.Answers
			if a.Kind.Rated() {
				scale, err := question.ParseScale(a.Scale)
				if err == nil {
					x, any = pool.Answers{Count: 1, Sum: pool.Normalise(a.Value, scale, a.Direction)}, true
				}
			}
			r.answers = append(r.answers, x)
		}
		if any {
			list = append(list, r)
		}
	}
	return list
}

func (w *poolWorker) add(b *block) {
	if !w.choose(b) {
		return
	}
	w.group(b)
	w.mine(b)
	w.split(b)
	w.answers = slices.Grow(w.answers[:0], len(w.rows))[:len(w.rows)]
	clear(w.answers)
	for _, r := range w.ratings {
		c := b.column(r.field)
		if c.absent() {
			continue
		}
		for i, row := range w.rows {
			w.answers[i] = w.answers[i].Add(r.answers[c.at(int(row))])
		}
	}
	weighted := !w.Weights.None()
	for i, row := range w.rows {
		x := rated{Answers: w.answers[i]}
		if x.Count == 0 {
			continue
		}
		if weighted {
			x.a = w.weights[i] * float64(x.Sum) / pool.Resolution
			x.b = w.weights[i] * float64(x.Count)
		}
		id := b.respondent(int(row))
		if id == 0 {
			w.cell(w.slots[i]).add(x, weighted)
			continue
		}
		key := respondent{w.slots[i], id}
		_, rest := bits.Mul64(id, w.parts)
		share := rest / (1 << 64 / poolShares)
		if w.shares[share] == nil {
			w.shares[share] = make([]ratedRow, 0, w.share)
		}
		w.shares[share] = append(w.shares[share], ratedRow{key, x})
	}
}

// mine leaves the rows of the respondents that are this worker's to pool.
func (w *poolWorker) mine(b *block) {
	if w.parts == 1 {
		return
	}
	rows, slots, weights := w.spare.rows[:0], w.slots[:0], w.weights[:0]
	for i, r := range w.rows {
		id := b.respondent(int(r))
		if id == 0 {
			id = b.ids[r]
		}
		if part, _ := bits.Mul64(id, w.parts); part != w.part {
			continue
		}
		rows, slots = append(rows, r), append(slots, w.slots[i])
		if !w.Weights.None() {
			weights = append(weights, w.weights[i])
		}
	}
	w.spare.rows, w.rows, w.slots, w.weights = rows, rows, slots, weights
}

// finish counts the respondents in their cells.
func (w *poolWorker) finish() {
	weighted := !w.Weights.None()
	for i, rows := range w.shares {
		clear(w.respondents)
		for _, r := range rows {
			sum := w.respondents[r.respondent]
			w.respondents[r.respondent] = rated{sum.Add(r.Answers), sum.a + r.a, sum.b + r.b}
		}
		for key, x := range w.respondents {
			w.cell(key.cell).add(x, weighted)
		}
		w.shares[i] = nil
	}
	w.respondents = nil
}

func (w *poolWorker) cell(i uint32) *pooledCell {
	for int(i) >= len(w.cells) {
		w.cells = append(w.cells, pooledCell{})
	}
	return &w.cells[i]
}

func (c *pooledCell) add(x rated, weighted bool) {
	if c.codes == nil {
		c.codes = make(map[int64]int64)
	}
	c.codes[x.Code()]++
	if !weighted {
		return
	}
	m := &c.moments
	m.respondents++
	m.answers += x.Count
	w := x.b / float64(x.Count)
	for _, t := range []struct {
		sum *twofold
		x   float64
	}{{&m.a, x.a}, {&m.b, x.b}, {&m.aa, x.a * x.a}, {&m.ab, x.a * x.b}, {&m.bb, x.b * x.b}, {&m.w, w}, {&m.ww, w * w}} {
		t.sum.add(t.x)
	}
}

func (c *pooledCell) merge(other *pooledCell) {
	if c.codes == nil {
		c.codes = make(map[int64]int64)
	}
	for code, n := range other.codes {
		c.codes[code] += n
	}
	m, o := &c.moments, &other.moments
	m.respondents += o.respondents
	m.answers += o.answers
	for _, t := range []struct{ to, from *twofold }{{&m.a, &o.a}, {&m.b, &o.b}, {&m.aa, &o.aa}, {&m.ab, &o.ab}, {&m.bb, &o.bb}, {&m.w, &o.w}, {&m.ww, &o.ww}} {
		t.to.merge(*t.from)
	}
}

// joinPooled is the sum of some cells. A respondent is in one random group only, so it is that of respondents too.
func joinPooled(cells []pooledCell) (histogram.Histogram, PooledMoments) {
	var sum pooledCell
	for i := range cells {
		sum.merge(&cells[i])
	}
	counted := make([]histogram.Bin, 0, len(sum.codes))
	for code, n := range sum.codes {
		counted = append(counted, histogram.Bin{Value: code, Count: n})
	}
	slices.SortFunc(counted, func(a, b histogram.Bin) int { return cmp.Compare(a.Value, b.Value) })
	m := &sum.moments
	return histogram.FromSorted(counted), PooledMoments{
		Respondents: m.respondents, Answers: m.answers, A: m.a.value(), B: m.b.value(),
		AA: m.aa.value(), AB: m.ab.value(), BB: m.bb.value(), W: m.w.value(), WW: m.ww.value(),
	}
}
