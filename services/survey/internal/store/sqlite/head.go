package sqlite

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/otklik/otklik/services/survey/internal/store"
)

// head is the position of the last committed change, for those who wait for the next.
type head struct {
	position atomic.Int64

	mu      sync.Mutex
	waiting int
	moved   chan struct{}
	closed  chan struct{}
}

func newHead() *head { return &head{moved: make(chan struct{}), closed: make(chan struct{})} }

// advance tells that everything up to position is committed. Every commit calls it, in any order, so that it costs next to nothing when
// nobody waits.
func (h *head) advance(position int64) {
	if position <= h.position.Load() {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if position <= h.position.Load() {
		return
	}
	h.position.Store(position)
	if h.waiting > 0 {
		close(h.moved)
		h.moved, h.waiting = make(chan struct{}), 0
	}
}

func (h *head) await(ctx context.Context, after int64) error {
	for {
		h.mu.Lock()
		if h.position.Load() > after {
			h.mu.Unlock()
			return nil
		}
		h.waiting++
		moved := h.moved
		h.mu.Unlock()

		select {
		case <-moved:
		case <-h.closed:
			return store.ErrClosed
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (h *head) close() { close(h.closed) }
