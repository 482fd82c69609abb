// Package authz is the step that refuses callers who lack the permission that the method declares, who see some units only where it reaches
// beyond these, or whose credential is bound to other resources than the request names. Handlers ask authz.FromContext for what else the caller may.
package authz

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/authz"
	"github.com/otklik/otklik/libs/interceptor"
	"github.com/otklik/otklik/libs/rpccodec"
)

// Name is the step's name in interceptor.Order.
const Name = "authz"

// Policy decides whether p may call the method; errors are *rpcerr.Error. See authz.Policy.
type Policy interface {
	authz.Holder
	// Check decides with the request, or without one before it is known.
	Check(p authn.Principal, fullMethod string, request proto.Message) error
	// CheckRequest decides over a request that was not known to Check.
	CheckRequest(p authn.Principal, fullMethod string, request proto.Message) error
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
		if interceptor.Public(info.FullMethod) {
			return handler(ctx, req)
		}
		if _, err := i.check(ctx, info.FullMethod, legible(req)); err != nil {
			return nil, err
		}
		return handler(authz.WithHolder(ctx, i.policy), req)
	}
}

// legible is the request, nil for one that could not be decoded: the validation step refuses it and says why.
func legible(req any) proto.Message {
	m, ok := req.(proto.Message)
	if !ok || rpccodec.Refusal(m) != nil {
		return nil
	}
	return m
}

// Stream intercepts streams. What the credential is bound to is checked with every request that the handler receives.
func (i *Interceptor) Stream() grpc.StreamServerInterceptor {
	return func(srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
		if interceptor.Public(info.FullMethod) {
			return handler(srv, ss)
		}
		p, err := i.check(ss.Context(), info.FullMethod, nil)
		if err != nil {
			return err
		}
		ss = interceptor.WithContext(authz.WithHolder(ss.Context(), i.policy), ss)
		if len(p.Resources) > 0 {
			ss = &boundStream{ServerStream: ss, check: func(m proto.Message) error { return i.policy.CheckRequest(p, info.FullMethod, m) }}
		}
		return handler(srv, ss)
	}
}

// boundStream checks the requests of a caller whose credential is bound.
type boundStream struct {
	grpc.ServerStream
	check func(proto.Message) error
}

// RecvMsg receives and checks.
func (s *boundStream) RecvMsg(m any) error {
	if err := s.ServerStream.RecvMsg(m); err != nil {
		return err
	}
	if request := legible(m); request != nil {
		return s.check(request)
	}
	return nil
}

func (i *Interceptor) check(ctx context.Context, method string, request proto.Message) (authn.Principal, error) {
	p, ok := authn.FromContext(ctx)
	if !ok {
		return p, authn.ErrMissing
	}
	return p, i.policy.Check(p, method, request)
}
