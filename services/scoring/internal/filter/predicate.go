package filter

import (
	"cmp"
	"strconv"

	"github.com/otklik/otklik/services/scoring/internal/column"
	"github.com/otklik/otklik/services/scoring/internal/question"
)

// Predicate tells which rows of a table the filter selects; nil for all.
func (f *Filter) Predicate() column.Predicate {
	if f == nil {
		return nil
	}
	return predicate(f.root)
}

func predicate(n node) column.Predicate {
	switch n := n.(type) {
	case comparison:
		return n.predicate()
	case negation:
		return column.Not{Predicate: predicate(n.node)}
	case conjunction:
		and := make(column.And, len(n.nodes))
		for i, part := range n.nodes {
			and[i] = predicate(part)
		}
		return and
	case alternative:
		or := make(column.Or, len(n.nodes))
		for i, part := range n.nodes {
			or[i] = predicate(part)
		}
		return or
	}
	// There are no other nodes. What is not understood selects nothing.
	return column.Or{}
}

func (c comparison) predicate() column.Predicate {
	switch c.field.kind {
	case scoreField:
		return column.Scored{Question: c.field.question.ID, Match: func(v question.Centi) bool { return c.op == has || compareTo(c.op, v, c.number) }}
	case choiceField:
		return column.Chosen{Question: c.field.question.ID, Match: func(option string) bool { return c.op == has || c.pattern.match(option) }}
	case revisionField:
		return column.In{Key: c.field.name, Match: func(value string, stated bool) bool {
			n, err := strconv.ParseInt(value, 10, 64)
			return stated && (c.op == has || err == nil && compareTo(c.op, n*question.Unit, int64(c.number)))
		}}
	}
	return column.In{Key: c.field.name, Match: func(value string, stated bool) bool { return stated && (c.op == has || c.pattern.match(value)) }}
}

// compareTo applies an operator to numbers.
func compareTo[T cmp.Ordered](op operator, a, b T) bool {
	switch op {
	case equal:
		return a == b
	case notEqual:
		return a != b
	case "<":
		return a < b
	case "<=":
		return a <= b
	case ">":
		return a > b
	case ">=":
		return a >= b
	}
	return false
}
