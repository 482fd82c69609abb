package rediskit

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"
)

const (
	// breakAfter is how many failures in a row open a breaker.
	breakAfter = 3
	// breakFor is how long it stays open before one call may try again.
	breakFor = time.Second
)

// breaker lets callers do without Redis at once while it is out of order, instead of waiting for it one by one. Safe for concurrent use.
type breaker struct {
	now func() time.Time

	mu       sync.Mutex
	failures int
	retry    time.Time
	open     bool
}

func newBreaker(now func() time.Time) *breaker { return &breaker{now: now} }

// allow tells whether a call may be made. While the breaker is open, one caller a second may try.
func (b *breaker) allow() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.open {
		return true
	}
	if now := b.now(); !now.Before(b.retry) {
		b.retry = now.Add(breakFor)
		return true
	}
	return false
}

// report tells how a call went. That its caller gave up says nothing of Redis.
func (b *breaker) report(ctx context.Context, err error, logger *slog.Logger, what string) {
	if err != nil && (ctx.Err() != nil || errors.Is(err, context.Canceled)) {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if err == nil || isNil(err) {
		b.failures = 0
		if b.open {
			b.open = false
			logger.InfoContext(ctx, "Redis works again", "use", what)
		}
		return
	}
	b.failures++
	if !b.open && b.failures >= breakAfter {
		b.open = true
		b.retry = b.now().Add(breakFor)
		logger.WarnContext(ctx, "Redis does not work, going on without", "use", what, "error", err)
	}
}
