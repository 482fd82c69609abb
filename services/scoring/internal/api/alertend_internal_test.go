package api

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/otklik/otklik/services/scoring/internal/store"
)

// slowAlerts answer when they are let.
type slowAlerts struct {
	store.Alerts
	let   chan struct{}
	asked atomic.Int32
}

// AlertEvents implements store.Alerts.
func (s *slowAlerts) AlertEvents(ctx context.Context, _ string, _ int64, _ int) ([]store.AlertEvent, store.AlertHead, error) {
	s.asked.Add(1)
	select {
	case <-s.let:
		return nil, store.AlertHead{Last: 7}, nil
	case <-ctx.Done():
		return nil, store.AlertHead{}, ctx.Err()
	}
}

// TestWatchersOfAlertsLeaveWhileTheStoreHangs: nobody waits longer than he wants to, and who stays is answered by what others asked.
func TestWatchersOfAlertsLeaveWhileTheStoreHangs(t *testing.T) {
	t.Parallel()
	s := &slowAlerts{let: make(chan struct{})}
	var e alertEnd
	now := time.Now()
	first, leave := context.WithCancel(t.Context())
	left, stayed := make(chan error, 1), make(chan int64, 1)
	go func() {
		_, err := e.get(first, s, now)
		left <- err
	}()
	for s.asked.Load() == 0 {
		time.Sleep(time.Millisecond)
	}
	go func() {
		last, err := e.get(t.Context(), s, now)
		if err != nil {
			t.Error(err)
		}
		stayed <- last
	}()
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := e.get(gone, s, now); !errors.Is(err, context.Canceled) {
		t.Errorf("whoever does not wait: %v", err)
	}
	leave()
	if err := <-left; !errors.Is(err, context.Canceled) {
		t.Errorf("the first: %v", err)
	}
	close(s.let)
	if last := <-stayed; last != 7 {
		t.Errorf("the events end at %d", last)
	}
	if last, err := e.get(t.Context(), s, now.Add(alertPause/2)); err != nil || last != 7 || s.asked.Load() != 1 {
		t.Errorf("%d, %v, asked %d times", last, err, s.asked.Load())
	}
}
