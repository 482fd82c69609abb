package relational

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/otklik/otklik/libs/pgkit"
	"github.com/otklik/otklik/libs/relational/postgres"
	"github.com/otklik/otklik/libs/testkit/pgtest"
	"github.com/otklik/otklik/services/segmentation/internal/store"
)

// several opens stores over the same data.
func several(t *testing.T, n int) []*Store {
	t.Helper()
	config, schema, o := pgkit.DefaultConfig("segmentation"), pgkit.Schema{Migrations: os.DirFS("../postgres/migrations")}, pgkit.Options{Component: "segmentation"}
	config.DSN = pgtest.Database(t)
	if err := pgkit.Migrate(t.Context(), config, o, schema); err != nil {
		t.Fatal(err)
	}
	out := make([]*Store, n)
	for i := range out {
		db, err := postgres.Open(t.Context(), config, o, schema)
		if err != nil {
			t.Fatal(err)
		}
		out[i] = New(db)
		t.Cleanup(func() {
			if err := out[i].Close(); err != nil {
				t.Error(err)
			}
		})
	}
	return out
}

// TestOutboxOfSeveralStores reads the outbox while several stores over the same data write: who goes on after the last position misses nothing.
func TestOutboxOfSeveralStores(t *testing.T) {
	t.Parallel()
	const writes, atOnce = 30, 3
	stores, ctx := several(t, 4), t.Context()
	reader, writers := stores[0], stores[1:]
	var work sync.WaitGroup
	for i, s := range writers {
		work.Go(func() {
			for n := range writes {
				err := s.write(ctx, "test", func(ctx context.Context, w *writing) (err error) {
					for k := range atOnce {
						err = errors.Join(err, w.tell(ctx, "acme", event(fmt.Sprintf("cases/%d-%d-%d", i, n, k), "", nil)))
					}
					return err
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	done := make(chan struct{})
	go func() {
		work.Wait()
		close(done)
	}()
	seen := map[string]bool{}
	var after int64
	for ended := false; ; {
		events, head, err := reader.OutboxEvents(ctx, "", after, 7)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range events {
			if e.Position <= after || e.Position > head.Last || seen[e.Resource] {
				t.Fatalf("%s at %d after %d with head %d", e.Resource, e.Position, after, head.Last)
			}
			seen[e.Resource], after = true, e.Position
		}
		if len(events) > 0 {
			continue
		}
		if ended {
			break
		}
		select {
		case <-done:
			ended = true
		default:
		}
	}
	if want := len(writers) * writes * atOnce; len(seen) != want || after != int64(want) {
		t.Errorf("%d events were read up to %d, want %d", len(seen), after, want)
	}
}

// TestOneLeadsOfSeveralStores lets several stores ask for the lead, and move the same follower, at once.
func TestOneLeadsOfSeveralStores(t *testing.T) {
	t.Parallel()
	var work sync.WaitGroup
	var mu sync.Mutex
	leads, moved := 0, 0
	count := func(n *int, err error) {
		mu.Lock()
		defer mu.Unlock()
		if err == nil {
			*n++
		} else if !errors.Is(err, store.ErrLost) {
			t.Error(err)
		}
	}
	for i, s := range several(t, 3) {
		for j := range 4 {
			work.Go(func() { count(&leads, s.Lead(t.Context(), fmt.Sprintf("%d-%d", i, j), noon, noon.Add(time.Hour))) })
			work.Go(func() { count(&moved, s.MoveFollower(t.Context(), "lights", 0, 5)) })
		}
	}
	work.Wait()
	if leads != 1 || moved != 1 {
		t.Errorf("%d lead, and %d moved the follower", leads, moved)
	}
}
