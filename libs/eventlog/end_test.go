package eventlog_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/otklik/otklik/libs/eventlog"
)

// TestWhoWaitsLeavesWhileTheLogHangs: nobody waits longer than he wants to, and who stays is answered by what others asked.
func TestWhoWaitsLeavesWhileTheLogHangs(t *testing.T) {
	t.Parallel()
	let, now := make(chan struct{}), time.Now()
	var asked atomic.Int32
	e := eventlog.NewEnd(time.Second, func(ctx context.Context) (int64, error) {
		asked.Add(1)
		select {
		case <-let:
			return 7, nil
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	})
	first, leave := context.WithCancel(t.Context())
	left, stayed := make(chan error, 1), make(chan int64, 1)
	go func() {
		_, err := e.Get(first, now)
		left <- err
	}()
	for asked.Load() == 0 {
		time.Sleep(time.Millisecond)
	}
	go func() {
		last, err := e.Get(t.Context(), now)
		if err != nil {
			t.Error(err)
		}
		stayed <- last
	}()
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := e.Get(gone, now); !errors.Is(err, context.Canceled) {
		t.Errorf("whoever does not wait: %v", err)
	}
	leave()
	if err := <-left; !errors.Is(err, context.Canceled) {
		t.Errorf("the first: %v", err)
	}
	close(let)
	if last := <-stayed; last != 7 {
		t.Errorf("the log ends at %d", last)
	}
	if last, err := e.Get(t.Context(), now.Add(time.Second/2)); err != nil || last != 7 || asked.Load() != 1 {
		t.Errorf("%d, %v, asked %d times", last, err, asked.Load())
	}
	if last, err := e.Get(t.Context(), now.Add(time.Second)); err != nil || last != 7 || asked.Load() != 2 {
		t.Errorf("what is old is not looked up again: %d, %v, asked %d times", last, err, asked.Load())
	}
}

func TestEndThatCannotBeSeen(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	e := eventlog.NewEnd(time.Second, func(context.Context) (int64, error) { return 3, broken })
	for range 2 {
		if _, err := e.Get(t.Context(), time.Now()); !errors.Is(err, broken) {
			t.Error(err)
		}
	}
}
