package filter

import "fmt"

// Reason is the kind of what is wrong with a filter.
type Reason int

// Reasons.
const (
	// Malformed is a text that is no filter.
	Malformed Reason = iota
	// Unknown is a key, question or option that there is not.
	Unknown
	// WrongType is an operator or a value that does not fit what it is applied to.
	WrongType
	// TooComplex is a filter beyond the limits.
	TooComplex
)

// Error is a filter that is refused.
type Error struct {
	Reason Reason
	// Position is that of the character at which it went wrong, counted from 1.
	Position int
	// Problem says what is wrong and what to do, in one sentence.
	Problem string
	// Nearest is the name that may have been meant; empty when there is none.
	Nearest string
}

// Error tells all of it.
func (e *Error) Error() string {
	s := fmt.Sprintf("character %d: %s", e.Position, e.Problem)
	if e.Nearest != "" {
		s += fmt.Sprintf("; the nearest is %s", e.Nearest)
	}
	return s
}

func refuse(reason Reason, at int, format string, args ...any) *Error {
	return &Error{Reason: reason, Position: at + 1, Problem: fmt.Sprintf(format, args...)}
}
