package filter

import "slices"

// Filter is a filter that was read and checked. Nil selects everything.
type Filter struct{ root node }

// String is the filter in its normal form, which is a filter too: equal for filters that differ in order, spacing and repetition only. Empty for nil.
func (f *Filter) String() string {
	if f == nil {
		return ""
	}
	return f.root.String()
}

// Exact tells whether the filter is nothing but that one key has one value, "" where it is not stated.
func (f *Filter) Exact() (key, value string, ok bool) {
	if f == nil {
		return "", "", false
	}
	n := f.root
	inside, negated := n.(negation)
	if negated {
		n = inside.node
	}
	c, ok := n.(comparison)
	if !ok || c.field.kind != textField || negated != (c.op == has) || !c.pattern.exact() {
		return "", "", false
	}
	return c.field.name, c.pattern.text, true
}

// Names lists what the filter compares, in order: keys, and questions as `answers.QUESTION`.
func (f *Filter) Names() []string {
	if f == nil {
		return nil
	}
	var names []string
	var walk func(node)
	walk = func(n node) {
		switch n := n.(type) {
		case comparison:
			names = append(names, n.field.name)
		case negation:
			walk(n.node)
		case conjunction:
			for _, part := range n.nodes {
				walk(part)
			}
		case alternative:
			for _, part := range n.nodes {
				walk(part)
			}
		}
	}
	walk(f.root)
	slices.Sort(names)
	return slices.Compact(names)
}
