package postgres

import (
	"crypto/sha256"

	"github.com/otklik/otklik/services/scoring/internal/store"
)

// digest stands for a record's kind, survey and identifier; it is long enough that no two identifiers ever share one.
type digest [16]byte

// digestOf makes digests in `room`, which it returns for the next one.
func digestOf(r store.Record, room []byte) (digest, []byte) {
	kind := byte('r')
	var id string
	if r.Fact != nil {
		kind, id = 'f', r.Fact.ID
	} else {
		id = r.Refusal.ID
	}
	// A survey's identifier holds no zero byte.
	room = append(room[:0], kind)
	room = append(room, r.Survey()...)
	room = append(room, 0)
	room = append(room, id...)
	sum := sha256.Sum256(room)
	return digest(sum[:16]), room
}
