// Package deadline gives every unary call a deadline: the caller's if it is sooner than the longest allowed, else the server's. Streams may
// last, so that they keep whatever the caller set.
package deadline

import (
	"context"
	"time"

	"google.golang.org/grpc"
)

// Name is the step's name in interceptor.Order.
const Name = "deadline"

// Interceptor is the step.
type Interceptor struct {
	standard, longest time.Duration
}

// New makes the step: standard is the time of calls that bring no deadline, longest the most that a caller can ask for. 0 means unlimited.
func New(standard, longest time.Duration) *Interceptor {
	return &Interceptor{standard: standard, longest: longest}
}

// Name is the step's name.
func (*Interceptor) Name() string { return Name }

// Unary intercepts unary calls. A call whose deadline has passed on arrival does no work.
func (i *Interceptor) Unary() grpc.UnaryServerInterceptor {
	return func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		limit := i.longest
		deadline, ok := ctx.Deadline()
		switch {
		case !ok:
			if i.standard > 0 && (limit == 0 || i.standard < limit) {
				limit = i.standard
			}
		case limit > 0 && time.Until(deadline) <= limit:
			limit = 0
		}
		if limit == 0 {
			return handler(ctx, req)
		}
		ctx, cancel := context.WithTimeout(ctx, limit)
		defer cancel()
		return handler(ctx, req)
	}
}

// Stream intercepts streams.
func (*Interceptor) Stream() grpc.StreamServerInterceptor {
	return func(srv any, ss grpc.ServerStream, _ *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
		if err := ss.Context().Err(); err != nil {
			return err
		}
		return handler(srv, ss)
	}
}
