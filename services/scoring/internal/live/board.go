// Package live holds the scores' aggregates of all organisations in memory while they change: a book for each, of cells and rows, how far the
// store was counted into them, the time up to which data was counted, and who is to be woken when a survey's counts change.
package live

import (
	"slices"
	"sync"
	"time"

	"github.com/otklik/otklik/services/scoring/internal/column"
	"github.com/otklik/otklik/services/scoring/internal/cube"
	"github.com/otklik/otklik/services/scoring/internal/store"
)

// Board holds the books. Safe for concurrent use.
type Board struct {
	// writing is held while books are changed, so that batches are counted one after the other.
	writing sync.Mutex

	mu    sync.RWMutex
	books map[string]*Book
	// marks are how far the books count; the moments in them are what is known beyond the store. known is false when they must be loaded.
	marks store.Marks
	known bool
	// loaded are the marks that the books were loaded at, changed the versions after which a survey's counts changed since, by partition.
	loaded  store.Marks
	changed map[topic][]int64

	watching sync.Mutex
	topics   map[topic]*Topic
}

// topic names what can be watched.
type topic struct{ organization, survey string }

// New is a board without data.
func New() *Board {
	return &Board{books: make(map[string]*Book), changed: make(map[topic][]int64), topics: make(map[topic]*Topic)}
}

// Cube is the cube of an organisation, as it is now: a rebuild puts another one in its place.
func (b *Board) Cube(organization string) *cube.Cube { return b.Book(organization).Cube }

// Table is the table of an organisation's survey, as it is now: a rebuild puts another one in its place. It is not complete when rows of the
// survey are missing, as of what was counted before there were rows, until a rebuild brings them: then it must not be asked.
func (b *Board) Table(organization, survey string) (t *column.Table, complete bool) {
	return b.Book(organization).Table(survey)
}

// Book is the book of an organisation, as it is now.
func (b *Board) Book(organization string) *Book {
	b.mu.RLock()
	k := b.books[organization]
	b.mu.RUnlock()
	if k == nil {
		// Nothing is counted yet; asking must not leave a trace.
		return NewBook()
	}
	return k
}

// book is the book of an organisation, made when it is new.
func (b *Board) book(organization string) *Book {
	b.mu.Lock()
	defer b.mu.Unlock()
	k := b.books[organization]
	if k == nil {
		k = NewBook()
		b.books[organization] = k
	}
	return k
}

// Short lists the organisations of whose surveys rows are missing, in order.
func (b *Board) Short() []string {
	b.mu.RLock()
	defer b.mu.RUnlock()
	var list []string
	for organization, k := range b.books {
		if !k.Complete() {
			list = append(list, organization)
		}
	}
	slices.Sort(list)
	return list
}

// Watermark is the time up to which data was counted: that of the partition that is furthest behind; zero when it is not known of one. Read
// it before what is counted, which then holds at least what arrived up to it.
func (b *Board) Watermark() time.Time {
	b.mu.RLock()
	defer b.mu.RUnlock()
	var least time.Time
	for i, c := range b.marks.Cursors {
		if i == 0 || c.AsOf.Before(least) {
			least = c.AsOf
		}
	}
	return least
}

// Reached tells that everything of a partition that arrived up to a moment is counted, in an epoch. In another one it says nothing.
func (b *Board) Reached(partition int, epoch int64, asOf time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if partition < len(b.marks.Cursors) && b.marks.Epoch == epoch {
		c := &b.marks.Cursors[partition]
		c.AsOf = latest(c.AsOf, asOf)
	}
}

func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
