package column

// NewTableOf is a table whose blocks are full with a few rows: tests need not make as many as a whole block holds.
func NewTableOf(blockRows int) *Table {
	t := NewTable()
	t.blockRows = blockRows
	return t
}

// Blocks is the number of sealed blocks, Cached the number of bytes in their caches.
func (t *Table) Blocks() (n int, cached int64) { return len(t.sealed), t.cached.Load() }
