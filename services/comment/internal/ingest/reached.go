package ingest

import (
	"sync"
	"time"
)

// Status is what a process knows of the log that it follows.
type Status struct {
	// Position is that of the last event applied, Head that of the newest in the log.
	Position, Head int64
	AsOf           time.Time
	// Leads tells that the feed is this process's, Connected that it follows the log now.
	Leads, Connected bool
}

type reached struct {
	mu sync.Mutex
	s  Status
}

func (r *reached) note(position, head int64, asOf time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.s.Position, r.s.Head, r.s.Connected = position, max(head, position), true
	if !asOf.IsZero() {
		r.s.AsOf = asOf
	}
}

func (r *reached) lead() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.s.Leads = true
}

func (r *reached) disconnect() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.s.Leads, r.s.Connected = false, false
}

// Status tells how far this process has followed the log.
func (f *Follower) Status() Status {
	f.reached.mu.Lock()
	defer f.reached.mu.Unlock()
	return f.reached.s
}
