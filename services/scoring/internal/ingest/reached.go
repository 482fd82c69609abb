package ingest

import (
	"context"
	"fmt"
)

// AppliedUpTo tells whether all events of an organisation up to a position are applied to its live ledger. A partition in which nothing happens
// stays where it is, so that the log itself is asked what there is between.
func (a *Applier) AppliedUpTo(ctx context.Context, organization string, position int64) (bool, error) {
	marks, err := a.Store.Marks(ctx)
	if err != nil {
		return false, fmt.Errorf("look for what is applied: %w", err)
	}
	after := position
	for _, c := range marks.Cursors {
		after = min(after, c.Position)
	}
	if after >= position {
		return true, nil
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := a.Log.Of(organization).Open(ctx, after)
	if err != nil {
		return false, fmt.Errorf("look for what is applied: %w", err)
	}
	for {
		batch, err := stream.Recv()
		if err != nil {
			return false, fmt.Errorf("look for what is applied: %w", err)
		}
		for _, e := range batch.Events {
			if e.GetPosition() > position {
				return true, nil
			}
			if marks.Cursors[a.partitionOf(e)].Position < e.GetPosition() {
				return false, nil
			}
		}
		if !batch.AsOf.IsZero() {
			// All that there is was looked at. A log that ends before the position is another one than the caller knows.
			return batch.Head >= position, nil
		}
	}
}
