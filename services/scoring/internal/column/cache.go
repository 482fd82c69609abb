package column

import (
	"sync"
	"sync/atomic"

	"github.com/otklik/otklik/services/scoring/internal/fact"
)

// Bounds of what is kept of counts: so many bytes for each row of a block at most for one column by another one, and in all caches of a table so
// many for each of its rows, but never less than leastCache.
const (
	partialPerRow = 2
	cachePerRow   = 4
	leastCache    = 1 << 20
)

// cache keeps counts of a block that never changes. It is safe for concurrent use.
type cache struct {
	total *atomic.Int64
	mu    sync.Mutex
	// codes count the rows by code, dead ones too; partials count live ones.
	codes    map[int][]int32
	partials map[partialKey]*partial
	bytes    int64
	dropped  bool
}

// partialKey names the counts of a population's live rows by the code of one column and that of another.
type partialKey struct {
	population fact.Population
	// by is a field, or -1 for all rows together; of is a field, or -1 for outcomes.
	by, of int
}

// partial counts rows: counts[i*width+j] have code i by the first column and j by the second.
type partial struct {
	width  int
	counts []uint32
}

func newCache(total *atomic.Int64) *cache {
	return &cache{total: total, codes: make(map[int][]int32), partials: make(map[partialKey]*partial)}
}

// drop empties the cache of a block that has left the table.
func (c *cache) drop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.clear()
	c.dropped = true
}

func (c *cache) empty() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.clear()
}

func (c *cache) clear() {
	c.total.Add(-c.bytes)
	c.bytes = 0
	clear(c.partials)
	clear(c.codes)
}

// codeCounts counts the rows of a column by code, dead ones too; nil where that is not kept.
func (b *block) codeCounts(field int) []int32 {
	c := b.cache
	if c == nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	counts, ok := c.codes[field]
	if ok {
		return counts
	}
	column := b.column(field)
	if greatest := column.greatest(); int(greatest) < b.n/16 {
		counts = make([]int32, greatest+1)
		switch {
		case column.narrow != nil:
			countCodes(counts, column.narrow)
		case column.medium != nil:
			countCodes(counts, column.medium)
		default:
			countCodes(counts, column.wide)
		}
	}
	if !c.dropped {
		c.codes[field] = counts
		c.bytes += 4 * int64(len(counts))
		c.total.Add(4 * int64(len(counts)))
	}
	return counts
}

func countCodes[T code](counts []int32, column []T) {
	for _, c := range column {
		counts[c]++
	}
}

// partial is what is kept under a key, or else is counted now; nil where that would take too much room.
func (c *cache) partial(key partialKey, count func() *partial) *partial {
	c.mu.Lock()
	p, ok := c.partials[key]
	c.mu.Unlock()
	if ok {
		return p
	}
	p = count()
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.partials[key]; !ok && !c.dropped {
		c.partials[key] = p
		if p != nil {
			c.bytes += 4 * int64(len(p.counts))
			c.total.Add(4 * int64(len(p.counts)))
		}
	}
	return p
}

// countable is what counts of many rows may be kept of: a block or a run of them.
type countable interface {
	partial(key partialKey) *partial
	absent(field int) bool
}

// partial counts live rows of a population by two columns; nil where that would take too much room.
func (b *block) partial(key partialKey) *partial {
	return b.cache.partial(key, func() *partial {
		width, height := b.extent(key)
		if 4*width*height > max(1024, partialPerRow*b.n) {
			return nil
		}
		p := newPartial(width, height)
		b.countInto(p, key)
		return p
	})
}

func (b *block) absent(field int) bool { return b.column(field).absent() }

func newPartial(width, height int) *partial {
	return &partial{width: width, counts: make([]uint32, width*height)}
}

// extent is the numbers of codes of the columns of a key.
func (b *block) extent(key partialKey) (width, height int) {
	width, height = int(outcomes), 1
	if key.of >= 0 {
		width = int(b.column(key.of).greatest()) + 1
	}
	if key.by >= 0 {
		height = int(b.column(key.by).greatest()) + 1
	}
	return width, height
}

// countInto counts live rows of a population by two columns.
func (b *block) countInto(p *partial, key partialKey) {
	if kept := b.kept(key); kept != nil {
		kept.addAll(p)
		return
	}
	at := make([]uint32, b.n)
	b.column(key.by).addTo(at)
	for i := range at {
		at[i] *= uint32(p.width)
	}
	if key.of < 0 {
		for i, w := range b.who {
			at[i] += uint32(w & 3)
		}
	} else {
		b.column(key.of).addTo(at)
	}
	if b.dead == nil && b.all(key.population) {
		for _, i := range at {
			p.counts[i]++
		}
		return
	}
	for i, w := range b.who {
		if fact.Population(w>>2) == key.population && b.alive(i) {
			p.counts[at[i]]++
		}
	}
}

// all tells whether all rows are of a population.
func (b *block) all(population fact.Population) bool {
	var n int32
	for o := range outcomes {
		n += b.perWho[who{population, o}.code()]
	}
	return int(n) == b.n
}

// kept is what is kept under a key, without counting; nil when nothing is.
func (b *block) kept(key partialKey) *partial {
	b.cache.mu.Lock()
	defer b.cache.mu.Unlock()
	return b.cache.partials[key]
}

// addAll adds all counts to another partial, which is as wide and high or more so.
func (p *partial) addAll(to *partial) {
	for code := range len(p.counts) / p.width {
		p.addTo(to.counts, code*to.width, uint32(code))
	}
}

// trim empties the caches of all blocks when they hold more than they may together: what is asked for again is soon counted again.
func (t *Table) trim(s *state) {
	rows := int64(0)
	for _, b := range s.blocks {
		rows += int64(b.n)
	}
	if t.cached.Load() <= max(t.leastCache, cachePerRow*rows) {
		return
	}
	for _, b := range s.blocks {
		if b.cache != nil {
			b.cache.empty()
		}
	}
	for _, r := range s.runs {
		r.whole.cache.empty()
	}
}
