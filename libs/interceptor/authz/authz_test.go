package authz_test

import (
	"context"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/authz"
	step "github.com/otklik/otklik/libs/interceptor/authz"
	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/libs/testkit/echo"
)

// onlyAdmins is a policy, by which callers who are bound may send nothing but the text `bound`.
type onlyAdmins struct{}

func (onlyAdmins) Check(p authn.Principal, method string, request proto.Message) error {
	switch {
	case !p.HasRole("admin"):
		return rpcerr.New(codes.PermissionDenied, "PERMISSION_DENIED", "no")
	case request == nil:
		return nil
	}
	return onlyAdmins{}.CheckRequest(p, method, request)
}

func (onlyAdmins) CheckRequest(p authn.Principal, _ string, request proto.Message) error {
	if text := (echo.Message{Message: request.(*dynamicpb.Message)}).Text(); len(p.Resources) > 0 && text != "bound" {
		return rpcerr.New(codes.PermissionDenied, "CREDENTIAL_BOUND", "no")
	}
	return nil
}

func (onlyAdmins) Holds(p authn.Principal, permission string) bool {
	return p.HasRole("admin") && permission == "a.b.c"
}

type stream struct {
	grpc.ServerStream
	ctx  context.Context
	text string
}

func (s stream) RecvMsg(m any) error {
	(echo.Message{Message: m.(*dynamicpb.Message)}).SetText(s.text)
	return nil
}

func (s stream) Context() context.Context { return s.ctx }

func TestCheck(t *testing.T) {
	i := step.New(onlyAdmins{})
	admin := authn.WithPrincipal(t.Context(), authn.Principal{Roles: []string{"admin"}})
	bound := authn.WithPrincipal(t.Context(), authn.Principal{Roles: []string{"admin"}, Resources: []string{"bound"}})
	app := authn.WithPrincipal(t.Context(), authn.Principal{Roles: []string{"app"}})
	for _, tc := range []struct {
		name, method string
		ctx          context.Context
		text         string
		want         codes.Code
	}{
		{"allowed", "/s/m", admin, "a", codes.OK},
		{"denied", "/s/m", app, "a", codes.PermissionDenied},
		{"nobody", "/s/m", t.Context(), "a", codes.Unauthenticated},
		{"public", "/grpc.health.v1.Health/Check", t.Context(), "a", codes.OK},
		{"bound to it", "/s/m", bound, "bound", codes.OK},
		{"bound to something else", "/s/m", bound, "a", codes.PermissionDenied},
	} {
		ran := 0
		handle := func(ctx context.Context) {
			ran++
			grants := authz.FromContext(ctx)
			if p, _ := authn.FromContext(ctx); grants.Holds("a.b.c") != p.HasRole("admin") || grants.Holds("x") {
				t.Errorf("%s: the handler learns of other permissions than those that are held", tc.name)
			}
		}
		_, unary := i.Unary()(tc.ctx, echo.New(tc.text).Message, &grpc.UnaryServerInfo{FullMethod: tc.method}, func(ctx context.Context, _ any) (any, error) {
			handle(ctx)
			return nil, nil
		})
		strm := i.Stream()(nil, stream{ctx: tc.ctx, text: tc.text}, &grpc.StreamServerInfo{FullMethod: tc.method}, func(_ any, ss grpc.ServerStream) error {
			m := echo.Empty()
			if err := ss.RecvMsg(m.Message); err != nil {
				return err
			}
			handle(ss.Context())
			return nil
		})
		if rpcerr.Code(unary) != tc.want || rpcerr.Code(strm) != tc.want {
			t.Errorf("%s: %v, %v", tc.name, unary, strm)
		}
		if (ran == 2) != (tc.want == codes.OK) {
			t.Errorf("%s: handlers ran %d times", tc.name, ran)
		}
	}
}
