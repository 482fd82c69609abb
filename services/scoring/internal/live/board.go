// Package live holds the scores' aggregates of all organisations in memory while they change: a cube for each, the time up to which data was
// counted, and who is to be woken when a survey's counts change.
package live

import (
	"fmt"
	"sync"
	"time"

	"github.com/otklik/otklik/services/scoring/internal/cube"
)

// Board holds the cubes. Safe for concurrent use.
type Board struct {
	mu        sync.RWMutex
	cubes     map[string]*cube.Cube
	watermark time.Time

	watching sync.Mutex
	topics   map[topic]*Topic
}

// topic names what can be watched.
type topic struct{ organization, survey string }

// New is a board without data.
func New() *Board {
	return &Board{cubes: make(map[string]*cube.Cube), topics: make(map[topic]*Topic)}
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

// Apply counts what a batch changed for an organisation and wakes those who watch its surveys.
func (b *Board) Apply(organization string, d *cube.Delta) error {
	if d.IsEmpty() {
		return nil
	}
	b.mu.Lock()
	c := b.cubes[organization]
	if c == nil {
		c = cube.New()
		b.cubes[organization] = c
	}
	b.mu.Unlock()
	if err := c.Apply(d); err != nil {
		return fmt.Errorf("count batch: %w", err)
	}
	b.wake(organization, d.Surveys())
	return nil
}

// Put puts a cube in the place of an organisation's and wakes those who watch any survey of either.
func (b *Board) Put(organization string, c *cube.Cube) {
	b.mu.Lock()
	old := b.cubes[organization]
	b.cubes[organization] = c
	b.mu.Unlock()
	if old != nil {
		b.wake(organization, old.Surveys())
	}
	b.wake(organization, c.Surveys())
}

// Reset puts the cubes of all organisations in the place of what is there and wakes everybody.
func (b *Board) Reset(cubes map[string]*cube.Cube) {
	b.mu.Lock()
	b.cubes = cubes
	b.mu.Unlock()
	b.wakeAll()
}

// Clear forgets everything, the watermark too, and wakes everybody: nothing is counted.
func (b *Board) Clear() {
	b.mu.Lock()
	b.cubes = make(map[string]*cube.Cube)
	b.watermark = time.Time{}
	b.mu.Unlock()
	b.wakeAll()
}

func (b *Board) wakeAll() {
	b.watching.Lock()
	defer b.watching.Unlock()
	for _, t := range b.topics {
		t.signal()
	}
}

// Watermark is the time up to which data was counted; zero when nothing was. Read it before what is counted, which then holds at least what
// arrived up to it.
func (b *Board) Watermark() time.Time {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.watermark
}

// Advance moves the watermark; it never goes back, but by Clear.
func (b *Board) Advance(t time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if t.After(b.watermark) {
		b.watermark = t
	}
}
