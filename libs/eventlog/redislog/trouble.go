package redislog

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/otklik/otklik/libs/rpcerr"
)

// trouble tells people of a failure that lasts without a line for each attempt. Safe for concurrent use.
type trouble struct {
	logger *slog.Logger
	what   string
	// diagnose makes an error clearer.
	diagnose func(error) error

	mu          sync.Mutex
	since, said time.Time
	told        bool
}

// remindEvery is between the lines about a failure that lasts, and the least between the lines about failures that come and go.
const remindEvery = 30 * time.Second

// failed notes a failure.
func (t *trouble) failed(ctx context.Context, err error) {
	if err == nil || ctx.Err() != nil || errors.Is(err, context.Canceled) {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	if t.since.IsZero() {
		t.since = now
	}
	if now.Sub(t.said) < remindEvery {
		return
	}
	t.said, t.told = now, true
	// What has a reason of its own comes from the log or the sink, not from Redis.
	if t.diagnose != nil && rpcerr.Reason(err) == "" {
		err = t.diagnose(err)
	}
	t.logger.WarnContext(ctx, t.what+" failed, trying again", "failing_for", now.Sub(t.since).Round(time.Millisecond).String(), "error", err)
}

// fine notes that it works.
func (t *trouble) fine(ctx context.Context) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.since.IsZero() {
		return
	}
	lasted := time.Since(t.since)
	t.since = time.Time{}
	if t.told {
		t.told = false
		t.logger.InfoContext(ctx, t.what+" works again", "failed_for", lasted.Round(time.Millisecond).String())
	}
}

// report notes how an attempt went.
func (t *trouble) report(ctx context.Context, err error) {
	if err != nil {
		t.failed(ctx, err)
		return
	}
	t.fine(ctx)
}

// diagnoser is what clients may implement to make errors clearer.
type diagnoser interface{ Diagnose(err error) error }

func diagnoseBy(client any) func(error) error {
	if d, ok := client.(diagnoser); ok {
		return d.Diagnose
	}
	return nil
}
