package authz_test

import (
	"context"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/authn"
	step "github.com/otklik/otklik/libs/interceptor/authz"
	"github.com/otklik/otklik/libs/rpcerr"
)

// onlyAdmins is a policy.
type onlyAdmins struct{}

func (onlyAdmins) Check(p authn.Principal, _ string) error {
	if p.HasRole("admin") {
		return nil
	}
	return rpcerr.New(codes.PermissionDenied, "PERMISSION_DENIED", "no")
}

type stream struct {
	grpc.ServerStream
	ctx context.Context
}

func (s stream) Context() context.Context { return s.ctx }

func TestCheck(t *testing.T) {
	i := step.New(onlyAdmins{})
	admin := authn.WithPrincipal(t.Context(), authn.Principal{Roles: []string{"admin"}})
	app := authn.WithPrincipal(t.Context(), authn.Principal{Roles: []string{"app"}})
	for _, tc := range []struct {
		name, method string
		ctx          context.Context
		want         codes.Code
	}{
		{"allowed", "/s/m", admin, codes.OK},
		{"denied", "/s/m", app, codes.PermissionDenied},
		{"nobody", "/s/m", t.Context(), codes.Unauthenticated},
		{"public", "/grpc.health.v1.Health/Check", t.Context(), codes.OK},
	} {
		ran := 0
		_, unary := i.Unary()(tc.ctx, nil, &grpc.UnaryServerInfo{FullMethod: tc.method}, func(context.Context, any) (any, error) { ran++; return nil, nil })
		strm := i.Stream()(nil, stream{ctx: tc.ctx}, &grpc.StreamServerInfo{FullMethod: tc.method}, func(any, grpc.ServerStream) error { ran++; return nil })
		if rpcerr.Code(unary) != tc.want || rpcerr.Code(strm) != tc.want {
			t.Errorf("%s: %v, %v", tc.name, unary, strm)
		}
		if (ran == 2) != (tc.want == codes.OK) {
			t.Errorf("%s: handlers ran %d times", tc.name, ran)
		}
	}
}
