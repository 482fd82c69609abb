// Package live holds the scores' aggregates of all organisations in memory while they change: a cube for each, how far the store was counted
// into them, the time up to which data was counted, and who is to be woken when a survey's counts change.
package live

import (
	"sync"
	"time"

	"github.com/otklik/otklik/services/scoring/internal/cube"
	"github.com/otklik/otklik/services/scoring/internal/store"
)

// Board holds the cubes. Safe for concurrent use.
type Board struct {
	// writing is held while cubes are changed, so that batches are counted one after the other.
	writing sync.Mutex

	mu    sync.RWMutex
	cubes map[string]*cube.Cube
	// marks are how far the cubes count; the moments in them are what is known beyond the store. known is false when the cubes must be loaded.
	marks store.Marks
	known bool
	// loaded are the marks that the cubes were loaded at, changed the versions after which a survey's counts changed since, by partition.
	loaded  store.Marks
	changed map[topic][]int64

	watching sync.Mutex
	topics   map[topic]*Topic
}

// topic names what can be watched.
type topic struct{ organization, survey string }

// New is a board without data.
func New() *Board {
	return &Board{cubes: make(map[string]*cube.Cube), changed: make(map[topic][]int64), topics: make(map[topic]*Topic)}
}

// Cube is the cube of an organisation, as it is now: a rebuild puts another one in its place.
func (b *Board) Cube(organization string) *cube.Cube {
	b.mu.RLock()
	c := b.cubes[organization]
	b.mu.RUnlock()
	if c == nil {
		// Nothing is counted yet; asking must not leave a trace.
		return cube.New()
	}
	return c
}

// cube is the cube of an organisation, made when it is new.
func (b *Board) cube(organization string) *cube.Cube {
	b.mu.Lock()
	defer b.mu.Unlock()
	c := b.cubes[organization]
	if c == nil {
		c = cube.New()
		b.cubes[organization] = c
	}
	return c
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
