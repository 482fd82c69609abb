package relational

import "time"

// ToMicro is t as it is kept: microseconds since 1970.
func ToMicro(t time.Time) int64 { return t.UnixMicro() }

// FromMicro is the time that ToMicro made n of.
func FromMicro(n int64) time.Time { return time.UnixMicro(n).UTC() }

// NullMicro is t as a time that may be missing is kept.
func NullMicro(t time.Time) *int64 {
	if t.IsZero() {
		return nil
	}
	n := ToMicro(t)
	return &n
}

// FromNull is the time that NullMicro made n of.
func FromNull(n *int64) time.Time {
	if n == nil {
		return time.Time{}
	}
	return FromMicro(*n)
}
