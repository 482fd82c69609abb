// Package refusal says why an analysis gives no number: there are too few answers, an item never varies, or the items say the same thing twice.
package refusal

import "fmt"

// Reason is why an analysis is refused, for machines.
type Reason string

// The reasons.
const (
	// TooFew: fewer answers than the analysis needs.
	TooFew Reason = "TOO_FEW_ANSWERS"
	// Constant: all answers to the item are the same.
	Constant Reason = "ITEM_CONSTANT"
	// NeverTogether: nobody, or hardly anybody, answered both items.
	NeverTogether Reason = "ITEMS_NEVER_TOGETHER"
	// Singular: an item is told by the others, so that their parts cannot be told apart.
	Singular Reason = "ITEMS_SINGULAR"
	// NotConverged: an iteration found no solution.
	NotConverged Reason = "NOT_CONVERGED"
	// TooMany: more items, factors or categories than the analysis takes.
	TooMany Reason = "TOO_MANY"
	// NoData: there is no answer at all on a side.
	NoData Reason = "NO_DATA"
	// Impossible: the numbers contradict each other, or the method does not bear them.
	Impossible Reason = "NUMBERS_IMPOSSIBLE"
)

// Error is a refusal.
type Error struct {
	Reason Reason
	// Items are the identifiers of the questions (or values of a key) at fault, at most a few; empty when it is all of them together.
	Items []string
	// Argument tells that the request asks for what cannot be, whatever the answers are; otherwise the answers at hand do not suffice.
	Argument bool
	// Description is a sentence for people, in English, that says what to do.
	Description string
}

// Error is the reason with its description.
func (e *Error) Error() string { return string(e.Reason) + ": " + e.Description }

// New makes a refusal for the answers at hand.
func New(reason Reason, items []string, format string, args ...any) *Error {
	return &Error{Reason: reason, Items: items, Description: fmt.Sprintf(format, args...)}
}
