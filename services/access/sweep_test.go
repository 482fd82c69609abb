package access

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/otklik/otklik/libs/testkit"
)

// heap is a store in which some things have ended.
type heap struct {
	left   int
	before time.Time
	err    error
}

func (h *heap) SweepEnded(_ context.Context, before time.Time, limit int) (int, error) {
	if h.err != nil {
		return 0, h.err
	}
	n := min(h.left, limit)
	h.left -= n
	h.before = before
	return n, nil
}

func TestSweep(t *testing.T) {
	now := time.Date(2026, 3, 31, 12, 0, 0, 0, time.UTC)
	h := &heap{left: 2*sweepBatch + 1}
	s := sweeper{store: h, now: testkit.NewClock(now).Now, log: slog.New(slog.DiscardHandler)}
	if n, err := s.sweep(t.Context()); err != nil || n != 2*sweepBatch+1 || h.left != 0 || !h.before.Equal(now.AddDate(0, 0, -30)) {
		t.Errorf("%d removed of what ended before %v, %v", n, h.before, err)
	}
	h.err = errors.New("the storage is busy")
	if _, err := s.sweep(t.Context()); !errors.Is(err, h.err) {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s.run(ctx) // ends
}
