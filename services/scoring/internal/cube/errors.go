package cube

import "errors"

var (
	// ErrKey reports the key of a cell that no fact leads to.
	ErrKey = errors.New("impossible cell")
	// ErrNegative reports a delta that takes away more than there is: a sign that it was applied twice, or that its facts
	// never were. The cube is unchanged.
	ErrNegative = errors.New("count would be negative")
	// ErrOverflow reports a count that exceeds 2^32-1 within 32 days. The cube is unchanged.
	ErrOverflow = errors.New("count would be too great")
	// ErrQuery reports a query that contradicts itself.
	ErrQuery = errors.New("impossible query")
	// ErrTooManySlices reports a query whose answer would exceed its limit.
	ErrTooManySlices = errors.New("too many slices")
)
