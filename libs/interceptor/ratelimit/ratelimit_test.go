package ratelimit_test

import (
	"context"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/interceptor/ratelimit"
	"github.com/otklik/otklik/libs/limit"
	"github.com/otklik/otklik/libs/rpcerr"
)

// refusing refuses everybody and notes who asked.
type refusing struct {
	scope limit.Scope
	asked []string
}

func (r *refusing) Take(_ context.Context, organization, key string) limit.Verdict {
	r.asked = append(r.asked, organization+"/"+key)
	return limit.Verdict{Scope: r.scope, RetryAfter: 1500 * time.Millisecond}
}

// stream is a stream with a context.
type stream struct {
	grpc.ServerStream
	ctx context.Context
}

func (s stream) Context() context.Context { return s.ctx }

// call calls through the step by both kinds of calls; the errors must be the same.
func call(ctx context.Context, t *testing.T, step *ratelimit.Interceptor, method string) error {
	t.Helper()
	called := false
	_, err := step.Unary()(ctx, nil, &grpc.UnaryServerInfo{FullMethod: method}, func(context.Context, any) (any, error) {
		called = true
		return nil, nil
	})
	streamed := false
	streamErr := step.Stream()(nil, stream{ctx: ctx}, &grpc.StreamServerInfo{FullMethod: method}, func(any, grpc.ServerStream) error {
		streamed = true
		return nil
	})
	if called != (err == nil) || streamed != (streamErr == nil) || called != streamed || rpcerr.Reason(err) != rpcerr.Reason(streamErr) {
		t.Errorf("unary: %v, called %v; stream: %v, called %v", err, called, streamErr, streamed)
	}
	return err
}

func as(t *testing.T, roles ...string) context.Context {
	t.Helper()
	return authn.WithPrincipal(t.Context(), authn.Principal{ID: "key1", Organization: "org1", Roles: roles})
}

func TestRefusalSaysWhichBoundAndWhenToComeBack(t *testing.T) {
	for _, scope := range []limit.Scope{limit.ScopeKey, limit.ScopeOrganization} {
		limiter := &refusing{scope: scope}
		e, ok := rpcerr.FromError(call(as(t, "app"), t, ratelimit.New(limiter), "/s/m"))
		if !ok || e.Code != codes.ResourceExhausted || e.Reason != "RATE_LIMITED" || e.RetryAfter != 1500*time.Millisecond || e.Metadata["limit"] != string(scope) {
			t.Errorf("got %+v", e)
		}
		if len(limiter.asked) != 2 || limiter.asked[0] != "org1/key1" {
			t.Errorf("asked for %v", limiter.asked)
		}
	}
}

func TestWhoIsNotBounded(t *testing.T) {
	limiter := &refusing{}
	step := ratelimit.New(limiter)
	for name, err := range map[string]error{
		"health":     call(t.Context(), t, step, "/grpc.health.v1.Health/Check"),
		"reflection": call(t.Context(), t, step, "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"),
		"a service":  call(as(t, authn.RoleService), t, step, "/s/m"),
		"no limiter": call(as(t, "app"), t, ratelimit.New(nil), "/s/m"),
	} {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if len(limiter.asked) != 0 {
		t.Errorf("asked for %v", limiter.asked)
	}
}
