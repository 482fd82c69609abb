package cube

import (
	"fmt"
	"math"

	"github.com/otklik/otklik/libs/calendar"
	"github.com/otklik/otklik/services/scoring/internal/histogram"
)

// Loader fills a cube with cells from a store, series by series. The cube is locked until Close.
type Loader struct {
	cube *Cube
	err  error
	// key is the current series, which is s of f.
	key  Key
	open bool
	f    *family
	s    *series
	// number is the day that entries are collected for.
	number  int32
	entries []entry
}

// Loader begins to fill the cube.
func (c *Cube) Loader() *Loader {
	c.mu.Lock()
	return &Loader{cube: c}
}

// Series turns to the series of a key, whose bucket means nothing.
func (l *Loader) Series(k Key) {
	k.Bucket = 0
	if l.open && k == l.key {
		return
	}
	l.flush()
	if l.err == nil {
		l.err = k.check()
	}
	if l.err != nil {
		return
	}
	l.key, l.open = k, true
	l.f = l.cube.makeFamily(k)
	l.s = l.f.makeSeries(k.ContextKey, k.ContextValue)
}

// Cell adds what a bucket of the current series counts: bins that ascend by value and count more than 0. They are not kept. It is fastest
// when buckets ascend.
func (l *Loader) Cell(b calendar.Bucket, bins []histogram.Bin) {
	if l.err != nil {
		return
	}
	number, slot := split(b)
	if number != l.number {
		l.flush()
		l.number = number
	}
	if n := len(l.entries); n > 0 && l.entries[n-1].slot() >= slot {
		l.flush()
	}
	// Values ascend, and mostly so do their symbols.
	next := uint32(0)
	for _, bin := range bins {
		if bin.Count <= 0 {
			l.err = fmt.Errorf("cell %+v, bucket %d: %d of value %d: %w", l.key, b, bin.Count, bin.Value, ErrNegative)
			return
		}
		l.f.added += bin.Count
		if len(l.f.values) >= maxSymbols || l.f.added > math.MaxUint32 && l.tooMany(b, bin) {
			l.err = fmt.Errorf("cell %+v, bucket %d: %d of value %d: %w", l.key, b, bin.Count, bin.Value, ErrOverflow)
			return
		}
		if int(next) >= len(l.f.values) || l.f.values[next] != bin.Value {
			next = l.f.intern(bin.Value)
		}
		l.entries = append(l.entries, newEntry(slot, next, uint32(bin.Count)))
		next++
	}
}

// tooMany tells whether a bin exceeds the count that a block can hold.
func (l *Loader) tooMany(b calendar.Bucket, bin histogram.Bin) bool {
	// What has been collected for the day is not in the block yet.
	collected := bin.Count
	symbol, known := l.f.symbol(bin.Value)
	if known {
		for _, e := range l.entries {
			if e.symbol() == symbol {
				collected += int64(e.count())
			}
		}
		_, inBlock := l.s.count(b, symbol)
		collected += inBlock
	}
	return collected > math.MaxUint32
}

// flush adds the day that was collected.
func (l *Loader) flush() {
	if len(l.entries) == 0 || l.err != nil {
		return
	}
	i, j := l.s.place(l.number)
	l.f.mergeDay(&l.s.blocks[i], &l.s.blocks[i].days[j], l.entries)
	l.entries = l.entries[:0]
}

// Close ends the filling and unlocks the cube. The error wraps ErrKey, ErrNegative or ErrOverflow; cells before the one at fault may have
// been added.
func (l *Loader) Close() error {
	l.flush()
	l.cube.tidy()
	l.cube.mu.Unlock()
	if l.err != nil {
		return fmt.Errorf("load cells: %w", l.err)
	}
	return nil
}

// tidy forgets families and surveys in which nothing is counted.
func (c *Cube) tidy() {
	for id, sv := range c.surveys {
		for name, f := range sv.families {
			for _, series := range f.by {
				for value, s := range series {
					if s.isEmpty() {
						delete(series, value)
					}
				}
			}
			if f.isEmpty() {
				delete(sv.families, name)
			}
		}
		if len(sv.families) == 0 {
			delete(c.surveys, id)
		}
	}
}
