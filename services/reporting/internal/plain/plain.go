// Package plain reads filters that say nothing but which values keys have, such as `location = "osh" AND channel = app`: what services know that have no filters
// of their own. Such a filter means the same to scores, which know more.
package plain

import (
	"fmt"
	"regexp"
	"strings"
)

// Term is that a key has a value; an empty one is not stated.
type Term struct{ Key, Value string }

// term begins with a key, which may have parts, and its value, within quotes or without.
var term = regexp.MustCompile(`^\s*([A-Za-z_][A-Za-z0-9_.-]*)\s*(?:=|:)\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^\s"'()]+)\s*`)

// and joins terms.
var and = regexp.MustCompile(`^AND\s`)

// Error tells what of a filter says more than values of keys.
type Error struct {
	// Position is that of the character at which it does, counted from 1.
	Position int
	Problem  string
}

// Error says so.
func (e *Error) Error() string { return fmt.Sprintf("character %d: %s", e.Position, e.Problem) }

// Terms reads a filter. Error: *Error.
func Terms(filter string) (out []Term, err error) {
	rest := filter
	if strings.TrimSpace(rest) == "" {
		return nil, nil
	}
	refuse := func(problem string) error {
		return &Error{Position: len([]rune(filter[:len(filter)-len(strings.TrimLeft(rest, " \t\n"))])) + 1, Problem: problem}
	}
	for {
		m := term.FindStringSubmatch(rest)
		if m == nil {
			return nil, refuse(`expected a key and its value, such as location = "osh": there are only values of keys here, joined by AND`)
		}
		value, star := unquoted(m[2])
		if star {
			return nil, refuse("a star stands for nothing here: name the value as a whole")
		}
		out = append(out, Term{m[1], value})
		if rest = rest[len(m[0]):]; rest == "" {
			return out, nil
		}
		joined := and.FindString(rest)
		if joined == "" {
			return nil, refuse("expected AND or the end: there are only values of keys here, joined by AND")
		}
		rest = rest[len(joined):]
	}
}

// unquoted is a value without its quotes, and whether a star in it stands for anything.
func unquoted(value string) (out string, star bool) {
	quoted := value[0] == '"' || value[0] == '\''
	if quoted {
		value = value[1 : len(value)-1]
	}
	var b strings.Builder
	escaped := false
	for _, r := range value {
		switch {
		case quoted && r == '\\' && !escaped:
			escaped = true
			continue
		case r == '*' && !escaped:
			star = true
		}
		escaped = false
		b.WriteRune(r)
	}
	return b.String(), star
}
