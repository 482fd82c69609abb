package column

import (
	"fmt"
	"slices"
)

// wasteful is the least share of rows taken away at which a block is written anew: one in wasteful.
const wasteful = 4

// put adds and takes away the rows of a frame, in blocks that readers do not see yet.
func (t *Table) put(f *frame) error {
	p := putter{table: t, frame: f}
	p.translate()
	if err := t.takeAway(&p); err != nil {
		return err
	}
	p.add()
	return nil
}

// putter is a frame with its columns translated to the table's.
type putter struct {
	table *Table
	frame *frame
	who   []uint8
	// weights of the entries of the frame's column.
	weights []float64
	// fields and codes say for each of the frame's other columns which field it is and which code of the table's stands for each of its own.
	fields  []int
	columns []*frameColumn
	codes   [][]uint32
	list    []uint32
}

func (p *putter) translate() {
	d := p.table.dictionaries
	for i := range p.frame.columns {
		c := &p.frame.columns[i]
		switch c.kind {
		case whoColumn:
			p.who = make([]uint8, len(c.entries)+1)
			for j, w := range c.parse().who {
				p.who[j+1] = w.code()
			}
		case weightColumn:
			p.weights = append(make([]float64, 1), c.parse().weights...)
		default:
			field := d.field(c.kind, c.name)
			codes := make([]uint32, len(c.entries)+1)
			for j, e := range c.entries {
				codes[j+1] = d.code(field, e)
			}
			p.fields, p.columns, p.codes = append(p.fields, field), append(p.columns, c), append(p.codes, codes)
		}
	}
}

func (p *putter) head(i int) head {
	f := p.frame
	return head{
		bucket: f.buckets[i], id: f.ids[i], received: f.received[i], respondent: f.respondent(i),
		who: p.who[f.columns[0].codes[i]], weight: p.weights[f.columns[1].codes[i]],
	}
}

// add adds the rows that count more than 0.
func (p *putter) add() {
	// Mostly each row is added once.
	if len(p.frame.counts) == 0 {
		for i := 0; i < p.frame.len(); {
			i = p.fill(i, p.frame.len())
		}
		return
	}
	for i, n := range p.frame.counts {
		for ; n > 0; n-- {
			p.fill(i, i+1)
		}
	}
}

// fill adds the rows from first to before end, as far as there is room in a block, and returns the first that is left.
func (p *putter) fill(first, end int) int {
	p.table.makeRoom()
	o := p.table.open
	at := o.n
	end = min(end, first+p.table.blockRows-at)
	for i := first; i < end; i++ {
		h := p.head(i)
		o.add(&h)
	}
	for j, c := range p.columns {
		codes, greatest := p.codes[j], uint32(0)
		list := p.list[:0]
		for _, code := range c.codes[first:end] {
			x := codes[code]
			greatest = max(greatest, x)
			list = append(list, x)
		}
		p.list = list
		if greatest > 0 {
			o.own(p.fields[j]).append(at, list, greatest)
		}
	}
	return end
}

// makeRoom seals the open block when it is full; or writes it anew, where enough of its rows are gone.
func (t *Table) makeRoom() {
	if t.open.n < t.blockRows {
		return
	}
	if t.open.live <= t.blockRows-max(1, t.blockRows/wasteful) {
		t.open = t.rewritten(t.open.freeze())
		return
	}
	t.seal()
	t.open = &block{}
}

func (t *Table) seal() {
	b := t.open.freeze()
	b.cache = newCache(&t.cached)
	t.sealed = append(t.sealed, b)
}

// rewritten is the live rows of blocks, in a block that may grow.
func (t *Table) rewritten(blocks ...*block) *block {
	next := &block{}
	for _, b := range blocks {
		next.copyLive(b)
	}
	return next
}

// tidy writes sealed blocks anew of which many rows are gone; neighbours that fit into one become one.
func (t *Table) tidy() {
	var out []*block
	for i := 0; i < len(t.sealed); i++ {
		b := t.sealed[i]
		if b.live > b.n-max(1, b.n/wasteful) {
			out = append(out, b)
			continue
		}
		b.cache.drop()
		if b.live == 0 {
			continue
		}
		parts := []*block{b}
		if n := len(out); n > 0 && out[n-1].live+b.live <= t.blockRows {
			parts = []*block{out[n-1], b}
			out[n-1].cache.drop()
			out = out[:n-1]
		}
		next := t.rewritten(parts...).freeze()
		next.cache = newCache(&t.cached)
		out = append(out, next)
	}
	t.sealed = slices.Clip(out)
}

// missing is the error about a row that is not there.
func (p *putter) missing(i int) error {
	return fmt.Errorf("take away row %x of bucket %d: %w", p.frame.ids[i], p.frame.buckets[i], ErrMissing)
}
