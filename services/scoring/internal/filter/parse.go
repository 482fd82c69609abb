package filter

import (
	"strings"
	"unicode/utf8"
)

// Limits of a filter.
const (
	// MaxLength is the greatest length in characters.
	MaxLength = 4096
	// MaxDepth is how deep parentheses and negations may be nested.
	MaxDepth = 20
	// MaxComparisons is the greatest number of comparisons.
	MaxComparisons = 100
)

// Parse reads a filter; nil for one without text, which selects everything. Refusals are *Error.
func Parse(text string, schema Schema) (*Filter, error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	if !utf8.ValidString(text) {
		return nil, refuse(Malformed, 0, "the filter is no UTF-8 text")
	}
	if n := utf8.RuneCountInString(text); n > MaxLength {
		return nil, refuse(TooComplex, MaxLength, "the filter has %d characters, of which there may be %d", n, MaxLength)
	}
	p := parser{scanner: scanner{text: []rune(text)}, schema: schema}
	root, err := p.expression()
	if err == nil && !p.end() {
		err = p.unexpected()
	}
	if err != nil {
		return nil, err
	}
	return &Filter{root: root}, nil
}

// parser reads a filter by AIP-160's grammar, one method a rule.
type parser struct {
	scanner
	schema      Schema
	depth       int
	comparisons int
}

// unexpected is the refusal of what comes next where a filter could end.
func (p *parser) unexpected() *Error {
	if p.peek() == ')' {
		return refuse(Malformed, p.at, "this parenthesis closes none")
	}
	return refuse(Malformed, p.at, "expected AND, OR or the end before %q", string(p.peek()))
}

// expression: sequence {WS AND WS sequence}.
func (p *parser) expression() (node, *Error) {
	var nodes []node
	for {
		p.space()
		n, err := p.sequence()
		if err != nil {
			return nil, err
		}
		nodes = append(nodes, n)
		if !p.keyword("AND") {
			return all(nodes), nil
		}
	}
}

// sequence: factor {WS factor}, joined by AND.
func (p *parser) sequence() (node, *Error) {
	var nodes []node
	for {
		n, err := p.factor()
		if err != nil {
			return nil, err
		}
		nodes = append(nodes, n)
		spaced := p.space()
		if p.end() || p.peek() == ')' || p.sees("AND") {
			return all(nodes), nil
		}
		if !spaced {
			return nil, p.unexpected()
		}
	}
}

// sees tells whether a keyword comes next.
func (p *parser) sees(k string) bool {
	from := p.at
	defer func() { p.at = from }()
	return p.keyword(k)
}

// factor: term {WS OR WS term}.
func (p *parser) factor() (node, *Error) {
	var nodes []node
	for {
		p.space()
		n, err := p.term()
		if err != nil {
			return nil, err
		}
		nodes = append(nodes, n)
		from := p.at
		p.space()
		if !p.keyword("OR") {
			p.at = from
			return either(nodes), nil
		}
	}
}

// term: [(NOT WS | MINUS)] simple.
func (p *parser) term() (node, *Error) {
	switch {
	case p.keyword("NOT"):
		p.space()
	case p.peek() == '-':
		p.at++
	default:
		return p.simple()
	}
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	// NOT NOT is more than the grammar has, and means what it says.
	n, err := p.term()
	if err != nil {
		return nil, err
	}
	return not(n), nil
}

// simple: restriction | LPAREN expression RPAREN.
func (p *parser) simple() (node, *Error) {
	if p.peek() != '(' {
		return p.restriction()
	}
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	from := p.at
	p.at++
	n, err := p.expression()
	if err != nil {
		return nil, err
	}
	if p.peek() != ')' {
		if p.end() {
			return nil, refuse(Malformed, from, "this parenthesis is never closed")
		}
		return nil, p.unexpected()
	}
	p.at++
	return n, nil
}

func (p *parser) enter() *Error {
	if p.depth++; p.depth > MaxDepth {
		return refuse(TooComplex, p.at, "parentheses and negations may be nested %d deep", MaxDepth)
	}
	return nil
}

func (p *parser) leave() { p.depth-- }

// restriction: member comparator arg.
func (p *parser) restriction() (node, *Error) {
	from := p.at
	if p.comparisons++; p.comparisons > MaxComparisons {
		return nil, refuse(TooComplex, from, "there may be %d comparisons", MaxComparisons)
	}
	name, err := p.member()
	if err != nil {
		return nil, err
	}
	// What is not known is told before what is missing behind it.
	f, err := p.schema.field(name, from)
	if err != nil {
		return nil, misspelt(name, err)
	}
	p.space()
	at := p.at
	op := p.comparator()
	if op == "" {
		return nil, refuse(Malformed, at, `expected a comparison after %s, such as %s = "…"`, name, name)
	}
	p.space()
	value, err := p.value(name, op)
	if err != nil {
		return nil, err
	}
	return f.compare(op, at, value)
}

// misspelt explains an unknown key that is a keyword in small letters.
func misspelt(name string, err *Error) *Error {
	for _, k := range []string{"AND", "OR", "NOT"} {
		if strings.EqualFold(name, k) && k == "NOT" {
			return refuse(Malformed, err.Position-1, "expected a key: NOT stands before a comparison, in capitals")
		}
		if strings.EqualFold(name, k) {
			return refuse(Malformed, err.Position-1, "expected a key: %s stands between comparisons, in capitals", k)
		}
	}
	return err
}

// member: value {DOT field}. Parts may be quoted.
func (p *parser) member() (string, *Error) {
	from := p.at
	var name strings.Builder
	for {
		switch p.peek() {
		case '"', '\'':
			l, err := p.quoted()
			if err != nil {
				return "", err
			}
			name.WriteString(string(l.text))
		default:
			part := p.word(false)
			if part == "" {
				return "", p.noMember(from)
			}
			name.WriteString(part)
		}
		if p.peek() != '.' {
			break
		}
		p.at++
		name.WriteByte('.')
	}
	if p.peek() == '(' {
		return "", refuse(Malformed, p.at, "there are no functions: compare a key, such as location = \"north\"")
	}
	return name.String(), nil
}

func (p *parser) noMember(from int) *Error {
	switch {
	case p.end() && p.at == from:
		return refuse(Malformed, p.at, "expected a comparison, but the filter ends")
	case p.at == from:
		return refuse(Malformed, p.at, "expected a key before %q", string(p.peek()))
	}
	return refuse(Malformed, p.at, "expected a name after the dot")
}

// value is what a key is compared with.
func (p *parser) value(name string, op operator) (literal, *Error) {
	from := p.at
	switch p.peek() {
	case '"', '\'':
		return p.quoted()
	case '(':
		return literal{}, refuse(Malformed, from, "expected one value: write (%s %s … OR %s %s …)", name, op, name, op)
	}
	word := p.word(true)
	if word == "" || word == "AND" || word == "OR" || word == "NOT" {
		return literal{}, refuse(Malformed, from, `expected a value after %s %s: "" stands for what is not stated`, name, op)
	}
	return bare(from, word), nil
}
