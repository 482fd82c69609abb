package column

// NewTableOf is a table whose blocks are full, and whose respondents are pooled, with a few rows: tests need not make as many as a whole block
// holds.
func NewTableOf(blockRows int) *Table {
	t := NewTable()
	t.blockRows, t.poolRows, t.leastCache = blockRows, blockRows, 0
	return t
}

// Blocks is the number of blocks that readers see.
func (t *Table) Blocks() int { return len(t.seen.Load().blocks) }

// Cached is the number of bytes in caches.
func (t *Table) Cached() int64 { return t.cached.Load() }
