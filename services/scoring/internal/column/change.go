package column

import (
	"fmt"
	"slices"
)

// Change is a row that is added (Count 1) or taken away (-1). Changes of equal rows add up.
type Change struct {
	Row   Row
	Count int
}

// Pack is what changes of one survey and span add up to; nil when they cancel out. Equal sums have equal encodings. The rows must pass
// Row.Check: what Pack makes of others cannot be read.
func Pack(changes []Change) []byte {
	b := newBuilder(len(changes))
	for i := range changes {
		b.add(&changes[i])
	}
	return b.canonical().encode()
}

// Merge is the sum of sections; nil when they cancel out. It is associative and commutative. wire.ErrCorrupt when a section was not
// written by Pack or Merge; one of no bytes is that of no changes.
func Merge(sections ...[]byte) ([]byte, error) {
	f, err := sumOf(sections)
	if err != nil {
		return nil, fmt.Errorf("merge: %w", err)
	}
	return f.encode(), nil
}

// sumOf adds up sections.
func sumOf(sections [][]byte) (*frame, error) {
	var f frame
	b := newBuilder(0)
	for _, s := range sections {
		if len(s) == 0 {
			continue
		}
		if err := f.decode(s); err != nil {
			return nil, err
		}
		b.addFrame(&f)
	}
	return b.canonical(), nil
}

// Unpack calls fn for each change of a section, in ascending order of bucket and ID, until fn fails. wire.ErrCorrupt, before any call, when
// the section was not written by Pack or Merge. Rows share their values and options with one another: they must not be changed.
func Unpack(section []byte, fn func(Change) error) error {
	if len(section) == 0 {
		return nil
	}
	var f frame
	if err := f.decode(section); err != nil {
		return fmt.Errorf("unpack: %w", err)
	}
	return f.changes(fn)
}

// changes calls fn for each change of a frame until fn fails.
func (f *frame) changes(fn func(Change) error) error {
	parsed := make([]parsedColumn, len(f.columns))
	for i := range f.columns {
		parsed[i] = f.columns[i].parse()
	}
	for i := range f.len() {
		c := Change{Row: Row{ID: f.ids[i], Bucket: f.buckets[i], Received: f.received[i], Respondent: f.respondent(i)}, Count: int(f.count(i))}
		keys, answers := f.width(i)
		c.Row.Keys, c.Row.Answers = slices.Grow(c.Row.Keys, keys), slices.Grow(c.Row.Answers, answers)
		for j := range parsed {
			if code := f.columns[j].codes[i]; code != 0 {
				parsed[j].put(&c.Row, code-1)
			}
		}
		if err := fn(c); err != nil {
			return err
		}
	}
	return nil
}

// width is the number of keys and answers of a row.
func (f *frame) width(i int) (keys, answers int) {
	for j := range f.columns {
		switch c := &f.columns[j]; {
		case c.codes[i] == 0:
		case c.kind == keyColumn:
			keys++
		case c.kind == answerColumn:
			answers++
		}
	}
	return keys, answers
}
