package api

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"

	"github.com/otklik/otklik/services/scoring/internal/live"

	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
)

// slow is a stream whose reader takes a while for each message.
type slow struct {
	grpc.ServerStream
	ctx   context.Context
	takes time.Duration
	sent  int
}

// SendMsg waits until the reader has taken the message, or the call ends.
func (s *slow) SendMsg(any) error {
	s.sent++
	select {
	case <-time.After(s.takes):
		return nil
	case <-s.ctx.Done():
		return s.ctx.Err()
	}
}

// deliver watches an unchanging query with heartbeats for a reader that takes some time for each message, until the call ends after a while.
func deliver(t *testing.T, takes, patience, lasts time.Duration) (sent int, took time.Duration, err error) {
	t.Helper()
	w, sub := watch(t, func(context.Context, caller, *scoringv1.ScoreQuery) (answer, error) {
		return answer{scores: []*scoringv1.Score{{N: 7}}, watermark: time.Now()}, nil
	})
	defer w.stop()
	defer sub.leave()
	// The stream ends when the handler has returned, the call when the client leaves or the handler does.
	ctx, cancel := context.WithTimeout(context.Background(), lasts)
	defer cancel()
	s := &slow{ctx: ctx, takes: takes}
	d := &delivery{stream: s, subscription: sub, heartbeat: 10 * time.Second, board: live.New()}
	began := time.Now()
	err = d.guard(ctx, patience)
	took = time.Since(began)
	cancel()
	synctest.Wait()
	return s.sent, took, err
}

func TestSlowReadersAreDropped(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name                   string
		takes, patience, lasts time.Duration
		sent                   int
		took                   time.Duration
		err                    error
	}{
		{"never reads", time.Hour, 3 * time.Second, time.Hour, 1, 3 * time.Second, errSlow},
		{"a little too slow", 3*time.Second + time.Millisecond, 3 * time.Second, time.Hour, 1, 3 * time.Second, errSlow},
		// The result, and heartbeats 10 s after the end of what was sent before.
		{"fast enough", 2 * time.Second, 3 * time.Second, 61 * time.Second, 6, 61 * time.Second, context.DeadlineExceeded},
		{"ends while it reads", time.Hour, 3 * time.Second, time.Second, 1, time.Second, context.DeadlineExceeded},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				sent, took, err := deliver(t, c.takes, c.patience, c.lasts)
				if sent != c.sent || took != c.took || !errors.Is(err, c.err) {
					t.Errorf("%d messages, %v after %v; want %d, %v after %v", sent, err, took, c.sent, c.err, c.took)
				}
			})
		})
	}
}
