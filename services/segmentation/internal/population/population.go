// Package population keeps what rules may ask of an organisation's contacts in columns in memory, and evaluates rules over whole columns.
//
// A rule is taken apart where conditions are joined; what is joined is evaluated for 64 contacts at a time, in bits. A condition over one attribute of few
// values is evaluated once a value, comparisons of numbers and times over their columns, and whatever is left by the interpreter of rules, only for the
// contacts for which the rest of the rule does not decide.
package population

import (
	"fmt"
	"math"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/otklik/otklik/services/segmentation/internal/segment"
)

// noTime stands for a time that is not known.
const noTime = math.MinInt64

// column is what is known of an attribute, a row each. Which of the fields holds it depends on the attribute's type.
type column struct {
	// codes are the places of texts and flags in values; place 0 is that of what is not known.
	codes []uint32
	// numbers are numbers, NaN where they are not known.
	numbers []float64
	// times are microseconds since 1970.
	times []int64

	values []any
	known  map[any]uint32
}

// Population is what is known of contacts. It does not change once it is built, and may be used by several goroutines.
type Population struct {
	schema  *segment.Schema
	ids     []byte
	ends    []uint32
	columns []column
}

// Builder puts a population together. Contacts must come in ascending order of their identifiers.
type Builder struct {
	p    *Population
	last string
	err  error
}

// NewBuilder makes a builder of a population of about so many contacts.
func NewBuilder(schema *segment.Schema, about int) *Builder {
	p := &Population{schema: schema, ends: make([]uint32, 0, about), columns: make([]column, len(schema.Attributes()))}
	for i, a := range schema.Attributes() {
		switch c := &p.columns[i]; a.Type {
		case segment.Number:
			c.numbers = make([]float64, 0, about)
		case segment.Time:
			c.times = make([]int64, 0, about)
		case segment.Text, segment.Flag:
			c.codes, c.values, c.known = make([]uint32, 0, about), []any{nil}, make(map[any]uint32)
		}
	}
	return &Builder{p: p}
}

// Contact begins the next contact, of which nothing is known yet.
func (b *Builder) Contact(id string) {
	p := b.p
	if len(p.ends) > 0 && id <= b.last || len(p.ids)+len(id) > math.MaxUint32 {
		b.err = fmt.Errorf("build population: contact %d does not come after the one before, or there are too many", len(p.ends))
	}
	b.last = id
	p.ids = append(p.ids, id...)
	p.ends = append(p.ends, uint32(len(p.ids)))
	for i := range p.columns {
		c := &p.columns[i]
		switch {
		case c.numbers != nil:
			c.numbers = append(c.numbers, math.NaN())
		case c.times != nil:
			c.times = append(c.times, noTime)
		default:
			c.codes = append(c.codes, 0)
		}
	}
}

// Number states a number of the contact.
func (b *Builder) Number(at int, v float64) { b.p.columns[at].numbers[len(b.p.ends)-1] = v }

// Time states a time of the contact.
func (b *Builder) Time(at int, v time.Time) { b.p.columns[at].times[len(b.p.ends)-1] = v.UnixMicro() }

// Text states a text of the contact.
func (b *Builder) Text(at int, v string) { b.code(at, v) }

// Flag states whether something holds of the contact.
func (b *Builder) Flag(at int, v bool) { b.code(at, v) }

func (b *Builder) code(at int, v any) {
	c := &b.p.columns[at]
	code, known := c.known[v]
	if !known {
		if text, ok := v.(string); ok {
			v = strings.Clone(text)
		}
		code = uint32(len(c.values))
		c.values, c.known[v] = append(c.values, v), code
	}
	c.codes[len(b.p.ends)-1] = code
}

// Build ends the building.
func (b *Builder) Build() (*Population, error) {
	if b.err != nil {
		return nil, b.err
	}
	return b.p, nil
}

// Schema is what may be known of the contacts.
func (p *Population) Schema() *segment.Schema { return p.schema }

// Len is the number of contacts.
func (p *Population) Len() int { return len(p.ends) }

// ID is the identifier of the contact at a place; places are in the order of identifiers.
func (p *Population) ID(at int) string {
	from := uint32(0)
	if at > 0 {
		from = p.ends[at-1]
	}
	return string(p.ids[from:p.ends[at]])
}

// Find is the place of a contact.
func (p *Population) Find(id string) (at int, ok bool) {
	at = sort.Search(p.Len(), func(i int) bool { return p.ID(i) >= id })
	return at, at < p.Len() && p.ID(at) == id
}

// Row is the contact at a place, as rules see it.
func (p *Population) Row(at int) segment.Row { return row{p, at} }

type row struct {
	p  *Population
	at int
}

// Value implements segment.Row.
func (r row) Value(at int) (any, bool) { return r.p.columns[at].value(r.at) }

func (c *column) value(at int) (any, bool) {
	switch {
	case c.numbers != nil:
		v := c.numbers[at]
		return v, v == v
	case c.times != nil:
		if c.times[at] == noTime {
			return nil, false
		}
		return time.UnixMicro(c.times[at]).UTC(), true
	}
	return c.values[c.codes[at]], c.codes[at] != 0
}

// Numbers are the values of a number, a row each, NaN where it is not known. They are not to be changed.
func (p *Population) Numbers(at int) []float64 { return p.columns[at].numbers }

// Distinct are the values of a text or flag that occur, in order of first occurrence.
func (p *Population) Distinct(at int) []any { return slices.Clone(p.columns[at].values[1:]) }
