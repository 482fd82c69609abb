package column

import (
	"fmt"

	"github.com/otklik/otklik/services/scoring/internal/question"
)

// A filter is a predicate that was evaluated for every entry of the dictionaries it asks for.
//
// What asks for one column only, however nested, has become a table: for each code of the column 1 where it holds and else 0.
// All else is a tree of such tables.
type filter struct {
	// field is the column, table what holds of its codes. A column that no row has is field -1 with a table of one code.
	field int
	table []uint8
	// narrow is the table for columns of one byte.
	narrow [256]uint8
	// parts are filters of which all or, if any is set, one must hold, in place of a table.
	parts []*filter
	any   bool
	// negated turns parts into their opposite.
	negated bool
}

// compile makes the filters that must all hold.
func (s *state) compile(p Predicate) ([]*filter, error) {
	if p == nil {
		return nil, nil
	}
	f, err := s.filter(p)
	if err != nil {
		return nil, err
	}
	filters := []*filter{f}
	if f.table == nil && !f.any && !f.negated {
		filters = f.parts
	}
	for _, f := range filters {
		f.narrowed()
	}
	return filters, nil
}

// narrowed fills the tables of one byte.
func (f *filter) narrowed() {
	copy(f.narrow[:], f.table)
	for _, p := range f.parts {
		p.narrowed()
	}
}

func (s *state) filter(p Predicate) (*filter, error) {
	switch p := p.(type) {
	case And:
		return s.all(p, false)
	case Or:
		return s.all(p, true)
	case Not:
		f, err := s.filter(p.Predicate)
		if err != nil {
			return nil, err
		}
		return f.not(), nil
	case In:
		return s.table(keyColumn, p.Key, func(c *parsedColumn, i int) bool { return contains(c.values[i], p.value) }, p.Match("", false)), nil
	case Scored:
		return s.table(answerColumn, p.Question, func(c *parsedColumn, i int) bool {
			return c.answers[i].Kind != question.Choice && p.Match(c.answers[i].Value)
		}, false), nil
	case Chosen:
		return s.table(answerColumn, p.Question, func(c *parsedColumn, i int) bool { return contains(c.answers[i].Options, p.Match) }, false), nil
	}
	return nil, fmt.Errorf("predicate %T: %w", p, ErrQuery)
}

func (p In) value(v string) bool { return p.Match(v, true) }

func contains(values []string, match func(string) bool) bool {
	for _, v := range values {
		if match(v) {
			return true
		}
	}
	return false
}

// table evaluates a predicate for each entry of a column, and says what holds for rows that lack it.
func (s *state) table(kind columnKind, name string, holds func(c *parsedColumn, i int) bool, lacking bool) *filter {
	f := &filter{field: s.field(kind, name), table: []uint8{bit(lacking)}}
	if f.field < 0 {
		return f
	}
	c := parse(kind, name, s.fields[f.field].entries)
	for i := range s.fields[f.field].entries {
		f.table = append(f.table, bit(holds(&c, i)))
	}
	return f
}

func bit(b bool) uint8 {
	if b {
		return 1
	}
	return 0
}

// all joins predicates; those that ask for the same column become one table.
func (s *state) all(list []Predicate, either bool) (*filter, error) {
	joined := &filter{any: either}
	for _, p := range list {
		f, err := s.filter(p)
		if err != nil {
			return nil, err
		}
		parts := []*filter{f}
		if f.table == nil && f.any == either && !f.negated {
			parts = f.parts
		}
		for _, f := range parts {
			joined.join(f)
		}
	}
	if len(joined.parts) == 1 {
		return joined.parts[0], nil
	}
	if len(joined.parts) == 0 {
		return &filter{field: -1, table: []uint8{bit(!either)}}, nil
	}
	return joined, nil
}

func (f *filter) join(other *filter) {
	for _, p := range f.parts {
		if p.table == nil || other.table == nil || p.field != other.field {
			continue
		}
		for i, x := range other.table {
			if f.any {
				p.table[i] |= x
			} else {
				p.table[i] &= x
			}
		}
		return
	}
	f.parts = append(f.parts, other)
}

func (f *filter) not() *filter {
	if f.table == nil {
		f.negated = !f.negated
		return f
	}
	for i := range f.table {
		f.table[i] ^= 1
	}
	return f
}
