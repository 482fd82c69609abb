package filter

import (
	"regexp"
	"strings"

	"github.com/otklik/otklik/services/scoring/internal/question"
)

// operator compares. The operator : is read as =.
type operator string

// literal is a value as it was written.
type literal struct {
	at     int
	quoted bool
	text   []rune
	// stars are the wildcards in the text.
	stars []star
}

// star is a wildcard: where it is in the value, and where in the filter.
type star struct{ in, at int }

func (l *literal) add(r rune) { l.text = append(l.text, r) }

func (l *literal) addStar(at int) {
	l.stars = append(l.stars, star{len(l.text), at})
	l.add('*')
}

// bare is a literal without quotes, in which every star is a wildcard.
func bare(at int, word string) literal {
	l := literal{at: at}
	for i, r := range []rune(word) {
		if r == '*' {
			l.addStar(at + i)
		} else {
			l.add(r)
		}
	}
	return l
}

var decimal = regexp.MustCompile(`^-?[0-9]+(\.[0-9]+)?$`)

// number tells whether the literal is a number.
func (l *literal) number() bool { return !l.quoted && decimal.MatchString(string(l.text)) }

// empty tells whether the literal is "".
func (l *literal) empty() bool { return len(l.text) == 0 }

// anything tells whether the literal is made of wildcards only.
func (l *literal) anything() bool {
	return len(l.text) > 0 && len(l.text) <= 2 && len(l.stars) == len(l.text)
}

// pattern is what texts are compared with.
type pattern struct {
	text string
	// before and after tell whether anything may come before and after the text.
	before, after bool
}

// pattern makes a pattern of a literal.
func (l *literal) pattern() (pattern, *Error) {
	p, text := pattern{}, l.text
	stars := l.stars
	if len(stars) > 0 && stars[0].in == 0 {
		p.before, text, stars = true, text[1:], stars[1:]
	}
	if n := len(stars); n > 0 && stars[n-1].in == len(l.text)-1 {
		p.after, text, stars = true, text[:len(text)-1], stars[:n-1]
	}
	if len(stars) > 0 {
		return p, refuse(Malformed, stars[0].at, `a star stands for anything at the beginning or the end of a value only: write \* for a star, within quotes`)
	}
	p.text = string(text)
	return p, nil
}

// exact tells whether the pattern matches its text only.
func (p pattern) exact() bool { return !p.before && !p.after }

func (p pattern) match(value string) bool {
	switch {
	case p.before && p.after:
		return strings.Contains(value, p.text)
	case p.before:
		return strings.HasSuffix(value, p.text)
	case p.after:
		return strings.HasPrefix(value, p.text)
	}
	return value == p.text
}

// String writes the pattern as it is read.
func (p pattern) String() string {
	b := make([]byte, 0, len(p.text)+4)
	b = append(b, '"')
	if p.before {
		b = append(b, '*')
	}
	for i := range len(p.text) {
		if c := p.text[i]; c == '\\' || c == '"' || c == '*' {
			b = append(b, '\\')
		}
		b = append(b, p.text[i])
	}
	if p.after {
		b = append(b, '*')
	}
	return string(append(b, '"'))
}

// centi reads a number of hundredths.
func (l *literal) centi() (question.Centi, bool) {
	c, err := question.ParseCenti(string(l.text))
	return c, err == nil
}
