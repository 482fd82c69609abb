package filter

import (
	"slices"
	"strings"

	"github.com/otklik/otklik/services/scoring/internal/question"
)

// node is a part of a filter in its normal form: conjunctions hold no conjunctions, alternatives no alternatives, negations no negations; parts are in order
// of their texts, without repetition. Texts are made once, since they are compared often.
type node interface{ String() string }

// comparison compares a field with a pattern (texts, options) or a number (the revision, scores); by the operator `has` it asks whether the field is stated.
type comparison struct {
	field   field
	op      operator
	pattern pattern
	number  question.Centi
	text    string
}

type conjunction struct {
	nodes []node
	text  string
}

type alternative struct {
	nodes []node
	text  string
}

type negation struct {
	node node
	text string
}

// String is the comparison as it is read.
func (c comparison) String() string { return c.text }

// String joins the parts by AND.
func (c conjunction) String() string { return c.text }

// String joins the parts by OR.
func (a alternative) String() string { return a.text }

// String has NOT before the part.
func (n negation) String() string { return n.text }

// written is the comparison with its text.
func (c comparison) written() comparison {
	name := quoteName(c.field.name)
	switch {
	case c.op == has:
		c.text = name + ":*"
	case c.field.kind == revisionField, c.field.kind == scoreField:
		c.text = name + " " + string(c.op) + " " + c.number.String()
	default:
		c.text = name + " " + string(c.op) + " " + c.pattern.String()
	}
	return c
}

// quoteName quotes the parts of a name that could not be read otherwise.
func quoteName(name string) string {
	parts := strings.Split(name, ".")
	for i, part := range parts {
		if part == "" || part == "NOT" || strings.HasPrefix(part, "-") || strings.ContainsFunc(part, ends) {
			parts[i] = pattern{text: part}.String()
		}
	}
	return strings.Join(parts, ".")
}

func join(nodes []node, by string) string {
	texts := make([]string, len(nodes))
	for i, n := range nodes {
		texts[i] = inner(n)
	}
	return strings.Join(texts, by)
}

// inner is the text of a part of another one.
func inner(n node) string {
	switch n.(type) {
	case conjunction, alternative:
		return "(" + n.String() + ")"
	}
	return n.String()
}

// all is the conjunction of nodes.
func all(nodes []node) node {
	var flat []node
	for _, n := range nodes {
		if c, ok := n.(conjunction); ok {
			flat = append(flat, c.nodes...)
			continue
		}
		flat = append(flat, n)
	}
	if flat = ordered(flat); len(flat) == 1 {
		return flat[0]
	}
	return conjunction{flat, join(flat, " AND ")}
}

// either is the alternative of nodes.
func either(nodes []node) node {
	var flat []node
	for _, n := range nodes {
		if a, ok := n.(alternative); ok {
			flat = append(flat, a.nodes...)
			continue
		}
		flat = append(flat, n)
	}
	if flat = ordered(flat); len(flat) == 1 {
		return flat[0]
	}
	return alternative{flat, join(flat, " OR ")}
}

func not(n node) node {
	if inside, ok := n.(negation); ok {
		return inside.node
	}
	return negation{n, "NOT " + inner(n)}
}

// ordered sorts nodes by their texts and leaves out repetitions.
func ordered(nodes []node) []node {
	slices.SortFunc(nodes, func(a, b node) int { return strings.Compare(a.String(), b.String()) })
	return slices.CompactFunc(nodes, func(a, b node) bool { return a.String() == b.String() })
}
