package cell

import (
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/otklik/otklik/libs/calendar"
	"github.com/otklik/otklik/services/scoring/internal/column"
	"github.com/otklik/otklik/services/scoring/internal/cube"
	"github.com/otklik/otklik/services/scoring/internal/delta"
	"github.com/otklik/otklik/services/scoring/internal/histogram"
	"github.com/otklik/otklik/services/scoring/internal/wire"
)

// First byte of a chunk. One of version 1 has no rows.
const (
	version1 = iota + 1
	currentVersion
)

// SpanDays is the number of days of universal time that a chunk covers. Longer spans make merged chunks large and slow to rewrite,
// shorter ones spread the answers of an import over more rows.
const SpanDays = 8

const spanBuckets = SpanDays * calendar.BucketsPerDay

// Span is a span of SpanDays days, counted from the start of 1970.
type Span int32

// SpanOf is the span that holds a bucket.
func SpanOf(b calendar.Bucket) Span {
	s := b / spanBuckets
	if b%spanBuckets < 0 {
		s--
	}
	return Span(s)
}

// first is the first bucket of the span. The first span of all begins before the first bucket, hence the wider type.
func (s Span) first() int64 { return int64(s) * spanBuckets }

// Chunk is what one survey's cells and rows change by within one span.
type Chunk struct {
	Survey string
	Span   Span
	// Data is the packed changes; never empty.
	Data []byte
}

// place is where a chunk belongs.
type place struct {
	survey string
	span   Span
}

// Pack splits a delta into chunks, at most one for each survey and span.
func Pack(d *delta.Delta) []Chunk {
	var order []place
	encoders := make(map[place]*encoder, 1)
	at := func(p place) *encoder {
		e := encoders[p]
		if e == nil {
			e = newEncoder(p.span)
			encoders[p] = e
			order = append(order, p)
		}
		return e
	}
	for k, changes := range d.Cells.Series() {
		for len(changes) > 0 {
			e := at(place{k.Survey, SpanOf(changes[0].Bucket)})
			e.series(k)
			changes = e.cells(changes)
		}
	}
	for _, survey := range d.Surveys() {
		for span, changes := range bySpan(d.Rows(survey)) {
			at(place{survey, span}).rows = column.Pack(changes)
		}
	}
	chunks := make([]Chunk, 0, len(order))
	for _, p := range order {
		if data := encoders[p].finish(); data != nil {
			chunks = append(chunks, Chunk{Survey: p.survey, Span: p.span, Data: data})
		}
	}
	return chunks
}

// bySpan sorts changes of rows into spans.
func bySpan(changes []column.Change) map[Span][]column.Change {
	if len(changes) == 0 {
		return nil
	}
	first := SpanOf(changes[0].Row.Bucket)
	if !slices.ContainsFunc(changes, func(c column.Change) bool { return SpanOf(c.Row.Bucket) != first }) {
		// Mostly a batch is of one time.
		return map[Span][]column.Change{first: changes}
	}
	spans := make(map[Span][]column.Change)
	for i := range changes {
		s := SpanOf(changes[i].Row.Bucket)
		spans[s] = append(spans[s], changes[i])
	}
	return spans
}

// Flags of a series' header.
const (
	// sameFamily: kind, question, scale and population are those of the series before.
	sameFamily = 1 << iota
	flagsKnown = sameFamily
)

// encoder writes a chunk. Series and, within them, cells must come in order.
type encoder struct {
	span Span
	out  []byte
	// current is the series whose cells are being collected, last the one written before it.
	current, last cube.Key
	open, written bool
	// packed holds the cells of the current series, count their number, bucket the last of them.
	packed []byte
	count  uint64
	bucket int64
	// rows are the packed rows.
	rows []byte
	// bins is room to work in.
	bins []histogram.Bin
}

func newEncoder(span Span) *encoder { return &encoder{span: span} }

// series begins the series of a key, unless it is the current one.
func (e *encoder) series(k cube.Key) {
	k.Survey, k.Bucket = "", 0
	if e.open && k == e.current {
		return
	}
	e.flush()
	e.current, e.open = k, true
	e.bucket = e.span.first()
}

// cells adds cells of the current series as far as they lie in the span, and returns the changes that do not.
func (e *encoder) cells(changes []cube.Change) []cube.Change {
	end := e.span.first() + spanBuckets
	for len(changes) > 0 && int64(changes[0].Bucket) < end {
		n := 1
		for n < len(changes) && changes[n].Bucket == changes[0].Bucket {
			n++
		}
		e.bins = e.bins[:0]
		for _, c := range changes[:n] {
			e.bins = append(e.bins, histogram.Bin{Value: c.Value, Count: c.Count})
		}
		e.cell(changes[0].Bucket, e.bins)
		changes = changes[n:]
	}
	return changes
}

// cell adds a cell of the current series; one without changes is left out.
func (e *encoder) cell(b calendar.Bucket, bins []histogram.Bin) {
	if len(bins) == 0 {
		return
	}
	e.packed = binary.AppendUvarint(e.packed, uint64(int64(b)-e.bucket))
	e.bucket = int64(b)
	e.packed = binary.AppendUvarint(e.packed, uint64(len(bins)))
	var before int64
	for _, bin := range bins {
		// The first value is written as it is, the others as the step from the one before.
		e.packed = appendStep(e.packed, bin.Value-before)
		e.packed = binary.AppendVarint(e.packed, bin.Count)
		before = bin.Value
	}
	e.count++
}

// flush writes the current series; one without cells is left out.
func (e *encoder) flush() {
	if !e.open || e.count == 0 {
		e.open = false
		return
	}
	k := e.current
	if e.written && sameFamilyAs(&k, &e.last) {
		e.out = append(e.out, sameFamily)
	} else {
		e.out = append(e.out, 0, byte(k.Kind), byte(k.Population))
		e.out = wire.AppendString(e.out, k.Question)
		e.out = wire.AppendString(e.out, k.Scale)
	}
	e.out = append(e.out, byte(k.ContextKey))
	e.out = wire.AppendString(e.out, k.ContextValue)
	e.out = binary.AppendUvarint(e.out, e.count)
	e.out = append(e.out, e.packed...)
	e.last, e.written, e.open = k, true, false
	e.packed, e.count = e.packed[:0], 0
}

func sameFamilyAs(a, b *cube.Key) bool {
	return a.Kind == b.Kind && a.Question == b.Question && a.Scale == b.Scale && a.Population == b.Population
}

// finish returns the chunk; nil when nothing changes.
func (e *encoder) finish() []byte {
	e.flush()
	return assemble(e.out, e.rows)
}

// assemble makes a chunk of packed cells and rows; nil when there are none.
func assemble(cells, rows []byte) []byte {
	if len(cells)+len(rows) == 0 {
		return nil
	}
	out := make([]byte, 0, 1+binary.MaxVarintLen32+len(cells)+len(rows))
	out = append(out, currentVersion)
	out = binary.AppendUvarint(out, uint64(len(cells)))
	out = append(out, cells...)
	return append(out, rows...)
}

// disassemble splits a chunk into packed cells and rows.
func disassemble(chunk []byte) (cells, rows []byte, err error) {
	if len(chunk) > 0 && chunk[0] == version1 {
		return chunk[1:], nil, nil
	}
	if len(chunk) < 2 || chunk[0] != currentVersion {
		return nil, nil, fmt.Errorf("decode chunk of %d bytes: version: %w", len(chunk), wire.ErrCorrupt)
	}
	r := wire.NewReader(chunk[1:])
	n := r.Count(1)
	if r.Err() != nil || r.Len() == 0 {
		return nil, nil, fmt.Errorf("decode chunk: %w", wire.ErrCorrupt)
	}
	rest := chunk[len(chunk)-r.Len():]
	return rest[:n:n], rest[n:], nil
}
