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

// TestDetachedPartition: the responses of an old month are taken away while others are stored and read. They are not listed any more, nor can they
// come in again; scores go on counting them until a rebuild.
func TestDetachedPartition(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	dsn := migrated(t)
	s := opened(t, dsn)
	if err := s.Partition(ctx, partitions); err != nil {
		t.Fatal(err)
	}
	january := time.Date(2026, 1, 10, 0, 0, 0, 0, time.UTC)
	makePartitions(t, dsn, january)
	old := []store.Record{record(1, january), record(2, january.AddDate(0, 0, 3))}
	// The last one has no partition of its own.
	young := []store.Record{record(3, january.AddDate(0, 1, 0)), record(4, january.AddDate(0, 2, 0)), record(5, january.AddDate(9, 0, 0))}
	apply(t, s, batch(0, 0, append(slices.Clone(old), young...)...))

	stop := make(chan struct{})
	var busy sync.WaitGroup
	written := 0
	busy.Go(func() {
		for ; ; written++ {
			select {
			case <-stop:
				return
			default:
			}
			if err := s.Apply(ctx, batch(1, int64(written), record(int64(6+written), january.AddDate(0, 1, 5)))); err != nil {
				t.Errorf("apply meanwhile: %v", err)
				return
			}
		}
	})
	busy.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			n := 0
			if err := s.Facts(ctx, live(), "shop", func(int64, *fact.Fact) error { n++; return nil }); err != nil || n < len(young) {
				t.Errorf("%d facts meanwhile, %v", n, err)
				return
			}
		}
	})
	time.Sleep(100 * time.Millisecond)
	pgtest.Exec(t, dsn, `ALTER TABLE scoring.facts DETACH PARTITION scoring.facts_p2026_01`)
	time.Sleep(100 * time.Millisecond)
	close(stop)
	busy.Wait()

	want := upTo(5 + written)[len(old):]
	if got := positions(t, s, live()); !slices.Equal(got, want) {
		t.Errorf("facts at %v, want %v", got, want)
	}
	if n := responses(t, s); n != int64(5+written) {
		t.Errorf("the scores count %d responses, want %d", n, 5+written)
	}
	again := old[1]
	again.Position = 99999
	if err := s.Apply(ctx, batch(2, 0, again)); !errors.Is(err, store.ErrDuplicate) {
		t.Errorf("an old response again: %v, want ErrDuplicate", err)
	}
	rebuildWithout(t, s, want)
	if got := positions(t, s, live()); !slices.Equal(got, want) {
		t.Errorf("facts after a rebuild at %v, want %v", got, want)
	}
	if n := responses(t, s); n != int64(len(want)) {
		t.Errorf("the scores count %d responses after a rebuild, want %d", n, len(want))
	}
	for more := true; more; {
		var err error
		if more, err = s.Sweep(ctx, 100); err != nil {
			t.Fatal(err)
		}
	}
}

// rebuildWithout rebuilds the ledger from the responses at positions.
func rebuildWithout(t *testing.T, s store.Store, positions []int64) {
	t.Helper()
	ctx := context.Background()
	r, err := s.StartRebuild(ctx, acme, "me", noon)
	if err != nil {
		t.Fatal(err)
	}
	l := store.Ledger{Organization: acme, Rebuild: r.Number}
	var list []store.Record
	for _, p := range positions {
		list = append(list, record(p, noon))
	}
	apply(t, s, store.Batch{Rebuild: l, To: store.Cursor{Position: 1}, Changes: []store.Changes{changes(l, list...)}})
	if err := s.Hold(ctx, func(ctx context.Context) error {
		_, err := s.FinishRebuild(ctx, l, marks(t, s), 0, noon)
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

// makePartitions makes the partitions of a month and of those ahead.
func makePartitions(t *testing.T, dsn string, month time.Time) {
	t.Helper()
	db, err := pgkit.Open(context.Background(), configOf(dsn), options)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.EnsurePartitions(context.Background(), postgres.Schema(), month); err != nil {
		t.Fatal(err)
	}
}
