package segment

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"

	"github.com/otklik/otklik/libs/near"
)

// Fault is why a rule is refused, and where.
type Fault struct {
	// Line and Column are where in the rule, counted from 1 in characters; 0 when it is the rule as a whole.
	Line, Column int
	// Reason says what is wrong.
	Reason string
	// Nearest is the name that may have been meant; "" when none is near.
	Nearest string
	// TooDear tells that the rule is sound and would cost too much.
	TooDear bool
}

// Error says what is wrong, and where.
func (f *Fault) Error() string {
	text := f.Reason
	if f.Nearest != "" {
		text += "; the nearest is " + f.Nearest
	}
	if f.Line == 0 {
		return text
	}
	return fmt.Sprintf("line %d, column %d: %s", f.Line, f.Column, text)
}

// faultAt is a fault at an expression.
func faultAt(info *ast.SourceInfo, e ast.Expr, reason, nearest string) *Fault {
	where := info.GetStartLocation(e.ID())
	if r, ok := info.GetOffsetRange(e.ID()); ok {
		where = info.GetLocationByOffset(r.Start)
	}
	return &Fault{Line: where.Line(), Column: where.Column() + 1, Reason: reason, Nearest: nearest}
}

var (
	overload   = regexp.MustCompile(`^found no matching overload for '(.+)' applied to '(.+)'$`)
	undeclared = regexp.MustCompile(`^undeclared reference to '(.+?)'`)
	ourType    = regexp.MustCompile(`otklik\.`)
)

// faultOf is the first fault that CEL found.
func faultOf(s *Schema, issues *cel.Issues) *Fault {
	found := issues.Errors()
	if len(found) == 0 {
		return nil
	}
	first := found[0]
	f := &Fault{Line: first.Location.Line(), Column: first.Location.Column() + 1, Reason: strings.TrimPrefix(first.Message, "Syntax error: ")}
	if m := overload.FindStringSubmatch(first.Message); m != nil {
		f.Reason = operator(m[1]) + " does not take " + ourType.ReplaceAllString(m[2], "")
	}
	if m := undeclared.FindStringSubmatch(first.Message); m != nil {
		f.Reason = fmt.Sprintf("%q is not known: attributes are written with their group, as in contact.%s", m[1], m[1])
		f.Nearest = s.nearest(m[1])
	}
	if f.Line < 1 {
		f.Line, f.Column = 0, 0
	}
	if n := 200; utf8.RuneCountInString(f.Reason) > n {
		f.Reason = string([]rune(f.Reason)[:n]) + "…"
	}
	return f
}

// operator is an operator or function as people write it.
func operator(function string) string {
	if written, ok := operators.FindReverse(function); ok && written != "" {
		return written
	}
	return function
}

// nearest is the attribute that may have been meant, with its group or without; "" when none is near.
func (s *Schema) nearest(name string) string {
	for _, a := range s.attributes {
		if _, last, _ := strings.Cut(a.Name, "."); last == name {
			return a.Name
		}
	}
	if n := near.Name(name, s.names()); n != "" {
		return n
	}
	for _, a := range s.attributes {
		if _, last, _ := strings.Cut(a.Name, "."); near.Name(name, []string{last}) != "" {
			return a.Name
		}
	}
	return near.Name(name, s.groups)
}
