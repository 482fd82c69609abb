package gateway

import (
	"crypto/sha256"
	"sync"
)

// streamShares counts the streams that are open, and those of each credential: one that is everybody's must not take the places of all.
type streamShares struct {
	most, mostOfOne int

	mu   sync.Mutex
	open int
	// of counts by the SHA-256 of credentials.
	of map[[sha256.Size]byte]int
}

// enter takes a place for a stream of a credential; false when there is none. A place that was taken is given back by leave.
func (s *streamShares) enter(credential string) (leave func(), ok bool) {
	key := sha256.Sum256([]byte(credential))
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open >= s.most || s.of[key] >= s.mostOfOne {
		return nil, false
	}
	if s.of == nil {
		s.of = make(map[[sha256.Size]byte]int)
	}
	s.open++
	s.of[key]++
	return func() { s.leave(key) }, true
}

func (s *streamShares) leave(key [sha256.Size]byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open--
	if s.of[key]--; s.of[key] == 0 {
		delete(s.of, key)
	}
}
