package postgres_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/otklik/otklik/libs/pgkit"
	"github.com/otklik/otklik/libs/testkit/pgtest"
	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/store"
	"github.com/otklik/otklik/services/scoring/internal/store/postgres"
)

// TestChunksAreMerged: two processes add many chunks to one span, through all partitions; few are left.
func TestChunksAreMerged(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	dsn := migrated(t)
	stores := []*postgres.Store{opened(t, dsn), opened(t, dsn)}
	if err := stores[0].Partition(ctx, partitions); err != nil {
		t.Fatal(err)
	}
	const batches = 150
	var writers sync.WaitGroup
	for p := range partitions {
		writers.Go(func() {
			for i := range batches {
				r := record(int64(p*batches+i+1), noon)
				if err := stores[p%2].Apply(ctx, batch(p, int64(i), r)); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	writers.Wait()
	if n := responses(t, stores[0]); n != partitions*batches {
		t.Errorf("the scores count %d responses, want %d", n, partitions*batches)
	}
	// Each level has fewer than fanout chunks, and what two processes and a merge in progress leave.
	if n := count(t, dsn, `SELECT count(*) FROM scoring.cells`); n > 60 {
		t.Errorf("%d chunks are left of %d", n, partitions*batches)
	}
}

// TestNothingIsLeftAfterClear: sweeping removes every row of what was cleared.
func TestNothingIsLeftAfterClear(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	dsn := migrated(t)
	s := opened(t, dsn)
	if err := s.Partition(ctx, partitions); err != nil {
		t.Fatal(err)
	}
	full := batch(0, 0, records(1, 40)...)
	full.Changes[0].Records[0].Fact.Respondent = "somebody"
	full.Changes[0].Records = append(full.Changes[0].Records, store.Record{Position: 41, Refusal: &fact.Refusal{
		ID: "x", Survey: "shop", Population: fact.Customer, Kind: fact.Refused, CountTime: noon, ReceiveTime: noon,
	}})
	full.Changes[0].Outcomes = map[store.Invitation]fact.Outcome{{Survey: "shop", ID: "i"}: {Answered: true}}
	full.Changes[0].Aside = []store.SetAside{{Organization: acme, Position: 42, Reason: "odd", Time: noon}}
	apply(t, s, full)
	r, err := s.StartRebuild(ctx, acme, "me", noon)
	if err != nil {
		t.Fatal(err)
	}
	l := store.Ledger{Organization: acme, Rebuild: r.Number}
	apply(t, s, store.Batch{Rebuild: l, To: store.Cursor{Position: 1}, Changes: []store.Changes{changes(l, records(1, 20)...)}})
	if err := s.Clear(ctx, marks(t, s).Epoch, "another log", noon); err != nil {
		t.Fatal(err)
	}
	if got := positions(t, s, l); len(got) > 0 {
		t.Errorf("facts of the rebuild that was running at %v", got)
	}
	// What is stored after it stays.
	apply(t, s, batch(0, 2, records(1, 5)...))
	for more := true; more; {
		if more, err = s.Sweep(ctx, 7); err != nil {
			t.Fatal(err)
		}
	}
	for table, want := range map[string]int{
		"facts": 5, "identifiers": 5, "cells": 1, "refusals": 0, "outcomes": 0, "respondents": 0, "aside": 0, "unused": 0, "deltas": 1,
	} {
		if n := count(t, dsn, `SELECT count(*) FROM scoring.`+table); n != want {
			t.Errorf("%d rows in %s, want %d", n, table, want)
		}
	}
}

// TestOldDeltasAreRemoved: whoever is minutes behind is told so, others follow.
func TestOldDeltasAreRemoved(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	dsn := migrated(t)
	first := opened(t, dsn)
	if err := first.Partition(ctx, partitions); err != nil {
		t.Fatal(err)
	}
	start := marks(t, first)
	apply(t, first, batch(0, 0, records(1, 3)...))
	pgtest.Exec(t, dsn, `UPDATE scoring.deltas SET stored = stored - interval '1 hour'`)
	later := marks(t, first)
	// A process removes them now and then, at first with its first batch.
	second := opened(t, dsn)
	apply(t, second, batch(0, 1, records(4, 3)...))
	if n := count(t, dsn, `SELECT count(*) FROM scoring.deltas`); n != 1 {
		t.Errorf("%d deltas are kept, want 1", n)
	}
	if _, _, err := first.Follow(ctx, start); !errors.Is(err, store.ErrBehind) {
		t.Errorf("follow from the start: %v, want ErrBehind", err)
	}
	if deltas, _, err := first.Follow(ctx, later); err != nil || len(deltas) != 1 {
		t.Errorf("%d deltas, %v", len(deltas), err)
	}
}

// TestReadersLeaveConnections: however many read slowly, batches are stored.
func TestReadersLeaveConnections(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	config := configOf(migrated(t))
	config.MaxConnections = 4
	db, err := pgkit.Open(ctx, config, options)
	if err != nil {
		t.Fatal(err)
	}
	s, err := postgres.Open(ctx, db, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Partition(ctx, partitions); err != nil {
		t.Fatal(err)
	}
	apply(t, s, batch(0, 0, records(1, 3)...))
	release := make(chan struct{})
	var readers sync.WaitGroup
	for range 8 {
		readers.Go(func() {
			if err := s.Facts(ctx, live(), "shop", func(int64, *fact.Fact) error { <-release; return nil }); err != nil {
				t.Errorf("facts: %v", err)
			}
		})
	}
	time.Sleep(100 * time.Millisecond)
	impatient, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if err := s.Apply(impatient, batch(0, 1, records(4, 3)...)); err != nil {
		t.Errorf("apply beside slow readers: %v", err)
	}
	close(release)
	readers.Wait()
}

// TestLedgerThatAnotherProcessReplaced: what a process remembers of ledgers does not mislead it.
func TestLedgerThatAnotherProcessReplaced(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	dsn := migrated(t)
	mine, other := opened(t, dsn), opened(t, dsn)
	if err := mine.Partition(ctx, partitions); err != nil {
		t.Fatal(err)
	}
	apply(t, mine, batch(0, 0, records(1, 3)...))
	rebuildWithout(t, other, []int64{2, 3})
	apply(t, mine, batch(0, 2, records(4, 2)...))
	if got, want := positions(t, other, live()), []int64{2, 3, 4, 5}; !slices.Equal(got, want) {
		t.Errorf("facts at %v, want %v", got, want)
	}
	if n := responses(t, other); n != 4 {
		t.Errorf("the scores count %d responses, want 4", n)
	}
}
