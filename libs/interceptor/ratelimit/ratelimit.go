// Package ratelimit is the step that refuses callers who call more often than their key or their organisation may. Services of the suite
// (authn.RoleService) are not bounded: what they do follows from calls that were.
package ratelimit

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/interceptor"
	"github.com/otklik/otklik/libs/limit"
	"github.com/otklik/otklik/libs/rpcerr"
)

// Name is the step's name in interceptor.Order.
const Name = "rate-limit"

// Reason is the reason of calls that come too often.
const Reason = "RATE_LIMITED"

// MetadataLimit is the key in ErrorInfo.metadata of the bound that was reached: key or organization.
const MetadataLimit = "limit"

// Interceptor is the step. A stream counts as one call.
type Interceptor struct {
	limiter limit.Limiter
}

// New makes the step; without a limiter it lets everything pass.
func New(limiter limit.Limiter) *Interceptor { return &Interceptor{limiter: limiter} }

// Name is the step's name.
func (*Interceptor) Name() string { return Name }

// Unary intercepts unary calls.
func (i *Interceptor) Unary() grpc.UnaryServerInterceptor {
	return func(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		if err := i.check(ctx, info.FullMethod); err != nil {
			return nil, err
		}
		return handler(ctx, req)
	}
}

// Stream intercepts streams.
func (i *Interceptor) Stream() grpc.StreamServerInterceptor {
	return func(srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
		if err := i.check(ss.Context(), info.FullMethod); err != nil {
			return err
		}
		return handler(srv, ss)
	}
}

func (i *Interceptor) check(ctx context.Context, method string) error {
	if i.limiter == nil || interceptor.Public(method) {
		return nil
	}
	p, ok := authn.FromContext(ctx)
	if !ok || p.HasRole(authn.RoleService) {
		// Calls without a caller do not come this far.
		return nil
	}
	v := i.limiter.Take(ctx, p.Organization, p.ID)
	if v.Admitted {
		return nil
	}
	message := "the key calls more often than it may"
	if v.Scope == limit.ScopeOrganization {
		message = "the organisation calls more often than it may, over all its keys"
	}
	return rpcerr.New(codes.ResourceExhausted, Reason, message, rpcerr.WithMetadata(MetadataLimit, string(v.Scope)), rpcerr.WithRetryAfter(v.RetryAfter))
}
