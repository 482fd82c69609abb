package column

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"github.com/otklik/otklik/libs/calendar"
	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/question"
	"github.com/otklik/otklik/services/scoring/internal/wire"
)

// Change is a row that is added (Count 1) or taken away (-1). Changes of equal rows add up.
type Change struct {
	Row   Row
	Count int
}

// version is the first byte of a section.
const version = 1

// Pack is what changes of one survey and span add up to; nil when they cancel out. Equal sums have equal encodings. The rows must pass
// Row.Check: what Pack makes of others cannot be read.
func Pack(changes []Change) []byte {
	packed := make([]counted, 0, len(changes))
	for i := range changes {
		packed = append(packed, counted{appendRow(nil, &changes[i].Row), changes[i].Count})
	}
	return pack(packed)
}

// Merge is the sum of sections; nil when they cancel out. It is associative and commutative. wire.ErrCorrupt when a section was not
// written by Pack or Merge.
func Merge(sections ...[]byte) ([]byte, error) {
	var packed []counted
	for _, s := range sections {
		err := Unpack(s, func(c Change) error {
			packed = append(packed, counted{appendRow(nil, &c.Row), c.Count})
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return pack(packed), nil
}

// Unpack calls fn for each change of a section, in ascending order of bucket and ID, until fn fails. wire.ErrCorrupt when the section
// was not written by Pack or Merge; fn may have been called by then.
func Unpack(section []byte, fn func(Change) error) error {
	if len(section) == 0 {
		return nil
	}
	r := wire.NewReader(section)
	if v := r.Byte(); v != version {
		return fmt.Errorf("unpack rows: version %d: %w", v, wire.ErrCorrupt)
	}
	for r.Len() > 0 {
		c := Change{Count: int(r.Varint())}
		inner := wire.NewReader([]byte(r.String()))
		c.Row = readRow(inner)
		if inner.End() != nil || c.Count == 0 || c.Row.Check() != nil {
			r.Fail()
		}
		if err := r.Err(); err != nil {
			return fmt.Errorf("unpack rows: %w", err)
		}
		if err := fn(c); err != nil {
			return err
		}
	}
	if err := r.End(); err != nil {
		return fmt.Errorf("unpack rows: %w", err)
	}
	return nil
}

type counted struct {
	row   []byte
	count int
}

func pack(rows []counted) []byte {
	slices.SortFunc(rows, func(a, b counted) int { return strings.Compare(string(a.row), string(b.row)) })
	var out []byte
	for len(rows) > 0 {
		n, count := 0, 0
		for n < len(rows) && string(rows[n].row) == string(rows[0].row) {
			count += rows[n].count
			n++
		}
		if count != 0 {
			if out == nil {
				out = append(out, version)
			}
			out = binary.AppendVarint(out, int64(count))
			out = wire.AppendString(out, string(rows[0].row))
		}
		rows = rows[n:]
	}
	return out
}

func appendRow(b []byte, r *Row) []byte {
	// Big-endian and shifted, so that encodings sort as buckets and identifiers do.
	b = binary.BigEndian.AppendUint32(b, uint32(r.Bucket)^1<<31)
	b = binary.BigEndian.AppendUint64(b, r.ID)
	b = append(b, byte(r.Outcome), byte(r.Population))
	b = binary.AppendVarint(b, r.Received)
	b = wire.AppendFloat(b, r.Weight)
	b = binary.AppendUvarint(b, r.Respondent)
	b = binary.AppendUvarint(b, uint64(len(r.Keys)))
	for _, k := range r.Keys {
		b = appendStrings(wire.AppendString(b, k.Name), k.Values)
	}
	b = binary.AppendUvarint(b, uint64(len(r.Answers)))
	for _, a := range r.Answers {
		b = wire.AppendString(wire.AppendString(b, a.Question), a.Scale)
		b = append(b, byte(a.Kind), byte(a.Direction))
		b = binary.AppendVarint(b, int64(a.Value))
		b = appendStrings(b, a.Options)
	}
	return b
}

func readRow(r *wire.Reader) Row {
	var row Row
	var head [12]byte
	for i := range head {
		head[i] = r.Byte()
	}
	row.Bucket = calendar.Bucket(binary.BigEndian.Uint32(head[:]) ^ 1<<31)
	row.ID = binary.BigEndian.Uint64(head[4:])
	row.Outcome, row.Population = Outcome(r.Byte()), fact.Population(r.Byte())
	row.Received, row.Weight, row.Respondent = r.Varint(), r.Float(), r.Uvarint()
	for range r.Count(2) {
		row.Keys = append(row.Keys, Key{Name: r.String(), Values: readStrings(r)})
	}
	for range r.Count(6) {
		row.Answers = append(row.Answers, Answer{
			Question: r.String(), Scale: r.String(), Kind: question.Kind(r.Byte()), Direction: question.Direction(r.Byte()),
			Value: question.Centi(r.Varint32()), Options: readStrings(r),
		})
	}
	return row
}

func appendStrings(b []byte, values []string) []byte {
	b = binary.AppendUvarint(b, uint64(len(values)))
	for _, v := range values {
		b = wire.AppendString(b, v)
	}
	return b
}

func readStrings(r *wire.Reader) []string {
	var values []string
	for range r.Count(1) {
		values = append(values, r.String())
	}
	return values
}

func compareRows(a, b *Row) int {
	if c := cmp.Compare(a.Bucket, b.Bucket); c != 0 {
		return c
	}
	return cmp.Compare(a.ID, b.ID)
}
