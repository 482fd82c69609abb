package column

import "slices"

// runBlocks is the number of blocks of a run.
const runBlocks = 16

// run is some sealed blocks that lie side by side, of which counts are kept together: what is asked of all time adds up one for a million rows.
type run struct {
	blocks []*block
	// whole is what the blocks have in common with a block: their bounds, how many rows they have and the cache.
	whole block
}

// runs cuts sealed blocks into runs. Those of before whose blocks are the same stay; the rest of the blocks, too few for a run, are not in any.
func (t *Table) runs(before []*run, sealed []*block) []*run {
	var out []*run
	for i := 0; i+runBlocks <= len(sealed); i += runBlocks {
		blocks := sealed[i : i+runBlocks]
		if n := len(out); n < len(before) && slices.Equal(before[n].blocks, blocks) {
			out = append(out, before[n])
			continue
		}
		out = append(out, newRun(blocks, newCache(&t.cached)))
	}
	for i, r := range before {
		if i >= len(out) || out[i] != r {
			r.whole.cache.drop()
		}
	}
	return out
}

func newRun(blocks []*block, c *cache) *run {
	r := &run{blocks: slices.Clone(blocks), whole: block{cache: c}}
	w := &r.whole
	for i, b := range blocks {
		if i == 0 {
			w.least, w.most, w.latest = b.least, b.most, b.latest
		}
		w.least, w.most, w.latest = min(w.least, b.least), max(w.most, b.most), max(w.latest, b.latest)
		w.n, w.live = w.n+b.n, w.live+b.live
		for code, n := range b.perWho {
			w.perWho[code] += n
		}
	}
	return r
}

// partial is as that of a block.
func (r *run) partial(key partialKey) *partial {
	return r.whole.cache.partial(key, func() *partial {
		width, height := 0, 0
		for _, b := range r.blocks {
			w, h := b.extent(key)
			width, height = max(width, w), max(height, h)
		}
		if 4*width*height > partialPerRow*r.whole.n {
			return nil
		}
		p := newPartial(width, height)
		for _, b := range r.blocks {
			b.countInto(p, key)
		}
		return p
	})
}

// absent tells whether no block has a field.
func (r *run) absent(field int) bool {
	return !slices.ContainsFunc(r.blocks, func(b *block) bool { return !b.column(field).absent() })
}
