package storetest

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/otklik/otklik/services/scoring/internal/store"
)

// blocked is how long the suite looks whether something happens that must not.
const blocked = 100 * time.Millisecond

// holdKeepsBatchesOut finishes a rebuild while a batch of another writer waits.
func holdKeepsBatchesOut(t *testing.T, open Open) {
	ctx := context.Background()
	both := values(t, open)
	holder, writer := both[0], both[1]
	applyIn(t, holder, 0, 5, changes(live(acme), facts("shop", 1, 5)...))
	_, l := start(t, holder, acme)
	applied := make(chan error, 1)
	err := holder.Hold(ctx, func(ctx context.Context) error {
		at := marks(t, holder)
		go func() {
			applied <- writer.Apply(context.Background(), store.Batch{
				Partition: 1, From: at.Cursors[1], To: store.Cursor{Position: 7}, Changes: []store.Changes{changes(live(acme), facts("shop", 7, 1)...)},
			})
		}()
		select {
		case err := <-applied:
			t.Errorf("a batch did not wait: %v", err)
			applied <- err
		case <-time.After(blocked):
		}
		wantEqual(t, "marks", marks(t, holder), at)
		if err := applyTo(holder, l, 0, 4, changes(l, facts("shop", 1, 4)...)); err != nil {
			return err
		}
		_, err := holder.FinishRebuild(ctx, l, at, 0, noon)
		return err
	})
	if err != nil {
		t.Fatalf("hold: %v", err)
	}
	// The batch was made for the ledger that is no more.
	if err := <-applied; !errors.Is(err, store.ErrConflict) {
		t.Errorf("the batch that waited: %v, want ErrConflict", err)
	}
	applyIn(t, writer, 1, 7, changes(live(acme), facts("shop", 7, 1)...))
	wantCells(t, "cells", counted(t, writer, acme), recount(append(facts("shop", 1, 4), facts("shop", 7, 1)...)...))
}

// holdGivesWay holds without an effect: batches that waited are stored; those whose callers go need not be, but their callers do not wait.
func holdGivesWay(t *testing.T, open Open) {
	both := values(t, open)
	enough := errors.New("enough")
	gone, cancel := context.WithCancel(context.Background())
	applied, left := make(chan error, 1), make(chan error, 1)
	err := both[0].Hold(context.Background(), func(context.Context) error {
		go func() {
			left <- both[1].Apply(gone, store.Batch{Partition: 1, To: store.Cursor{Position: 3}})
		}()
		go func() {
			applied <- both[1].Apply(context.Background(), store.Batch{
				To: store.Cursor{Position: 2}, Changes: []store.Changes{changes(live(acme), facts("shop", 1, 2)...)},
			})
		}()
		time.AfterFunc(blocked/2, cancel)
		if err := <-left; !errors.Is(err, context.Canceled) {
			t.Errorf("a batch whose caller has gone: %v, want context.Canceled", err)
		}
		return enough
	})
	if !errors.Is(err, enough) {
		t.Errorf("hold: %v, want the error of the function", err)
	}
	if err := <-applied; err != nil {
		t.Errorf("the batch that waited: %v", err)
	}
	after := marks(t, both[0]).Cursors
	wantEqual(t, "cursor of the batch that waited", after[0], store.Cursor{Position: 2, Version: 1})
	// A server that learns too late that nobody waits any more may have stored the batch: that is what the cursor tells.
	if gone := after[1]; gone != (store.Cursor{}) && gone != (store.Cursor{Position: 3, Version: 1}) {
		t.Errorf("cursor of the batch whose caller has gone: %+v", gone)
	}
}

func holdersTakeTurns(t *testing.T, open Open) {
	both := values(t, open)
	var inside, most atomic.Int64
	var holders, writers sync.WaitGroup
	for i := range 6 {
		holders.Go(func() {
			err := both[i%2].Hold(context.Background(), func(ctx context.Context) error {
				if n := inside.Add(1); n > most.Load() {
					most.Store(n)
				}
				defer inside.Add(-1)
				before, err := both[i%2].Marks(ctx)
				if err != nil {
					return err
				}
				if after := marks(t, both[(i+1)%2]); !after.Same(before) {
					t.Errorf("marks moved from %+v to %+v", before, after)
				}
				return nil
			})
			if err != nil {
				t.Errorf("hold: %v", err)
			}
		})
	}
	for p := range partitions {
		writers.Go(func() {
			if err := write(both[p%2], p); err != nil {
				t.Errorf("write: %v", err)
			}
		})
	}
	holders.Wait()
	writers.Wait()
	if most.Load() != 1 {
		t.Errorf("%d held at once", most.Load())
	}
	wantCells(t, "cells", counted(t, both[0], acme), recount(allWritten(acme)...))
}
