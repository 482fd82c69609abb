package postgres

import (
	"strings"
	"time"
)

// nanos is how a moment is stored: nanoseconds since 1970, 0 for none. The types of PostgreSQL keep microseconds.
func nanos(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

func fromNanos(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.Unix(0, n).UTC()
}

// prose is text for people as PostgreSQL can keep it: UTF-8 without zero bytes.
func prose(s string) string {
	return strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", "\uFFFD"), "\uFFFD")
}
