package cube

import (
	"fmt"
	"iter"
	"math"
	"slices"
	"sync"

	"github.com/otklik/otklik/services/scoring/internal/histogram"
)

// Cube is the aggregates of one organisation. Any number of goroutines may read while one writes; a reader sees all of a
// delta or nothing of it.
type Cube struct {
	mu sync.RWMutex
	// surveys holds surveys of which something is counted.
	surveys map[string]*survey
}

// survey is the aggregates of one survey.
type survey struct {
	families map[familyKey]*family
}

// New is an empty cube.
func New() *Cube {
	return &Cube{surveys: make(map[string]*survey)}
}

// Apply changes the cube by a delta: all of it, or nothing when an error is returned. The error wraps ErrKey, ErrNegative
// or ErrOverflow.
func (c *Cube) Apply(d *Delta) error { return c.ApplyWith(d, func() {}) }

// ApplyWith is Apply with something else that is shown in the same moment: show is called when the cube has changed and before anybody can see
// it, so that who sees either of the two sees the other, too. It must be quick and not ask the cube; after an error it is not called.
func (c *Cube) ApplyWith(d *Delta, show func()) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.check(d); err != nil {
		return fmt.Errorf("apply delta: %w", err)
	}
	for k, changes := range d.Series() {
		c.apply(k, changes)
	}
	show()
	return nil
}

// Load adds cells to the cube, for a cube that is being filled from a store. Cells of the same key add up. It is fastest
// in the order of Key.Compare. The error wraps ErrKey, ErrNegative or ErrOverflow; the cells before it have been added.
func (c *Cube) Load(cells iter.Seq2[Key, histogram.Histogram]) error {
	l := c.Loader()
	var bins []histogram.Bin
	for k, h := range cells {
		l.Series(k)
		bins = slices.AppendSeq(bins[:0], h.Bins())
		l.Cell(k.Bucket, bins)
	}
	return l.Close()
}

// find is the family and the series of a cell; nil where there is none.
func (c *Cube) find(k Key) (*family, *series) {
	sv := c.surveys[k.Survey]
	if sv == nil {
		return nil, nil
	}
	f := sv.families[k.family()]
	if f == nil {
		return nil, nil
	}
	return f, f.series(k.ContextKey, k.ContextValue)
}

// check refuses a delta that cannot be applied as a whole.
func (c *Cube) check(d *Delta) error {
	// Cells of one block share a total, which must have room for the growth of all of them.
	var growth int64
	for _, changes := range d.Series() {
		for i := range changes {
			growth += max(changes[i].Count, 0)
		}
	}
	for k, changes := range d.Series() {
		if err := c.checkSeries(k, changes, growth); err != nil {
			return err
		}
	}
	return nil
}

// checkSeries refuses changes of one series that leave a count out of bounds. growth is the most by which counts can grow
// before the next check.
func (c *Cube) checkSeries(k Key, changes []Change, growth int64) error {
	if err := k.check(); err != nil {
		return err
	}
	f, s := c.find(k)
	if f != nil && len(f.values)+len(changes) > maxSymbols {
		return fmt.Errorf("series %+v: %d different values: %w", k, len(f.values), ErrOverflow)
	}
	roomy := growth <= math.MaxUint32 && (f == nil || f.added+growth <= math.MaxUint32)
	for i := range changes {
		change := &changes[i]
		if change.Count > 0 && roomy {
			continue
		}
		var inBucket, inBlock int64
		if s != nil {
			if symbol, ok := f.symbol(change.Value); ok {
				inBucket, inBlock = s.count(change.Bucket, symbol)
			}
		}
		k.Bucket = change.Bucket
		switch {
		case inBucket+change.Count < 0:
			return fmt.Errorf("cell %+v: %d of value %d changed by %d: %w", k, inBucket, change.Value, change.Count, ErrNegative)
		case growth > math.MaxUint32-inBlock:
			return fmt.Errorf("cell %+v: %d of value %d and %d more: %w", k, inBlock, change.Value, growth, ErrOverflow)
		}
	}
	return nil
}

// apply changes one series and forgets what has become empty.
func (c *Cube) apply(k Key, changes []Change) {
	if len(changes) == 0 {
		return
	}
	f := c.makeFamily(k)
	s := f.makeSeries(k.ContextKey, k.ContextValue)
	f.change(s, changes)
	if s.isEmpty() {
		f.drop(k.ContextKey, k.ContextValue)
		sv := c.surveys[k.Survey]
		if f.isEmpty() {
			delete(sv.families, k.family())
		}
		if len(sv.families) == 0 {
			delete(c.surveys, k.Survey)
		}
	}
}

// makeFamily is the family of a cell, made when it is new.
func (c *Cube) makeFamily(k Key) *family {
	sv := c.surveys[k.Survey]
	if sv == nil {
		sv = &survey{families: make(map[familyKey]*family)}
		c.surveys[k.Survey] = sv
	}
	name := k.family()
	f := sv.families[name]
	if f == nil {
		f = newFamily(name)
		sv.families[name] = f
	}
	return f
}
