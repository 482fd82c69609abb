package api

import (
	"context"
	"errors"
	"testing"
	"time"

	"google.golang.org/grpc"

	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
)

// stuck is a stream whose reader takes one message and then no more.
type stuck struct {
	grpc.ServerStreamingServer[scoringv1.WatchScoresResponse]
	ctx   context.Context
	taken int
}

// Send waits until the call ends, but for the first message.
func (s *stuck) Send(*scoringv1.WatchScoresResponse) error {
	s.taken++
	if s.taken == 1 {
		return nil
	}
	<-s.ctx.Done()
	return s.ctx.Err()
}

func TestSlowReadersAreDropped(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	send := newSender(ctx, &stuck{ctx: ctx}, 20*time.Millisecond)
	if err := send(&scoringv1.WatchScoresResponse{}); err != nil {
		t.Fatal(err)
	}
	if err := send(&scoringv1.WatchScoresResponse{}); !errors.Is(err, errSlow) {
		t.Errorf("a reader that does not read: %v, want %v", err, errSlow)
	}
	// A call that ends is no slow reader.
	patient := newSender(ctx, &stuck{ctx: ctx, taken: 1}, time.Hour)
	time.AfterFunc(time.Millisecond, cancel)
	if err := patient(&scoringv1.WatchScoresResponse{}); !errors.Is(err, context.Canceled) {
		t.Errorf("a call that ends: %v, want context.Canceled", err)
	}
}
