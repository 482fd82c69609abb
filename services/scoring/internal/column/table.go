package column

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/otklik/otklik/libs/calendar"
)

// ErrMissing tells that a row to take away is not there: something was taken away twice, or never added.
var ErrMissing = errors.New("row is missing")

// Table holds the rows of one survey. Many goroutines may read while others write; a reader sees all of an Apply or nothing, and neither
// waits for the other.
type Table struct {
	seen atomic.Pointer[state]
	// blockRows is when a block is full, poolRows how many rows are pooled at once, leastCache how much may be kept of counts at least: the
	// constants, but for tests.
	blockRows, poolRows int
	leastCache          int64
	// cached is the number of bytes in the caches of blocks.
	cached atomic.Int64
	// rooms are those of queries that have ended.
	rooms sync.Pool
	// write is held by the one who writes, for all that follows.
	write        sync.Mutex
	dictionaries *dictionaries
	// sealed are the blocks that are full, open the one that rows are added to; both with what readers do not see yet.
	sealed []*block
	open   *block
}

// NewTable is a table without rows.
func NewTable() *Table {
	t := &Table{blockRows: blockRows, poolRows: poolRows, leastCache: leastCache, dictionaries: newDictionaries(), open: &block{}}
	t.rooms.New = func() any { return new(room) }
	t.seen.Store(&state{})
	return t
}

// Apply adds and takes away rows: all, or on an error nothing. The order of changes makes no difference. ErrRow when a row breaks a rule,
// ErrMissing when more equal rows are taken away than there are. The table keeps nothing of what it is given.
func (t *Table) Apply(changes []Change) error {
	w, err := t.Write(changes)
	if err != nil {
		return fmt.Errorf("apply rows: %w", err)
	}
	w.Show()
	return nil
}

// Written is what Write has written and nobody sees yet. End it with Show or Drop, once: until then nobody else writes to the table.
type Written struct {
	table *Table
	next  *state
}

// Write does all that Apply does but show it, so that it may be shown together with something else. Its errors are those of Apply.
func (t *Table) Write(changes []Change) (Written, error) {
	b := newBuilder(len(changes))
	for i := range changes {
		if err := changes[i].Row.Check(); err != nil {
			return Written{}, err
		}
		b.add(&changes[i])
	}
	f := b.canonical()
	t.write.Lock()
	if err := t.put(f); err != nil {
		t.back()
		t.write.Unlock()
		return Written{}, err
	}
	return Written{table: t, next: t.next()}, nil
}

// Show makes readers see what was written. It takes no time.
func (w Written) Show() {
	w.table.seen.Store(w.next)
	w.table.write.Unlock()
}

// Drop leaves the table as it was.
func (w Written) Drop() {
	w.table.back()
	w.table.write.Unlock()
}

// Load applies packed changes, much faster than Apply does: all, or on an error nothing. wire.ErrCorrupt when a section was not written by
// Pack or Merge, ErrMissing as Apply. To load a survey, call it for one span of time after the other, each with all sections of the span, which
// may take away rows of one another: rows that lie together in time are found the fastest.
func (t *Table) Load(sections [][]byte) error {
	t.write.Lock()
	defer t.write.Unlock()
	if err := t.load(sections); err != nil {
		t.back()
		return fmt.Errorf("load rows: %w", err)
	}
	t.seen.Store(t.next())
	return nil
}

func (t *Table) load(sections [][]byte) error {
	sections = slices.DeleteFunc(slices.Clone(sections), func(s []byte) bool { return len(s) == 0 })
	if len(sections) != 1 {
		f, err := sumOf(sections)
		if err != nil {
			return err
		}
		return t.put(f)
	}
	var f frame
	if err := f.decode(sections[0]); err != nil {
		return err
	}
	return t.put(&f)
}

// next is what readers are to see of what was written.
func (t *Table) next() *state {
	before := t.seen.Load()
	next := &state{
		fields: t.dictionaries.fields(before.fields), names: t.dictionaries.names, blocks: slices.Clone(t.sealed), runs: t.runs(before.runs, t.sealed),
	}
	if t.open.n > 0 {
		next.blocks = append(next.blocks, t.open.freeze())
	}
	return next
}

// back forgets what was written but not shown.
func (t *Table) back() {
	t.sealed, t.open = nil, &block{}
	// Of what the dictionaries have learned, readers may have been shown nothing.
	t.dictionaries.changed = true
	for _, b := range t.seen.Load().blocks {
		if b.cache != nil {
			t.sealed = append(t.sealed, b)
		} else {
			t.open = thaw(b)
		}
	}
}

// Len is the number of rows.
func (t *Table) Len() int {
	n := 0
	for _, b := range t.seen.Load().blocks {
		n += b.live
	}
	return n
}

// Names are the keys and the questions that occur, or did since the table was made, in ascending order.
func (t *Table) Names() (keys, questions []string) {
	for _, f := range t.seen.Load().fields {
		if f.kind == keyColumn {
			keys = append(keys, f.name)
		} else {
			questions = append(questions, f.name)
		}
	}
	slices.Sort(keys)
	slices.Sort(questions)
	return keys, questions
}

// Values are the values of a key that occur, or did since the table was made, in ascending order.
func (t *Table) Values(key string) []string {
	s := t.seen.Load()
	i := s.field(keyColumn, key)
	if i < 0 {
		return nil
	}
	var values []string
	for _, e := range s.fields[i].entries {
		list, _ := parseValues(e)
		values = append(values, list...)
	}
	slices.Sort(values)
	return slices.Compact(values)
}

// Extent is the period from the first row to the last; empty without rows. It may be longer where rows were taken away.
func (t *Table) Extent() calendar.Period {
	var p calendar.Period
	for i, b := range t.seen.Load().blocks {
		end := b.most
		if end < calendar.MaxBucket {
			end++
		}
		if i == 0 {
			p = calendar.Period{First: b.least, End: end}
		}
		p = calendar.Period{First: min(p.First, b.least), End: max(p.End, end)}
	}
	return p
}

// Named tells whether any row names its respondent, or did since the table was made.
func (t *Table) Named() bool {
	return slices.ContainsFunc(t.seen.Load().blocks, func(b *block) bool { return b.respondents != nil })
}
