package authn_test

import (
	"context"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"

	"github.com/otklik/otklik/libs/authn"
	step "github.com/otklik/otklik/libs/interceptor/authn"
	"github.com/otklik/otklik/libs/rpcerr"
)

type stream struct {
	grpc.ServerStream
	ctx context.Context
}

func (s stream) Context() context.Context { return s.ctx }

func TestAuthenticate(t *testing.T) {
	ring, err := authn.NewKeyring([]authn.Key{
		{ID: "app", SHA256: authn.HashKey("a"), Organization: "org1", Roles: []string{"app"}},
		{ID: "svc", SHA256: authn.HashKey("s"), Organization: "home", Roles: []string{"service"}},
		{ID: "bare", SHA256: authn.HashKey("b"), Roles: []string{"service"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	i := step.New(ring, nil, nil)
	for _, tc := range []struct {
		name, method string
		md           metadata.MD
		id, org      string
		code         codes.Code
		reason       string
	}{
		{name: "app", md: metadata.Pairs("authorization", "Bearer a"), id: "app", org: "org1"},
		{name: "scheme in another case", md: metadata.Pairs("authorization", "bearer a"), id: "app", org: "org1"},
		{name: "app names its own organisation", md: metadata.Pairs("authorization", "Bearer a", "otklik-organization", "org1"), id: "app", org: "org1"},
		{name: "app names another", md: metadata.Pairs("authorization", "Bearer a", "otklik-organization", "org2"), code: codes.PermissionDenied, reason: "ORGANIZATION_DENIED"},
		{name: "service for another", md: metadata.Pairs("authorization", "Bearer s", "otklik-organization", "org2"), id: "svc", org: "org2"},
		{name: "service for its own", md: metadata.Pairs("authorization", "Bearer s"), id: "svc", org: "home"},
		{name: "service for nobody", md: metadata.Pairs("authorization", "Bearer b"), id: "bare"},
		{name: "service for two", md: metadata.Pairs("authorization", "Bearer s", "otklik-organization", "a", "otklik-organization", "b"), code: codes.InvalidArgument, reason: "ORGANIZATION_INVALID"},
		{name: "service for an empty name", md: metadata.Pairs("authorization", "Bearer s", "otklik-organization", ""), code: codes.InvalidArgument, reason: "ORGANIZATION_INVALID"},
		{name: "nobody", code: codes.Unauthenticated, reason: "CREDENTIALS_MISSING"},
		{name: "empty key", md: metadata.Pairs("authorization", "Bearer "), code: codes.Unauthenticated, reason: "CREDENTIALS_MISSING"},
		{name: "no scheme", md: metadata.Pairs("authorization", "a"), code: codes.Unauthenticated, reason: "CREDENTIALS_INVALID"},
		{name: "unknown key", md: metadata.Pairs("authorization", "Bearer x"), code: codes.Unauthenticated, reason: "CREDENTIALS_INVALID"},
		{name: "health", method: "/grpc.health.v1.Health/Check"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			method := tc.method
			if method == "" {
				method = "/s/m"
			}
			ctx := metadata.NewIncomingContext(t.Context(), tc.md)
			ran := 0
			handle := func(ctx context.Context) {
				ran++
				p, ok := authn.FromContext(ctx)
				if p.ID != tc.id || p.Organization != tc.org || ok != (tc.id != "") {
					t.Errorf("principal %+v", p)
				}
			}
			_, unary := i.Unary()(ctx, nil, &grpc.UnaryServerInfo{FullMethod: method}, func(ctx context.Context, _ any) (any, error) {
				handle(ctx)
				return nil, nil
			})
			strm := i.Stream()(nil, stream{ctx: ctx}, &grpc.StreamServerInfo{FullMethod: method}, func(_ any, ss grpc.ServerStream) error {
				handle(ss.Context())
				return nil
			})
			for kind, err := range map[string]error{"unary": unary, "stream": strm} {
				if rpcerr.Code(err) != tc.code || rpcerr.Reason(err) != tc.reason {
					t.Errorf("%s: %v", kind, err)
				}
			}
			if want := map[bool]int{true: 2, false: 0}[tc.code == codes.OK]; ran != want {
				t.Errorf("the handler ran %d times, want %d", ran, want)
			}
		})
	}
}
