package eventlog

import (
	"context"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
)

// endTimeout bounds one look at where a log ends.
const endTimeout = 10 * time.Second

// End is where a log ends, looked up once for all who wait for more. Make it with NewEnd. Safe for concurrent use.
type End struct {
	look    func(ctx context.Context) (int64, error)
	age     time.Duration
	flights singleflight.Group

	mu   sync.Mutex
	at   time.Time
	last int64
}

// NewEnd makes an End. look looks where the log ends; what it found holds for age.
func NewEnd(age time.Duration, look func(ctx context.Context) (int64, error)) *End {
	return &End{look: look, age: age}
}

// Get is the position of the last event, as of age ago at most.
func (e *End) Get(ctx context.Context, now time.Time) (int64, error) {
	if last, known := e.known(now); known {
		return last, nil
	}
	shared := e.flights.DoChan("", func() (any, error) {
		// It is for all who wait for it: it does not end with the call of the first.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), endTimeout)
		defer cancel()
		last, err := e.look(ctx)
		if err != nil {
			return int64(0), fmt.Errorf("look where the log ends: %w", err)
		}
		e.mu.Lock()
		defer e.mu.Unlock()
		e.at, e.last = now, last
		return last, nil
	})
	select {
	case <-ctx.Done():
		return 0, ctx.Err()
	case r := <-shared:
		return r.Val.(int64), r.Err
	}
}

// known is the position if it was looked up not long ago.
func (e *End) known(now time.Time) (last int64, known bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	since := now.Sub(e.at)
	return e.last, since >= 0 && since < e.age && !e.at.IsZero()
}
