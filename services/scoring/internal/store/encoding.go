package store

import (
	"crypto/sha256"
	"time"
)

// ToNano is how backends keep a moment: nanoseconds since 1970, 0 for none.
func ToNano(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

// FromNano is the moment that ToNano made n of.
func FromNano(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.Unix(0, n).UTC()
}

// Digest stands for a record's kind, survey and identifier; it is long enough that no two identifiers ever share one.
type Digest [16]byte

// DigestOf makes a record's digest in `room`, which it returns for the next one.
func DigestOf(r Record, room []byte) (Digest, []byte) {
	if r.Fact != nil {
		return digest('f', r.Fact.Survey, r.Fact.ID, room)
	}
	return digest('r', r.Refusal.Survey, r.Refusal.ID, room)
}

// DigestOfRemoval is the digest of the record that is taken away.
func DigestOfRemoval(r Removal, room []byte) (Digest, []byte) {
	kind := byte('f')
	if r.Refusal {
		kind = 'r'
	}
	return digest(kind, r.Survey, r.ID, room)
}

func digest(kind byte, survey, id string, room []byte) (Digest, []byte) {
	// A survey's identifier holds no zero byte.
	room = append(room[:0], kind)
	room = append(room, survey...)
	room = append(room, 0)
	room = append(room, id...)
	sum := sha256.Sum256(room)
	return Digest(sum[:16]), room
}
