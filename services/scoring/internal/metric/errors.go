package metric

import (
	"errors"
	"fmt"
)

var (
	// ErrMismatch reports a variant that cannot be computed from a question of this kind or on this scale.
	ErrMismatch = errors.New("metric does not fit the question")
	// ErrCutsMissing reports a scale for which a metric has no default cut points and none were stated.
	ErrCutsMissing = errors.New("scale of this length needs its cut points stated")
	// ErrMethod reports an interval method that does not fit the variant.
	ErrMethod = errors.New("interval method does not fit the variant")
	// ErrSettings reports settings outside their range.
	ErrSettings = errors.New("settings out of range")
	// ErrNotComparable reports two sides that cannot be compared: one has no answers, or their scales differ.
	ErrNotComparable = errors.New("scores cannot be compared")
	// ErrCount reports a count that the caller must state and did not, or that contradicts what was counted; it is a *CountError.
	ErrCount = errors.New("stated count is missing or too small")
	// ErrUnknown reports a metric or variant that is not defined.
	ErrUnknown = errors.New("not defined")
)

// CountError reports a count that the caller must state.
type CountError struct {
	// Count is the one at fault.
	Count Count
	// Stated is what was stated; nil when nothing was. Least is what was counted, which it must not fall below.
	Stated *int64
	Least  int64
}

// Error says what is missing or wrong.
func (e *CountError) Error() string {
	if e.Stated == nil {
		return fmt.Sprintf("number of %s is not stated", e.Count)
	}
	return fmt.Sprintf("number of %s is stated as %d, but %d were counted", e.Count, *e.Stated, e.Least)
}

// Unwrap makes it an ErrCount.
func (e *CountError) Unwrap() error { return ErrCount }
