package store

import (
	"math"
	"time"
)

// ToNano is t as backends keep it: nanoseconds since 1970. Times before 1678 and after 2262 become the nearest that fits.
func ToNano(t time.Time) int64 {
	switch s := t.Unix(); {
	case s < math.MinInt64/int64(time.Second):
		return math.MinInt64
	case s >= math.MaxInt64/int64(time.Second):
		return math.MaxInt64
	}
	return t.UnixNano()
}

// FromNano is the time that ToNano made n of.
func FromNano(n int64) time.Time { return time.Unix(0, n).UTC() }

// NullNano is t as backends keep a time that may be missing: nil when it is.
func NullNano(t time.Time) *int64 {
	if t.IsZero() {
		return nil
	}
	n := ToNano(t)
	return &n
}

// FromNull is the time that NullNano made n of.
func FromNull(n *int64) time.Time {
	if n == nil {
		return time.Time{}
	}
	return FromNano(*n)
}
