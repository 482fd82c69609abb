package access

import (
	"context"
	"log/slog"
	"time"

	"github.com/otklik/otklik/libs/pause"
)

// What has ended is kept for a while, so that people who wonder why a link does not work can be told, and then forgotten in small batches that keep
// nobody waiting.
const (
	sweepInterval = time.Hour
	sweepAfter    = 30 * 24 * time.Hour
	sweepBatch    = 1000
	sweepPause    = 100 * time.Millisecond
)

// sweeper forgets secrets and invitations that have ended.
type sweeper struct {
	store interface {
		SweepEnded(ctx context.Context, before time.Time, limit int) (int, error)
	}
	now func() time.Time
	log *slog.Logger
}

// run sweeps until ctx ends. A sweep that fails is made up for by the next.
func (s sweeper) run(ctx context.Context) {
	for {
		removed, err := s.sweep(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			s.log.ErrorContext(ctx, "what has ended cannot be swept; trying again in an hour", slog.Int("removed", removed), slog.Any("error", err))
		case removed > 0:
			s.log.InfoContext(ctx, "secrets and invitations that ended long ago were removed", slog.Int("removed", removed))
		}
		if pause.For(ctx, sweepInterval) != nil {
			return
		}
	}
}

// sweep removes all that ended long ago.
func (s sweeper) sweep(ctx context.Context) (removed int, err error) {
	before := s.now().Add(-sweepAfter)
	for {
		n, err := s.store.SweepEnded(ctx, before, sweepBatch)
		if err != nil || n == 0 {
			return removed, err
		}
		removed += n
		if err := pause.For(ctx, sweepPause); err != nil {
			return removed, err
		}
	}
}
