package live

import (
	"fmt"
	"slices"

	"github.com/otklik/otklik/services/scoring/internal/delta"
	"github.com/otklik/otklik/services/scoring/internal/store"
)

// Change is what one batch of a partition changed for an organisation.
type Change struct {
	Partition int
	// Version is that of the partition after the batch.
	Version      int64
	Organization string
	Delta        *delta.Delta
}

// Marks are how far the books count; without partitions when they must be loaded first.
func (b *Board) Marks() store.Marks {
	b.mu.RLock()
	defer b.mu.RUnlock()
	if !b.known {
		return store.Marks{}
	}
	return store.Marks{Epoch: b.marks.Epoch, Cursors: slices.Clone(b.marks.Cursors)}
}

// Counts tells whether the books count a partition up to a version.
func (b *Board) Counts(partition int, version int64) bool {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.known && partition < len(b.marks.Cursors) && b.marks.Cursors[partition].Version >= version
}

// Forget makes the books to be loaded anew before anything is counted. Until then they stay.
func (b *Board) Forget() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.known = false
}

// Count counts a batch of a partition that brought it from one cursor to the next, and wakes those who watch. False when batches before it
// are not counted; one that is counted already is not counted twice. After an error the books must be loaded anew.
func (b *Board) Count(partition int, from, to store.Cursor, changes []Change) (bool, error) {
	b.writing.Lock()
	defer b.writing.Unlock()
	marks := b.Marks()
	if partition >= len(marks.Cursors) || marks.Cursors[partition].Version < from.Version {
		return false, nil
	}
	if marks.Cursors[partition].Version > from.Version {
		return true, nil
	}
	marks.Cursors[partition] = to
	return true, b.count(changes, marks)
}

// Add counts what was stored between two marks, as far as it is not counted yet, and wakes those who watch. Nothing happens when the books
// were loaded anew meanwhile. After an error they must be.
func (b *Board) Add(since, now store.Marks, changes []Change) error {
	b.writing.Lock()
	defer b.writing.Unlock()
	marks := b.Marks()
	if marks.Epoch != since.Epoch || len(marks.Cursors) != len(now.Cursors) {
		return nil
	}
	fresh := make([]Change, 0, len(changes))
	for _, c := range changes {
		if c.Version > marks.Cursors[c.Partition].Version {
			fresh = append(fresh, c)
		}
	}
	for i, c := range now.Cursors {
		if c.Version > marks.Cursors[i].Version {
			marks.Cursors[i] = c
		}
	}
	return b.count(fresh, marks)
}

// count counts changes, after which the books are at marks. The caller holds writing.
func (b *Board) count(changes []Change, marks store.Marks) error {
	for _, c := range changes {
		if c.Delta.IsEmpty() {
			continue
		}
		if err := b.book(c.Organization).Apply(c.Delta); err != nil {
			b.Forget()
			return fmt.Errorf("count batch: %w", err)
		}
	}
	b.mu.Lock()
	b.move(marks)
	for _, c := range changes {
		for _, survey := range c.Delta.Surveys() {
			at := topic{c.Organization, survey}
			if b.changed[at] == nil {
				b.changed[at] = make([]int64, len(marks.Cursors))
			}
			b.changed[at][c.Partition] = c.Version
		}
	}
	b.mu.Unlock()
	for _, c := range changes {
		b.wake(c.Organization, c.Delta.Surveys())
	}
	return nil
}

// move puts other marks in the place of those at hand, of which moments stay that are later. The caller holds mu.
func (b *Board) move(marks store.Marks) {
	for i := range marks.Cursors {
		// A position that went back was put back to count another log.
		if i < len(b.marks.Cursors) && marks.Cursors[i].Position >= b.marks.Cursors[i].Position {
			marks.Cursors[i].AsOf = latest(marks.Cursors[i].AsOf, b.marks.Cursors[i].AsOf)
		}
	}
	b.marks = marks
}

// Reload puts the books that load returns, which count up to the marks that it returns, in the place of those at hand, which count up to
// `since`, and wakes everybody. Nothing is counted meanwhile, so that no batch falls between. Nothing happens when others came first. It tells
// whether ledgers were put in the place of those that were counted before, and whether positions went back: then the change log is another
// one than before.
func (b *Board) Reload(
	since store.Marks, load func() (map[string]*Book, store.Marks, error),
) (replaced, back bool, err error) {
	b.writing.Lock()
	defer b.writing.Unlock()
	if !b.Marks().Same(since) {
		return false, false, nil
	}
	books, marks, err := load()
	if err != nil {
		return false, false, err
	}
	b.mu.Lock()
	replaced = len(b.marks.Cursors) > 0 && b.marks.Epoch != marks.Epoch
	for i, c := range marks.Cursors {
		back = back || i < len(b.marks.Cursors) && c.Position < b.marks.Cursors[i].Position
	}
	b.books = books
	b.move(marks)
	b.renew()
	b.known = true
	b.mu.Unlock()
	b.wakeAll()
	return replaced, back, nil
}

// renew forgets which surveys changed since when: all of them may have. The caller holds mu.
func (b *Board) renew() {
	b.loaded = store.Marks{Epoch: b.marks.Epoch, Cursors: slices.Clone(b.marks.Cursors)}
	clear(b.changed)
}

// Replace puts a book in the place of an organisation's while `finish` makes its ledger the live one, and wakes those who watch any survey of
// either: whoever sees that it is live must see its scores. finish returns the marks after it; after an error what was there comes back.
// Nothing else is counted meanwhile.
func (b *Board) Replace(organization string, k *Book, finish func() (store.Marks, error)) error {
	b.writing.Lock()
	defer b.writing.Unlock()
	b.mu.Lock()
	old := b.books[organization]
	b.books[organization] = k
	b.mu.Unlock()
	marks, err := finish()
	b.mu.Lock()
	if err != nil {
		if old == nil {
			delete(b.books, organization)
		} else {
			b.books[organization] = old
		}
		b.mu.Unlock()
		return err
	}
	b.move(marks)
	b.renew()
	b.mu.Unlock()
	if old != nil {
		b.wake(organization, old.Surveys())
	}
	b.wake(organization, k.Surveys())
	return nil
}
