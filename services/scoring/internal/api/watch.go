package api

import (
	"context"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/rpcerr"

	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
)

// WatchOptions say how live scores are sent.
type WatchOptions struct {
	// Interval is the shortest time between two results of a query.
	Interval time.Duration
	// Heartbeat is the silence after which a heartbeat is sent.
	Heartbeat time.Duration
	// Patience is how long a reader may take for one message before it is dropped.
	Patience time.Duration
}

// streamRetryAfter is the advice to readers of a stream that was ended.
const streamRetryAfter = time.Second

var (
	// errStopped refuses streams when nothing is evaluated any more. Those that are open by then were ended by the server.
	errStopped = rpcerr.New(codes.Unavailable, rpcerr.ReasonShuttingDown, "the server is stopping: open the stream again",
		rpcerr.WithRetryAfter(streamRetryAfter))
	// errCostly ends the streams of a query that takes too long to answer.
	errCostly = rpcerr.New(codes.DeadlineExceeded, "DEADLINE_EXCEEDED",
		"the query takes too long to be watched: ask for a shorter period, a coarser grain, or one value of the key")
	// errSlow ends the stream of a reader that does not read.
	errSlow = refuse(codes.ResourceExhausted, scoringv1.ErrorReason_ERROR_REASON_STREAM_INTERRUPTED,
		"the reader was too slow: open the stream again and read faster", rpcerr.WithRetryAfter(streamRetryAfter))
)

// WatchScores sends the result of a query at once and whenever it has changed.
func (s *Server) WatchScores(req *scoringv1.WatchScoresRequest, stream grpc.ServerStreamingServer[scoringv1.WatchScoresResponse]) error {
	ctx, cancel := context.WithCancel(stream.Context())
	defer cancel()
	c, err := callerOf(ctx)
	if err != nil {
		return err
	}
	sub, err := s.watchers.join(c, req.GetQuery())
	if err != nil {
		return err
	}
	defer sub.leave()
	send := newSender(ctx, stream, s.Watch.Patience)
	heartbeat := time.NewTimer(s.Watch.Heartbeat)
	defer heartbeat.Stop()
	for {
		next := sub.changed()
		if result, ok := sub.news(); ok {
			if result.err != nil {
				return result.err
			}
			if err := send(&scoringv1.WatchScoresResponse{Scores: result.scores, Watermark: momentToProto(result.watermark)}); err != nil {
				return err
			}
			heartbeat.Reset(s.Watch.Heartbeat)
		}
		select {
		case <-next:
		case <-heartbeat.C:
			if err := send(&scoringv1.WatchScoresResponse{Heartbeat: true, Watermark: momentToProto(s.Board.Watermark())}); err != nil {
				return err
			}
			heartbeat.Reset(s.Watch.Heartbeat)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// newSender returns a function that sends a message and gives up on a reader that does not take it in time. The message is sent by another
// goroutine, since a stream that blocks can only be left, not interrupted: it ends with the call.
func newSender(ctx context.Context, stream grpc.ServerStreamingServer[scoringv1.WatchScoresResponse], patience time.Duration) func(*scoringv1.WatchScoresResponse) error {
	messages := make(chan *scoringv1.WatchScoresResponse)
	sent := make(chan error, 1)
	go func() {
		for {
			select {
			case m := <-messages:
				err := stream.Send(m)
				sent <- err
				if err != nil {
					return
				}
			case <-ctx.Done():
				return
			}
		}
	}()
	return func(m *scoringv1.WatchScoresResponse) error {
		timer := time.NewTimer(patience)
		defer timer.Stop()
		select {
		case messages <- m:
		case <-ctx.Done():
			return ctx.Err()
		}
		select {
		case err := <-sent:
			return err
		case <-timer.C:
			return errSlow
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
