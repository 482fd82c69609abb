// Package authz is the step that refuses callers who lack the permission that the method declares.
package authz

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/interceptor"
	"github.com/otklik/otklik/libs/rpcerr"
)

// Name is the step's name in interceptor.Order.
const Name = "authz"

// Policy decides whether p may call the method; errors are *rpcerr.Error.
type Policy interface {
	Check(p authn.Principal, fullMethod string) error
}

// Interceptor is the step.
type Interceptor struct {
	policy Policy
}

// New makes the step.
func New(policy Policy) *Interceptor { return &Interceptor{policy: policy} }

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
	if interceptor.Public(method) {
		return nil
	}
	p, ok := authn.FromContext(ctx)
	if !ok {
		return rpcerr.New(codes.Unauthenticated, "CREDENTIALS_MISSING", "the call carries no credentials")
	}
	return i.policy.Check(p, method)
}
