package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/otklik/otklik/services/scoring/internal/store"
)

func partitionsAreFixed(t *testing.T, open Open) {
	ctx := context.Background()
	s := openWithout(t, open)
	before := time.Now().Add(-time.Hour)
	divide(t, s)
	m := marks(t, s)
	if m.Epoch < before.UnixMicro() {
		t.Errorf("the epoch begins with %d: that is not the store's own", m.Epoch)
	}
	wantEqual(t, "cursors", m.Cursors, make([]store.Cursor, partitions))
	// The same number again changes nothing, another one is refused.
	divide(t, s)
	applyIn(t, s, 1, 5)
	divide(t, s)
	for _, count := range []int{1, partitions - 1, partitions + 1} {
		if err := s.Partition(ctx, count); !errors.Is(err, store.ErrPartitions) {
			t.Errorf("%d partitions: %v, want ErrPartitions", count, err)
		}
	}
	after := marks(t, s)
	if after.Epoch != m.Epoch || after.Cursors[1].Position != 5 {
		t.Errorf("marks %+v, before %+v", after, m)
	}
}

func partitionsApart(t *testing.T, open Open) {
	ctx := context.Background()
	s := opened(t, open)
	applyIn(t, s, 1, 4, changes(live(acme), facts("shop", 3, 2)...))
	// Another partition is behind, and counts from its own version.
	applyIn(t, s, 0, 2, changes(live(acme), facts("shop", 1, 2)...))
	applyIn(t, s, 1, 9)
	wantEqual(t, "cursors", marks(t, s).Cursors, []store.Cursor{{Position: 2, Version: 1}, {Position: 9, Version: 2}, {}})
	stale := store.Batch{Partition: 1, From: store.Cursor{Version: 1}, To: store.Cursor{Position: 10}}
	if err := s.Apply(ctx, stale); !errors.Is(err, store.ErrConflict) {
		t.Errorf("a batch of a version before: %v, want ErrConflict", err)
	}
	for _, unknown := range []int{-1, partitions} {
		if err := s.Apply(ctx, store.Batch{Partition: unknown, To: store.Cursor{Position: 1}}); err == nil {
			t.Errorf("a batch of partition %d was stored", unknown)
		}
	}
	// What is stored through one partition is known to all.
	again := store.Batch{Partition: 2, To: store.Cursor{Position: 12}, Changes: []store.Changes{changes(live(acme), facts("shop", 3, 1)...)}}
	again.Changes[0].Records[0].Position = 12
	if err := s.Apply(ctx, again); !errors.Is(err, store.ErrDuplicate) {
		t.Errorf("a record of another partition: %v, want ErrDuplicate", err)
	}
	wantEqual(t, "facts", readFacts(t, s, live(acme), "shop"), facts("shop", 1, 4))
	wantCells(t, "cells", counted(t, s, acme), recount(facts("shop", 1, 4)...))
}

// values are the store and, when others may write to it, a second one over the same records.
func values(t testing.TB, open Open) []store.Store {
	t.Helper()
	s := opened(t, open)
	if !s.Shared() {
		return []store.Store{s, s}
	}
	return []store.Store{s, opened(t, open)}
}

// written is what one writer stores: chains of batches of one partition, each with records of two organisations.
const writtenBatches, writtenRecords = 20, 3

// write stores the chain of a partition, of which others may store parts.
func write(s store.Store, partition int) error {
	ctx := context.Background()
	for {
		m, err := s.Marks(ctx)
		if err != nil {
			return err
		}
		c := m.Cursors[partition]
		// Positions of partitions are interleaved, as those of a log.
		step := int(c.Position) / partitions
		if step >= writtenBatches {
			return nil
		}
		err = s.Apply(ctx, store.Batch{
			Partition: partition, From: c, To: store.Cursor{Position: int64((step + 1) * partitions), AsOf: noon}, Changes: writtenChanges(partition, step),
		})
		if err != nil && !errors.Is(err, store.ErrConflict) {
			return err
		}
	}
}

func writtenChanges(partition, step int) []store.Changes {
	var all []store.Changes
	for i, org := range []string{acme, globex} {
		first := ((step*partitions+partition)*2+i)*writtenRecords + 1
		all = append(all, changes(live(org), facts("shop", first, writtenRecords)...))
	}
	return all
}

// allWritten are the records of an organisation when all chains are stored.
func allWritten(org string) []store.Record {
	var all []store.Record
	for step := range writtenBatches {
		for partition := range partitions {
			for _, c := range writtenChanges(partition, step) {
				if c.Ledger.Organization == org {
					all = append(all, c.Records...)
				}
			}
		}
	}
	return all
}

// writersSideBySide stores the batches of all partitions at once, those of each through two writers that compete.
func writersSideBySide(t *testing.T, open Open) {
	both := values(t, open)
	var writers sync.WaitGroup
	for i := range 2 * partitions {
		writers.Go(func() {
			if err := write(both[i/partitions], i%partitions); err != nil {
				t.Errorf("write: %v", err)
			}
		})
	}
	writers.Wait()
	for i, s := range both {
		for _, org := range []string{acme, globex} {
			what := fmt.Sprintf("%s through store %d", org, i+1)
			wantEqual(t, "facts of "+what, readFacts(t, s, live(org), "shop"), allWritten(org))
			wantCells(t, "cells of "+what, counted(t, s, org), recount(allWritten(org)...))
		}
		for p, c := range marks(t, s).Cursors {
			wantEqual(t, fmt.Sprint("cursor of partition ", p), c, store.Cursor{Position: writtenBatches * partitions, AsOf: noon, Version: writtenBatches})
		}
	}
}
