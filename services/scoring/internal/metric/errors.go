package metric

import "errors"

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
	// ErrUnknown reports a metric or variant that is not defined.
	ErrUnknown = errors.New("not defined")
)
