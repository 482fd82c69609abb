package api

import (
	"context"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/services/scoring/internal/live"

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
	sub, err := s.watchers.join(c, req.GetQuery(), req.GetCursor())
	if err != nil {
		return err
	}
	defer sub.leave()
	d := &delivery{stream: stream, subscription: sub, heartbeat: s.Watch.Heartbeat, board: s.Board}
	return d.guard(ctx, s.Watch.Patience)
}

// delivery sends what is new of a query to one reader.
type delivery struct {
	stream       grpc.ServerStream
	subscription *subscription
	heartbeat    time.Duration
	board        *live.Board
	// since is when the message began to be sent that is being sent, in nanoseconds since 1970; 0 between messages.
	since atomic.Int64
}

// guard delivers until ctx ends, and gives up on a reader that does not take a message in time. Another goroutine sends, since a stream that
// blocks can only be left, not interrupted: it ends with the call.
func (d *delivery) guard(ctx context.Context, patience time.Duration) error {
	ended := make(chan error, 1)
	go func() { ended <- d.run(ctx) }()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	for {
		select {
		case err := <-ended:
			return err
		case <-ctx.Done():
			return ctx.Err()
		case now := <-timer.C:
			left := patience
			if since := d.since.Load(); since > 0 {
				left -= now.Sub(time.Unix(0, since))
			}
			if left <= 0 {
				return errSlow
			}
			timer.Reset(left)
		}
	}
}

// run delivers until ctx ends or the query fails. A reader that has the present result already gets a heartbeat in its place, and thereby knows
// that it is heard.
func (d *delivery) run(ctx context.Context) error {
	heartbeat := time.NewTimer(d.heartbeat)
	defer heartbeat.Stop()
	for {
		u := d.subscription.news()
		var err error
		switch {
		case u.err != nil:
			return u.err
		case u.message != nil:
			err = d.send(u.message)
		case u.resumed:
			err = d.beat(u.cursor)
		}
		if err != nil {
			return err
		}
		if u.message != nil || u.resumed {
			heartbeat.Reset(d.heartbeat)
		}
		select {
		case <-u.next:
		case <-heartbeat.C:
			if err := d.beat(u.cursor); err != nil {
				return err
			}
			heartbeat.Reset(d.heartbeat)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// beat sends a heartbeat.
func (d *delivery) beat(cursor string) error {
	return d.send(&scoringv1.WatchScoresResponse{Heartbeat: true, Watermark: momentToProto(d.board.Watermark()), Cursor: cursor})
}

func (d *delivery) send(m any) error {
	d.since.Store(time.Now().UnixNano())
	err := d.stream.SendMsg(m)
	d.since.Store(0)
	return err
}
