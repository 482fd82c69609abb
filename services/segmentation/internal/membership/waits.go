package membership

import (
	"maps"
	"slices"
	"sync"
	"time"
)

// wait is a comparison that waits: of all contacts of an organisation, or of those of which something changed.
type wait struct {
	organization string
	all          bool
}

// waits are the comparisons that wait, and since when.
type waits struct {
	mu    sync.Mutex
	since map[wait]time.Time
}

// begin says that a comparison waits, unless it is known to.
func (w *waits) begin(what wait, at time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, known := w.since[what]; !known {
		w.since[what] = at
	}
}

// set says since when a comparison waits.
func (w *waits) set(what wait, at time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.since[what] = at
}

// keep forgets what waited of all, or of changes, of organisations of which nothing does any more.
func (w *waits) keep(all bool, work []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	maps.DeleteFunc(w.since, func(what wait, _ time.Time) bool {
		return what.all == all && !slices.Contains(work, what.organization)
	})
}

// end says that a comparison waits no more.
func (w *waits) end(what wait) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.since, what)
}

func (w *waits) oldest() (oldest time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, at := range w.since {
		if oldest.IsZero() || at.Before(oldest) {
			oldest = at
		}
	}
	return oldest
}
