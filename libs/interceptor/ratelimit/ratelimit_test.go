package ratelimit_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/interceptor/ratelimit"
	"github.com/otklik/otklik/libs/limit"
	"github.com/otklik/otklik/libs/rpcerr"
)

// limiter gives everybody the same verdict and notes who asked.
type limiter struct {
	verdict limit.Verdict
	asked   []limit.Call
}

func (l *limiter) Take(_ context.Context, call limit.Call) limit.Verdict {
	l.asked = append(l.asked, call)
	return l.verdict
}

func refusing(scope limit.Scope) *limiter {
	return &limiter{verdict: limit.Verdict{Scope: scope, RetryAfter: 1500 * time.Millisecond, Limit: 10, Reset: 1500 * time.Millisecond}}
}

// stream is a stream with a context.
type stream struct {
	grpc.ServerStream
	ctx    context.Context
	header *metadata.MD
}

func (s stream) Context() context.Context { return s.ctx }

func (s stream) SetHeader(md metadata.MD) error {
	*s.header = metadata.Join(*s.header, md)
	return nil
}

// transport takes the headers of a unary call.
type transport struct{ header metadata.MD }

func (*transport) Method() string                    { return "" }
func (t *transport) SendHeader(md metadata.MD) error { return t.SetHeader(md) }
func (*transport) SetTrailer(metadata.MD) error      { return nil }

func (t *transport) SetHeader(md metadata.MD) error {
	t.header = metadata.Join(t.header, md)
	return nil
}

// call calls through the step by both kinds of calls; the errors must be the same.
func call(ctx context.Context, t *testing.T, step *ratelimit.Interceptor, method string) error {
	t.Helper()
	_, err := callForHeader(ctx, t, step, method)
	return err
}

// callForHeader also returns the header that the caller gets.
func callForHeader(ctx context.Context, t *testing.T, step *ratelimit.Interceptor, method string) (string, error) {
	t.Helper()
	var header metadata.MD
	out := &transport{}
	ctx = grpc.NewContextWithServerTransportStream(ctx, out)
	called := false
	_, err := step.Unary()(ctx, nil, &grpc.UnaryServerInfo{FullMethod: method}, func(context.Context, any) (any, error) {
		called = true
		return nil, nil
	})
	streamed := false
	streamErr := step.Stream()(nil, stream{ctx: ctx, header: &header}, &grpc.StreamServerInfo{FullMethod: method}, func(any, grpc.ServerStream) error {
		streamed = true
		return nil
	})
	if called != (err == nil) || streamed != (streamErr == nil) || called != streamed || rpcerr.Reason(err) != rpcerr.Reason(streamErr) {
		t.Errorf("unary: %v, called %v; stream: %v, called %v", err, called, streamErr, streamed)
	}
	unary := strings.Join(out.header[ratelimit.MetadataRateLimit], ",")
	if streamed := strings.Join(header[ratelimit.MetadataRateLimit], ","); unary != streamed {
		t.Errorf("unary says %q, stream %q", unary, streamed)
	}
	return unary, err
}

func as(t *testing.T, roles ...string) context.Context {
	t.Helper()
	return authn.WithPrincipal(t.Context(), authn.Principal{ID: "key1", Organization: "org1", Roles: roles})
}

func TestRefusalSaysWhichBoundAndWhenToComeBack(t *testing.T) {
	for _, scope := range []limit.Scope{limit.ScopeKey, limit.ScopeDevice, limit.ScopeOrganization} {
		limiter := refusing(scope)
		header, err := callForHeader(as(t, "app"), t, ratelimit.New(limiter), "/s/m")
		e, ok := rpcerr.FromError(err)
		if !ok || e.Code != codes.ResourceExhausted || e.Reason != "RATE_LIMITED" || e.RetryAfter != 1500*time.Millisecond || e.Metadata["limit"] != string(scope) || e.Message == "" {
			t.Errorf("got %+v", e)
		}
		if header != "10;0;2;"+string(scope) {
			t.Errorf("the header says %q", header)
		}
	}
}

func TestAnswerSaysWhatIsLeft(t *testing.T) {
	for want, v := range map[string]limit.Verdict{
		"":              {Admitted: true},
		"10;3;7;device": {Admitted: true, Scope: limit.ScopeDevice, Limit: 10, Remaining: 3, Reset: 6001 * time.Millisecond},
		"1;0;1;key":     {Admitted: true, Scope: limit.ScopeKey, Limit: 1, Reset: time.Second},
	} {
		if header, err := callForHeader(as(t, "app"), t, ratelimit.New(&limiter{verdict: v}), "/s/m"); err != nil || header != want {
			t.Errorf("got %q, %v, want %q", header, err, want)
		}
	}
}

func TestWhatIsAskedFor(t *testing.T) {
	for name, tc := range map[string]struct {
		p    authn.Principal
		want limit.Call
	}{
		"a machine":                   {authn.Principal{}, limit.Call{}},
		"a key with rates of its own": {authn.Principal{Rate: 5, DeviceRate: 7}, limit.Call{KeyRate: 5, DeviceRate: 7, ByDevice: true}},
		"an app that names no device": {authn.Principal{Kind: authn.KindApp}, limit.Call{ByDevice: true}},
		"an app that names a device":  {authn.Principal{Kind: authn.KindApp, Device: "d"}, limit.Call{Device: "d", ByDevice: true}},
		"a machine that names one":    {authn.Principal{Device: "d"}, limit.Call{Device: "d", ByDevice: true}},
	} {
		tc.p.ID, tc.p.Organization = "key1", "org1"
		tc.want.Key, tc.want.Organization = "key1", "org1"
		l := &limiter{verdict: limit.Verdict{Admitted: true}}
		if err := call(authn.WithPrincipal(t.Context(), tc.p), t, ratelimit.New(l), "/s/m"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if len(l.asked) != 2 || l.asked[0] != tc.want {
			t.Errorf("%s: asked for %+v", name, l.asked)
		}
	}
}

func TestWhoIsNotBounded(t *testing.T) {
	limiter := refusing(limit.ScopeKey)
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
