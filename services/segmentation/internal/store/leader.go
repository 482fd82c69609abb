package store

import (
	"context"
	"time"
)

// Leader elects the process that follows other services and does the chores: one at a time of those that share the store.
type Leader interface {
	// Lead makes the holder the leader until a time, unless another one is at the time now. Errors: ErrLost.
	Lead(ctx context.Context, holder string, now, until time.Time) error
	// StepDown gives the lead up if it is the holder's.
	StepDown(ctx context.Context, holder string) error
}
