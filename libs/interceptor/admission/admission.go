// Package admission bounds the calls that a server works on at the same time, so that overload is refused early and cheaply instead of
// slowing everybody down. It also knows all calls in flight, over TCP and in process alike, which is what draining needs.
package admission

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/interceptor"
	"github.com/otklik/otklik/libs/rpcerr"
)

// Name is the step's name in interceptor.Order.
const Name = "admission"

// retryAfter is the advice to refused callers: calls are short, so that there is room again soon.
const retryAfter = 500 * time.Millisecond

// Interceptor is the step. Health and reflection are always admitted.
type Interceptor struct {
	unary, streams limit

	// streamBase ends when streams must end.
	streamBase context.Context
	endStreams context.CancelCauseFunc

	all atomic.Int64
	// waiting counts those in WaitIdle: while there are none, calls that leave have nobody to tell.
	waiting atomic.Int32
	idleMu  sync.Mutex
	// idle is closed and replaced whenever the last call leaves.
	idle chan struct{}
}

type limit struct {
	name string
	max  int64
	now  atomic.Int64
}

var errShutdown = errors.New("the server is shutting down")

// New makes the step: at most maxUnary unary calls and maxStreams streams at a time; 0 means no limit.
func New(maxUnary, maxStreams int) *Interceptor {
	base, end := context.WithCancelCause(context.Background())
	return &Interceptor{
		unary:      limit{name: "calls", max: int64(maxUnary)},
		streams:    limit{name: "streams", max: int64(maxStreams)},
		streamBase: base,
		endStreams: end,
		idle:       make(chan struct{}),
	}
}

// Name is the step's name.
func (*Interceptor) Name() string { return Name }

// InFlight is the number of admitted calls, streams included.
func (i *Interceptor) InFlight() int { return int(i.all.Load()) }

// EndStreams ends the contexts of all streams, now and later, those of health and reflection among them; their callers get UNAVAILABLE with retry advice.
func (i *Interceptor) EndStreams() { i.endStreams(errShutdown) }

// WaitIdle returns nil when no call is in flight, or ctx's error.
func (i *Interceptor) WaitIdle(ctx context.Context) error {
	i.waiting.Add(1)
	defer i.waiting.Add(-1)
	for {
		i.idleMu.Lock()
		idle := i.idle
		i.idleMu.Unlock()
		// The channel is taken before looking, so that a call that leaves in between closes it.
		if i.all.Load() == 0 {
			return nil
		}
		select {
		case <-idle:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (i *Interceptor) enter(l *limit) error {
	if n := l.now.Add(1); l.max > 0 && n > l.max {
		l.now.Add(-1)
		return rpcerr.New(codes.ResourceExhausted, "TOO_MANY_CALLS_IN_FLIGHT", "the server works on as many "+l.name+" as it can",
			rpcerr.WithRetryAfter(retryAfter))
	}
	i.all.Add(1)
	return nil
}

func (i *Interceptor) leave(l *limit) {
	l.now.Add(-1)
	// A waiter that comes after this look at waiting sees that all is 0.
	if i.all.Add(-1) == 0 && i.waiting.Load() > 0 {
		i.idleMu.Lock()
		close(i.idle)
		i.idle = make(chan struct{})
		i.idleMu.Unlock()
	}
}

// Unary intercepts unary calls.
func (i *Interceptor) Unary() grpc.UnaryServerInterceptor {
	return func(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		if interceptor.Public(info.FullMethod) {
			return handler(ctx, req)
		}
		if err := i.enter(&i.unary); err != nil {
			return nil, err
		}
		defer i.leave(&i.unary)
		return handler(ctx, req)
	}
}

// Stream intercepts streams. Those of health and reflection are not counted, but they end with the others: who watches the health of a server
// must not keep it from stopping.
func (i *Interceptor) Stream() grpc.StreamServerInterceptor {
	return func(srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
		if !interceptor.Public(info.FullMethod) {
			if err := i.enter(&i.streams); err != nil {
				return err
			}
			defer i.leave(&i.streams)
		}
		ctx, cancel := context.WithCancelCause(ss.Context())
		defer cancel(nil)
		stop := context.AfterFunc(i.streamBase, func() { cancel(errShutdown) })
		defer stop()
		err := handler(srv, interceptor.WithContext(ctx, ss))
		if err != nil && errors.Is(context.Cause(ctx), errShutdown) {
			return rpcerr.New(codes.Unavailable, rpcerr.ReasonShuttingDown, "the server is shutting down")
		}
		return err
	}
}
