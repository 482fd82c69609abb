package filter

import (
	"strings"
	"unicode"
)

// scanner reads a filter character by character.
type scanner struct {
	text []rune
	at   int
}

// peek is the next character; 0 at the end.
func (s *scanner) peek() rune {
	if s.at < len(s.text) {
		return s.text[s.at]
	}
	return 0
}

func (s *scanner) end() bool { return s.at == len(s.text) }

// space skips white space and tells whether there was any.
func (s *scanner) space() bool {
	from := s.at
	for !s.end() && unicode.IsSpace(s.text[s.at]) {
		s.at++
	}
	return s.at > from
}

// ends tells whether a character ends a word.
func ends(r rune) bool {
	return unicode.IsSpace(r) || strings.ContainsRune(`()=<>!:,"'`, r)
}

// word reads up to what ends a word, or up to a dot if asked to.
func (s *scanner) word(dots bool) string {
	from := s.at
	for !s.end() && !ends(s.text[s.at]) && (dots || s.text[s.at] != '.') {
		s.at++
	}
	return string(s.text[from:s.at])
}

// keyword reads a word in capitals, if it comes next as a word of its own.
func (s *scanner) keyword(k string) bool {
	from := s.at
	if s.word(true) == k {
		return true
	}
	s.at = from
	return false
}

// comparator reads an operator; empty when none comes next.
func (s *scanner) comparator() operator {
	for _, op := range []operator{"!=", "<=", ">=", "=", "<", ">", ":"} {
		n := len(op)
		if s.at+n <= len(s.text) && string(s.text[s.at:s.at+n]) == string(op) {
			s.at += n
			return op
		}
	}
	return ""
}

// quoted reads a text in quotes. A star in it is a wildcard unless it is escaped.
func (s *scanner) quoted() (literal, *Error) {
	from := s.at
	quote := s.text[s.at]
	s.at++
	l := literal{at: from, quoted: true}
	for {
		if s.end() {
			return l, refuse(Malformed, from, "the text that begins here has no closing quote")
		}
		r := s.text[s.at]
		s.at++
		switch r {
		case quote:
			return l, nil
		case '\\':
			next := s.peek()
			if s.end() || !strings.ContainsRune(`\"'*`, next) {
				return l, refuse(Malformed, s.at-1, `a backslash stands before \, ", ' or *: write \\ for a backslash`)
			}
			s.at++
			l.add(next)
		case '*':
			l.addStar(s.at - 1)
		default:
			l.add(r)
		}
	}
}
