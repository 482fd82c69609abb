package api

import (
	"context"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/rpcerr"
)

const (
	// mostHeavy is how many calls read all contacts, answers or purchases of an organisation at the same time: each holds them in memory, and a processor.
	mostHeavy = 2
	// heavyPatience is how long such a call waits for its turn.
	heavyPatience = 5 * time.Second
)

// heavily lets a call that reads all of an organisation have its turn, which ends with done. Errors: RESOURCE_EXHAUSTED when others are still at it.
func (s *Server) heavily(ctx context.Context) (done func(), err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, heavyPatience, rpcerr.New(codes.ResourceExhausted, "TOO_MANY_CALLS_IN_FLIGHT",
		"the server works on as many calls that read all of an organisation as it can", rpcerr.WithRetryAfter(heavyPatience)))
	defer cancel()
	select {
	case s.heavy <- struct{}{}:
		return func() { <-s.heavy }, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}
