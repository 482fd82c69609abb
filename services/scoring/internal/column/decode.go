package column

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/otklik/otklik/libs/calendar"
	"github.com/otklik/otklik/services/scoring/internal/wire"
)

// The least number of bytes that a row, a column and an entry take.
const (
	minRow    = 10
	minColumn = 6
	minEntry  = 3
)

// decode reads a section, in the room that the frame has from reading another one. It accepts only what encode writes: what decodes encodes
// to the same bytes.
func (f *frame) decode(section []byte) error {
	in := &cursor{rest: section}
	f.read(in)
	if len(in.rest) > 0 || !in.bad && !(f.ordered() && f.complete()) {
		in.fail()
	}
	if in.bad {
		return fmt.Errorf("decode section of rows: %w", wire.ErrCorrupt)
	}
	return nil
}

func (f *frame) read(in *cursor) {
	v := in.byte()
	n := in.count(minRow)
	flags := in.byte()
	if v != version || n == 0 || flags&^sectionFlags != 0 {
		in.fail()
		return
	}
	f.readBuckets(in, n)
	f.ids = readNumbers(in, f.ids[:0], n)
	f.received = f.received[:0]
	for _, b := range f.buckets {
		f.received = append(f.received, start(b)+in.varint())
	}
	f.respondents, f.counts = f.respondents[:0], f.counts[:0]
	if flags&flagRespondents != 0 {
		f.respondents = readNumbers(in, f.respondents, n)
		if !anyNot(f.respondents, 0) {
			in.fail()
		}
	}
	if flags&flagCounts != 0 {
		for range n {
			f.counts = append(f.counts, in.varint())
		}
		if !anyNot(f.counts, 1) || slices.Contains(f.counts, 0) {
			in.fail()
		}
	}
	f.readColumns(in, n)
}

func (f *frame) readBuckets(in *cursor, n int) {
	f.buckets = f.buckets[:0]
	at := in.varint()
	for i := range n {
		if i > 0 {
			at += int64(min(in.uvarint(), 1<<33))
		}
		if at < math.MinInt32 || at > math.MaxInt32 {
			in.fail()
			at = 0
		}
		f.buckets = append(f.buckets, calendar.Bucket(at))
	}
}

func readNumbers(in *cursor, out []uint64, n int) []uint64 {
	b := in.bytes(8 * n)
	for ; len(b) > 0; b = b[8:] {
		out = append(out, binary.LittleEndian.Uint64(b))
	}
	return out
}

func (f *frame) readColumns(in *cursor, n int) {
	columns := in.count(minColumn)
	// The room of columns that were read before is behind the end of the slice.
	f.columns = f.columns[:0]
	for i := range columns {
		f.columns = slices.Grow(f.columns, 1)[:i+1]
		c := &f.columns[i]
		c.kind, c.name = columnKind(in.byte()), in.string()
		c.read(in, n)
		if in.bad || i > 0 && c.compare(&f.columns[i-1]) <= 0 {
			in.fail()
			return
		}
	}
}

func (c *frameColumn) compare(other *frameColumn) int {
	return cmp.Or(cmp.Compare(c.kind, other.kind), strings.Compare(c.name, other.name))
}

func (c *frameColumn) read(in *cursor, n int) {
	flags := in.byte()
	entries := in.count(minEntry)
	if flags&^columnFlags != 0 || entries == 0 || entries > n {
		in.fail()
		return
	}
	c.entries = make([]string, entries)
	for i := range c.entries {
		c.entries[i] = in.string()
		if i > 0 && c.entries[i-1] >= c.entries[i] || !validEntry(c.kind, c.entries[i]) {
			in.fail()
			return
		}
	}
	more := uint32(1)
	if flags&flagAbsent != 0 {
		more = 0
	}
	bits := bitsFor(entries + 1 - int(more))
	packed := in.bytes(packedLen(n, bits))
	if in.bad {
		return
	}
	var ok bool
	if c.codes, ok = readCodes(c.codes[:0], packed, n, more, bits); !ok || !c.allUsed(more) {
		in.fail()
	}
}

// allUsed tells whether the codes from least on occur, each of them and no other.
func (c *frameColumn) allUsed(least uint32) bool {
	used := make([]bool, len(c.entries)+1)
	for _, code := range c.codes {
		if int(code) >= len(used) {
			return false
		}
		used[code] = true
	}
	return !slices.Contains(used[least:], false)
}

// ordered tells whether the rows ascend.
func (f *frame) ordered() bool {
	for i := 1; i < f.len(); i++ {
		if f.buckets[i-1] == f.buckets[i] && f.ids[i-1] >= f.ids[i] && f.compare(i-1, i) >= 0 {
			return false
		}
	}
	return true
}

// complete tells whether every row says who it is of and what it weighs, and whether refusals are without answers.
func (f *frame) complete() bool {
	if len(f.columns) < 2 || f.columns[0].kind != whoColumn || f.columns[1].kind != weightColumn {
		return false
	}
	for i := range f.columns {
		switch c := &f.columns[i]; c.kind {
		case whoColumn, weightColumn:
			if c.name != "" || slices.Contains(c.codes, 0) {
				return false
			}
		default:
			if c.name == "" {
				return false
			}
		}
	}
	return f.refusalsAreSilent()
}

func (f *frame) refusalsAreSilent() bool {
	who := &f.columns[0]
	refused := make([]bool, len(who.entries)+1)
	for i, e := range who.entries {
		_, o, _ := parseWho(e)
		refused[i+1] = o != Response
	}
	if !slices.Contains(refused, true) {
		return true
	}
	for i := range f.columns {
		c := &f.columns[i]
		if c.kind != answerColumn {
			continue
		}
		for row, code := range c.codes {
			if code != 0 && refused[who.codes[row]] {
				return false
			}
		}
	}
	return true
}
