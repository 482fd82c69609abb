package api

import (
	"context"
	"fmt"
	"math"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/otklik/otklik/services/scoring/internal/store"
)

// alertEndTimeout bounds one look at where the events of alerts end.
const alertEndTimeout = 10 * time.Second

// alertEnd is where the events of alerts end, looked up once for all who watch.
type alertEnd struct {
	flights singleflight.Group

	mu   sync.Mutex
	at   time.Time
	last int64
}

// get is the position of the last event, as of alertPause ago at most.
func (e *alertEnd) get(ctx context.Context, alerts store.Alerts, now time.Time) (int64, error) {
	if last, known := e.known(now); known {
		return last, nil
	}
	shared := e.flights.DoChan("", func() (any, error) {
		// It is for all who wait for it: it does not end with the call of the first.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), alertEndTimeout)
		defer cancel()
		_, head, err := alerts.AlertEvents(ctx, "", math.MaxInt64, 1)
		if err != nil {
			return int64(0), fmt.Errorf("look where the events of alerts end: %w", err)
		}
		e.mu.Lock()
		defer e.mu.Unlock()
		e.at, e.last = now, head.Last
		return head.Last, nil
	})
	select {
	case <-ctx.Done():
		return 0, ctx.Err()
	case r := <-shared:
		return r.Val.(int64), r.Err
	}
}

// known is the position if it was looked up not long ago.
func (e *alertEnd) known(now time.Time) (last int64, known bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	since := now.Sub(e.at)
	return e.last, since >= 0 && since < alertPause && !e.at.IsZero()
}
