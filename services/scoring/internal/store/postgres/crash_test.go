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
	"github.com/otklik/otklik/services/scoring/internal/store"
	"github.com/otklik/otklik/services/scoring/internal/store/postgres"
)

// TestServerBreaks: the server is killed and stopped in the middle of batches. What the cursor tells afterwards is what happened: each response is
// stored and counted once.
func TestServerBreaks(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	server := pgtest.New(t)
	dsn, err := server.NewDatabase(ctx)
	if err == nil {
		err = pgkit.Migrate(ctx, configOf(dsn), options, postgres.Schema())
	}
	if err != nil {
		t.Fatal(err)
	}
	s := opened(t, dsn)
	if err := s.Partition(ctx, partitions); err != nil {
		t.Fatal(err)
	}
	const size = 50
	stop := make(chan struct{})
	var writers sync.WaitGroup
	var written [partitions]int
	for p := range partitions {
		writers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				first := int64(p*1_000_000 + written[p]*size + 1)
				if !persist(t, s, batch(p, int64(written[p]), records(first, size)...)) {
					return
				}
				written[p]++
			}
		})
	}
	for _, breakDown := range []func() error{server.Kill, server.Stop, server.Kill} {
		time.Sleep(500 * time.Millisecond)
		if err := errors.Join(breakDown(), server.Restart(ctx)); err != nil {
			t.Fatal(err)
		}
	}
	time.Sleep(300 * time.Millisecond)
	close(stop)
	writers.Wait()

	var want []int64
	for p, n := range written {
		for i := range int64(n * size) {
			want = append(want, int64(p*1_000_000)+i+1)
		}
	}
	if got := positions(t, s, live()); !slices.Equal(got, want) {
		t.Errorf("%d facts are stored, want %d", len(got), len(want))
	}
	if n := responses(t, s); n != int64(len(want)) {
		t.Errorf("the scores count %d responses, want %d", n, len(want))
	}
	t.Logf("%d batches", len(want)/size)
}

// persist applies a batch until it is stored, through a server that comes and goes.
func persist(t *testing.T, s store.Store, b store.Batch) bool {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	for {
		err := s.Apply(ctx, b)
		if err == nil {
			return true
		}
		if !errors.Is(err, pgkit.ErrUnavailable) && !errors.Is(err, store.ErrConflict) {
			t.Errorf("apply: %v, want an error that tells to try again", err)
			return false
		}
		m, err := s.Marks(ctx)
		for ; err != nil && ctx.Err() == nil; m, err = s.Marks(ctx) {
			time.Sleep(20 * time.Millisecond)
		}
		if err != nil {
			t.Errorf("marks: %v", err)
			return false
		}
		switch m.Cursors[b.Partition].Version {
		case b.From.Version:
		case b.From.Version + 1:
			return true
		default:
			t.Errorf("the cursor is at %d after a batch from %d", m.Cursors[b.Partition].Version, b.From.Version)
			return false
		}
	}
}

// TestFollowAfterACrash: what was kept for followers is lost with the server, which they are told.
func TestFollowAfterACrash(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	server := pgtest.New(t)
	dsn, err := server.NewDatabase(ctx)
	if err == nil {
		err = pgkit.Migrate(ctx, configOf(dsn), options, postgres.Schema())
	}
	if err != nil {
		t.Fatal(err)
	}
	s := opened(t, dsn)
	if err := s.Partition(ctx, partitions); err != nil {
		t.Fatal(err)
	}
	before := marks(t, s)
	apply(t, s, batch(0, 0, records(1, 3)...))
	if deltas, _, err := s.Follow(ctx, before); err != nil || len(deltas) != 1 {
		t.Errorf("%d deltas, %v", len(deltas), err)
	}
	if err := errors.Join(server.Kill(), server.Restart(ctx)); err != nil {
		t.Fatal(err)
	}
	for s.Ping(ctx) != nil {
		time.Sleep(20 * time.Millisecond)
	}
	if _, _, err := s.Follow(ctx, before); !errors.Is(err, store.ErrBehind) {
		t.Errorf("%v, want ErrBehind", err)
	}
	since := marks(t, s)
	apply(t, s, batch(0, 1, records(4, 3)...))
	if deltas, _, err := s.Follow(ctx, since); err != nil || len(deltas) != 1 || deltas[0].Version != 2 {
		t.Errorf("%+v, %v", deltas, err)
	}
}
