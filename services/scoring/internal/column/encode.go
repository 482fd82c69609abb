package column

import (
	"encoding/binary"

	"github.com/otklik/otklik/libs/calendar"
	"github.com/otklik/otklik/services/scoring/internal/wire"
)

// version is the first byte of a section.
const version = 1

// Flags of a section.
const (
	// flagRespondents: some rows name a respondent. flagCounts: some counts are not 1.
	flagRespondents = 1 << iota
	flagCounts
	sectionFlags = flagRespondents | flagCounts
)

// Flags of a column. flagAbsent: some rows lack it.
const (
	flagAbsent  = 1
	columnFlags = flagAbsent
)

// encode writes a canonical frame: nil when it has no rows.
func (f *frame) encode() []byte {
	if f.len() == 0 {
		return nil
	}
	b := make([]byte, 0, 256+32*f.len())
	b = append(b, version)
	b = binary.AppendUvarint(b, uint64(f.len()))
	var flags byte
	if len(f.respondents) > 0 {
		flags |= flagRespondents
	}
	if len(f.counts) > 0 {
		flags |= flagCounts
	}
	b = append(b, flags)
	b = binary.AppendVarint(b, int64(f.buckets[0]))
	for i := range f.buckets[1:] {
		b = binary.AppendUvarint(b, uint64(int64(f.buckets[i+1])-int64(f.buckets[i])))
	}
	for _, id := range f.ids {
		b = binary.LittleEndian.AppendUint64(b, id)
	}
	for i, at := range f.received {
		// Mostly received soon after: a small number.
		b = binary.AppendVarint(b, at-start(f.buckets[i]))
	}
	for _, r := range f.respondents {
		b = binary.LittleEndian.AppendUint64(b, r)
	}
	for _, n := range f.counts {
		b = binary.AppendVarint(b, n)
	}
	b = binary.AppendUvarint(b, uint64(len(f.columns)))
	for i := range f.columns {
		b = f.columns[i].encode(b)
	}
	return b
}

// start is the first second of a bucket.
func start(b calendar.Bucket) int64 { return int64(b) * calendar.BucketSeconds }

func (c *frameColumn) encode(b []byte) []byte {
	less, flags := uint32(1), byte(0)
	for _, code := range c.codes {
		if code == 0 {
			less, flags = 0, flagAbsent
			break
		}
	}
	b = append(b, byte(c.kind))
	b = wire.AppendString(b, c.name)
	b = append(b, flags)
	b = binary.AppendUvarint(b, uint64(len(c.entries)))
	for _, e := range c.entries {
		b = wire.AppendString(b, e)
	}
	return appendCodes(b, c.codes, less, bitsFor(len(c.entries)+1-int(less)))
}
