package postgres

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/otklik/otklik/libs/testkit/pgtest"
	"github.com/otklik/otklik/services/comment/internal/store"
	"github.com/otklik/otklik/services/comment/internal/store/storetest"
)

const (
	responses = 20
	rounds    = 8
)

// ref names a comment that every response made has.
func ref(response int) store.Ref {
	return store.Ref{Organization: "acme", Survey: "visits", Response: fmt.Sprintf("r%02d", response), ID: "q0"}
}

// follow applies batches as the one who reads the change log does.
func follow(ctx context.Context, s *Store) error {
	r := rand.New(rand.NewPCG(3, 4))
	for position := int64(0); position < responses*rounds; position += responses {
		batch := store.Batch{From: position, To: position + responses}
		for i := range responses {
			batch.Responses = append(batch.Responses, storetest.Response(r, "acme", "visits", ref(i).Response, position+int64(i)+1))
		}
		if err := s.ApplyEvents(ctx, "follower", batch); err != nil {
			return err
		}
	}
	return nil
}

// correct corrects comments as people do.
func correct(ctx context.Context, s *Store, seed uint64) error {
	r := rand.New(rand.NewPCG(seed, 6))
	for range 4 * rounds {
		_, err := s.Correct(ctx, ref(r.IntN(responses)), nil, store.Correction{Sentiment: store.Sentiment(1 + r.IntN(4)), CreateTime: time.Now()})
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
	}
	return nil
}

// TestOutboxOfSeveralStores reads the outbox while several stores over the same data write: who goes on after the last position misses nothing.
func TestOutboxOfSeveralStores(t *testing.T) {
	config := migratedSchema(t, pgtest.Database(t), "comment")
	follower, one, two, reader := opened(t, config), opened(t, config), opened(t, config), opened(t, config)
	ctx := t.Context()
	if _, err := follower.HoldFeed(ctx, "follower", time.Now(), time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	var writers sync.WaitGroup
	for _, write := range []func() error{
		func() error { return follow(ctx, follower) }, func() error { return correct(ctx, one, 1) }, func() error { return correct(ctx, two, 2) },
	} {
		writers.Go(func() {
			if err := write(); err != nil {
				t.Error(err)
			}
		})
	}
	done := make(chan struct{})
	go func() {
		writers.Wait()
		close(done)
	}()
	last := map[string]store.Event{}
	var after int64
	for ended := false; ; {
		events, head, err := reader.OutboxEvents(ctx, "", after, 7)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range events {
			if e.Position <= after || e.Position > head.Last {
				t.Fatalf("position %d after %d with head %d", e.Position, after, head.Last)
			}
			last[e.Response], after = e, e.Position
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
	events, _, err := reader.OutboxEvents(ctx, "", 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	if len(events) != responses {
		t.Fatalf("%d events, want %d", len(events), responses)
	}
	for _, e := range events {
		if last[e.Response].Position != e.Position {
			t.Errorf("%s: position %d was added after a greater one was read", e.Response, e.Position)
		}
	}
}

// TestOneFollowsOfSeveralStores lets several stores ask for the feed at once.
func TestOneFollowsOfSeveralStores(t *testing.T) {
	config := migratedSchema(t, pgtest.Database(t), "comment")
	var asking sync.WaitGroup
	var mu sync.Mutex
	held := 0
	for i := range 3 {
		s := opened(t, config)
		for j := range 4 {
			asking.Go(func() {
				_, err := s.HoldFeed(t.Context(), fmt.Sprintf("%d-%d", i, j), time.Now(), time.Now().Add(time.Hour))
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					held++
				} else if !errors.Is(err, store.ErrLost) {
					t.Error(err)
				}
			})
		}
	}
	asking.Wait()
	if held != 1 {
		t.Fatalf("%d hold the feed", held)
	}
}
