// Package chore does what a service has to do from time to time, in the one of its processes whose turn it is.
package chore

import (
	"context"
	"log/slog"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/otklik/otklik/libs/pause"
)

// delay is how long after the start chores begin, and how often is looked whether they are this process's, at most.
const delay = time.Minute

// Chore is done from time to time.
type Chore struct {
	// What says for logs what it is, such as "looking for themes".
	What string
	// Every is how often it is done; 0 means never.
	Every time.Duration
	// Do does it. After an error it is done again soon.
	Do func(ctx context.Context) error
}

// Household is where chores are done.
type Household struct {
	// Mine tells whether the chores are this process's.
	Mine func() bool
	Log  *slog.Logger
	Now  func() time.Time
}

// Run does the chores until ctx ends, each apart from the others.
func (h Household) Run(ctx context.Context, chores ...Chore) error {
	work, ctx := errgroup.WithContext(ctx)
	for _, c := range chores {
		if c.Every > 0 {
			work.Go(func() error {
				h.do(ctx, c)
				return nil
			})
		}
	}
	return work.Wait()
}

// do does a chore until ctx ends.
func (h Household) do(ctx context.Context, c Chore) {
	var last time.Time
	for pause.For(ctx, min(delay, c.Every)) == nil {
		if !h.Mine() || h.Now().Sub(last) < c.Every {
			continue
		}
		began := h.Now()
		if err := c.Do(ctx); err != nil {
			if ctx.Err() == nil {
				h.Log.WarnContext(ctx, c.What+" failed; trying again later", slog.Any("error", err))
			}
			continue
		}
		last = began
	}
}
