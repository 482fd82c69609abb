// Package loghead lets readers of a change log wait for its next change.
package loghead

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/otklik/otklik/libs/pause"
	"github.com/otklik/otklik/services/survey/internal/store"
)

// Head is the position of the last change that this process knows of, for those who wait for the next. Safe for concurrent use.
type Head struct {
	position atomic.Int64

	// read and interval are how changes of other processes are found.
	read     func(context.Context) (int64, error)
	interval time.Duration

	mu      sync.Mutex
	waiting int
	polling bool
	moved   chan struct{}
	pollers sync.WaitGroup

	// life ends with Close.
	life context.Context
	end  context.CancelFunc
}

// New makes a head at position 0 that moves by Advance alone: for a log that this process alone writes.
func New() *Head {
	h := &Head{moved: make(chan struct{})}
	h.life, h.end = context.WithCancel(context.Background())
	return h
}

// NewShared makes a head of a log that other processes write, too. While somebody waits, read is asked at each interval; what it returns moves
// the head as Advance does. Its errors are passed over: a reader that waits finds them out when it reads.
func NewShared(read func(context.Context) (int64, error), interval time.Duration) *Head {
	h := New()
	h.read, h.interval = read, interval
	return h
}

// Advance tells that everything up to position is committed. Every commit calls it, in any order, so that it costs next to nothing when
// nobody waits.
func (h *Head) Advance(position int64) {
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
		h.moved = make(chan struct{})
	}
}

// Await returns nil once the head is greater than after. Errors: ctx's, store.ErrClosed after Close.
func (h *Head) Await(ctx context.Context, after int64) error {
	if h.position.Load() > after {
		return h.closed()
	}
	h.mu.Lock()
	h.waiting++
	h.poll()
	h.mu.Unlock()
	defer h.leave()
	for {
		h.mu.Lock()
		moved := h.moved
		h.mu.Unlock()
		if h.position.Load() > after {
			return h.closed()
		}
		select {
		case <-moved:
		case <-h.life.Done():
			return store.ErrClosed
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (h *Head) closed() error {
	if h.life.Err() != nil {
		return store.ErrClosed
	}
	return nil
}

func (h *Head) leave() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.waiting--
}

// poll starts a poller if there is none. The caller holds mu.
func (h *Head) poll() {
	if h.read == nil || h.polling || h.closed() != nil {
		return
	}
	h.polling = true
	h.pollers.Go(func() {
		for h.wanted() {
			if position, err := h.read(h.life); err == nil {
				h.Advance(position)
			}
			if pause.For(h.life, h.interval) != nil {
				return
			}
		}
	})
}

// wanted tells whether somebody waits; if not, the poller ends.
func (h *Head) wanted() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.polling = h.waiting > 0
	return h.polling
}

// Close wakes those who wait and returns when nothing is read any more. Safe to call twice.
func (h *Head) Close() {
	h.mu.Lock()
	h.end()
	h.mu.Unlock()
	h.pollers.Wait()
}
