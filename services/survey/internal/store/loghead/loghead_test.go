package loghead_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/otklik/otklik/libs/testkit"
	"github.com/otklik/otklik/services/survey/internal/store"
	"github.com/otklik/otklik/services/survey/internal/store/loghead"
)

const patience = 10 * time.Second

func TestCommitsWakeReaders(t *testing.T) {
	h := loghead.New()
	defer h.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if err := h.Await(ctx, 0); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
	woken := make(chan error, 3)
	for range cap(woken) {
		go func() { woken <- h.Await(t.Context(), 5) }()
	}
	for _, position := range []int64{3, 5, 4} {
		h.Advance(position)
	}
	select {
	case err := <-woken:
		t.Fatalf("woken too early: %v", err)
	case <-time.After(10 * time.Millisecond):
	}
	h.Advance(6)
	for range cap(woken) {
		select {
		case err := <-woken:
			if err != nil {
				t.Fatal(err)
			}
		case <-time.After(patience):
			t.Fatal("a reader was not woken")
		}
	}
}

func TestChangesOfOthersAreFoundWhileSomebodyWaits(t *testing.T) {
	var position, reads atomic.Int64
	h := loghead.NewShared(func(context.Context) (int64, error) {
		if reads.Add(1)%2 == 0 {
			return 0, errors.New("the database is away")
		}
		return position.Load(), nil
	}, time.Millisecond)
	defer h.Close()
	for round := range int64(3) {
		woken := make(chan error, 2)
		for range cap(woken) {
			go func() { woken <- h.Await(t.Context(), round) }()
		}
		position.Store(round + 1)
		for range cap(woken) {
			select {
			case err := <-woken:
				if err != nil {
					t.Fatal(err)
				}
			case <-time.After(patience):
				t.Fatal("a reader was not woken")
			}
		}
	}
	// Nobody waits: nothing is read.
	testkit.Eventually(t, patience, func() error {
		before := reads.Load()
		time.Sleep(20 * time.Millisecond)
		if n := reads.Load() - before; n > 0 {
			return errors.New("the head is still read")
		}
		return nil
	})
}

func TestCloseEndsReading(t *testing.T) {
	reading := make(chan struct{}, 1)
	h := loghead.NewShared(func(ctx context.Context) (int64, error) {
		reading <- struct{}{}
		<-ctx.Done()
		return 0, ctx.Err()
	}, time.Millisecond)
	woken := make(chan error, 1)
	go func() { woken <- h.Await(t.Context(), 0) }()
	<-reading
	h.Close()
	h.Close()
	if err := <-woken; !errors.Is(err, store.ErrClosed) {
		t.Fatal(err)
	}
	if err := h.Await(t.Context(), 0); !errors.Is(err, store.ErrClosed) {
		t.Fatal(err)
	}
}
