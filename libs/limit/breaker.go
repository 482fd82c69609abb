package limit

import (
	"sync/atomic"
	"time"
)

// breaker keeps calls from waiting for something that has just failed: while it is open nobody asks, but for one caller after each pause.
type breaker struct {
	pause time.Duration
	now   func() time.Time
	start time.Time
	// retryAt is when the next caller may try, since start; 0 while closed.
	retryAt atomic.Int64
}

func newBreaker(pause time.Duration, now func() time.Time) *breaker {
	// Started in the past, so that no time of retrying is 0.
	return &breaker{pause: pause, now: now, start: now().Add(-time.Second)}
}

// closed tells whether the caller may try.
func (b *breaker) closed() bool {
	at := b.retryAt.Load()
	if at == 0 {
		return true
	}
	now := b.now().Sub(b.start)
	return int64(now) >= at && b.retryAt.CompareAndSwap(at, int64(now+b.pause))
}

// fail opens the breaker; true when it was closed.
func (b *breaker) fail() bool {
	return b.retryAt.Swap(int64(b.now().Sub(b.start)+b.pause)) == 0
}

// succeed closes the breaker; true when it was open.
func (b *breaker) succeed() bool {
	// Looking first spares the processors a fight over the cache line.
	return b.retryAt.Load() != 0 && b.retryAt.Swap(0) != 0
}
