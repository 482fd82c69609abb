package cell

import (
	"fmt"

	"github.com/otklik/otklik/libs/calendar"
	"github.com/otklik/otklik/services/scoring/internal/cube"
	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/histogram"
)

// The least number of bytes that a cell and a bin take.
const (
	minCell = 4
	minBin  = 2
)

// decoder reads a chunk series by series and cell by cell. Strings are made anew only where they change.
type decoder struct {
	in   cursor
	span Span
	// key is the current series; its bucket means nothing.
	key cube.Key
	// left is the number of cells of the series that have not been read; begun tells that one was, any that a series was.
	left       int
	begun, any bool
	// taken tells that the series is being added up.
	taken bool
	// bucket and bins are the current cell; bins is used again for the next.
	bucket int64
	bins   []histogram.Bin
	// names keeps a string that occurs in many series from being made anew for each.
	names map[string]string
}

func newDecoder(span Span, data []byte, names map[string]string) (*decoder, error) {
	cells, _, err := disassemble(data)
	if err != nil {
		return nil, err
	}
	return &decoder{in: cursor{data: cells}, span: span, names: names}, nil
}

// nextSeries moves to the next series, past cells that were not read; false at the end and after an error.
func (d *decoder) nextSeries() bool {
	for d.left > 0 {
		if !d.nextCell() {
			return false
		}
	}
	if d.in.left() == 0 {
		return false
	}
	before := d.key
	flags := d.in.byte()
	if flags&^flagsKnown != 0 {
		d.in.fail()
	}
	if flags&sameFamily == 0 {
		d.key.Kind = cube.CellKind(d.in.byte())
		d.key.Population = fact.Population(d.in.byte())
		d.key.Question = d.name(d.in.string())
		d.key.Scale = d.name(d.in.string())
	}
	d.key.ContextKey = fact.ContextKey(d.in.byte())
	d.key.ContextValue = d.name(d.in.string())
	d.left = d.in.count(minCell)
	d.bucket = d.span.first()
	if d.left == 0 || d.any && compareSeries(&before, &d.key) >= 0 {
		d.in.fail()
	}
	d.any, d.begun = true, false
	return !d.in.bad
}

func (d *decoder) name(b []byte) string {
	if known, ok := d.names[string(b)]; ok {
		return known
	}
	s := string(b)
	d.names[s] = s
	return s
}

// nextCell moves to the next cell of the series; false at its end and after an error.
func (d *decoder) nextCell() bool {
	if d.left == 0 {
		return false
	}
	d.left--
	step := d.in.uvarint()
	if step > spanBuckets || d.begun && step == 0 {
		d.in.fail()
	}
	d.begun = true
	d.bucket += int64(step)
	if d.bucket >= d.span.first()+spanBuckets || d.bucket < int64(calendar.MinBucket) || d.bucket > int64(calendar.MaxBucket) {
		d.in.fail()
	}
	n := d.in.count(minBin)
	if n == 0 {
		d.in.fail()
	}
	d.bins = d.bins[:0]
	var value int64
	for i := range n {
		before := value
		value += d.in.step()
		count := d.in.varint()
		if count == 0 || i > 0 && value <= before {
			d.in.fail()
		}
		d.bins = append(d.bins, histogram.Bin{Value: value, Count: count})
	}
	if d.in.bad {
		d.left = 0
		return false
	}
	return true
}

// err tells whether the chunk was read without fault.
func (d *decoder) err() error {
	if err := d.in.err(); err != nil {
		return fmt.Errorf("decode chunk: %w", err)
	}
	return nil
}
