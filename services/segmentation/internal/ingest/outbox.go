package ingest

import (
	"context"
	"time"

	"github.com/otklik/otklik/services/segmentation/internal/store"
)

const (
	// toldFor is how long is kept what was told: longer than a year, so that whoever reads it for a report of the year finds it.
	toldFor = 400 * 24 * time.Hour
	// toldAtOnce is how many events are looked at in a transaction.
	toldAtOnce = 1000
)

// Told forgets what this service told others long ago.
type Told struct {
	Store store.OutboxSweep
	Now   func() time.Time
}

// Sweep forgets what is old enough and was heard by all who follow it here.
func (t *Told) Sweep(ctx context.Context) error {
	for {
		more, err := t.Store.SweepOutbox(ctx, t.Now().Add(-toldFor), []string{caseLightsFollower, interviewsFollower, recoveryFollower}, toldAtOnce)
		if err != nil || !more {
			return err
		}
	}
}
