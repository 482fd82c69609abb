package authz_test

import (
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/authz"
	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/libs/testkit/echo"
)

func services() []protoreflect.ServiceDescriptor {
	return []protoreflect.ServiceDescriptor{echo.Descriptor()}
}

func newPolicy(t testing.TB, roles authz.Roles) *authz.Policy {
	t.Helper()
	policy, err := authz.New(services(), roles, authz.ReadRule)
	if err != nil {
		t.Fatal(err)
	}
	return policy
}

func TestRolesGiveAndTakeAway(t *testing.T) {
	policy := newPolicy(t, authz.Roles{
		"exact": {"echo.messages.send"}, "prefix": {"echo.*"}, "all": {"*"}, "not internal": {"*", "!echo.internal.*"},
		"order does not matter": {"!echo.internal.chat", "echo.*"}, "another": {"other.*"}, "longer": {"echo.messages.sender"}, "none": {}, "only taken": {"!other.x"},
		"only forbidden": {"!!other.x"}, "forbids what it gives": {"*", "!!echo.internal.*"},
	})
	for role, want := range map[string][2]bool{ // may Echo, may Chat
		"exact": {true, false}, "prefix": {true, true}, "all": {true, true}, "not internal": {true, false}, "order does not matter": {true, false},
		"another": {}, "longer": {}, "none": {}, "only taken": {}, "unknown": {}, "only forbidden": {}, "forbids what it gives": {true, false},
	} {
		p := authn.Principal{ID: "k", Roles: []string{role}}
		for i, method := range []string{echo.Echo, echo.Chat} {
			err := policy.Check(p, method, echo.New("a").Message)
			if (err == nil) != want[i] {
				t.Errorf("role %q, %s: %v", role, method, err)
			}
			if err != nil && rpcerr.Code(err) != codes.PermissionDenied {
				t.Errorf("role %q: %v", role, err)
			}
			if held := policy.Holds(p, policy.Permission(method)); held != want[i] {
				t.Errorf("role %q holds %s: %v", role, policy.Permission(method), held)
			}
		}
	}
}

func TestRefusals(t *testing.T) {
	policy := newPolicy(t, authz.Roles{"app": {"echo.messages.send"}, "admin": {"*"}, "owner": {"other.*", "!!echo.*"}, "partly": {"*", "!echo.*"}})
	for _, tc := range []struct {
		name    string
		caller  authn.Principal
		method  string
		request proto.Message
		code    codes.Code
		reason  string
	}{
		{name: "let in", caller: authn.Principal{Roles: []string{"app"}}, method: echo.Echo},
		{name: "the second role counts", caller: authn.Principal{Roles: []string{"partly", "app"}}, method: echo.Echo},
		{name: "no role", method: echo.Echo, code: codes.PermissionDenied, reason: authz.ReasonDenied},
		{name: "unknown role", caller: authn.Principal{Roles: []string{"x"}}, method: echo.Echo, code: codes.PermissionDenied, reason: authz.ReasonDenied},
		{name: "no permission", caller: authn.Principal{Roles: []string{"app"}}, method: echo.Chat, code: codes.PermissionDenied, reason: authz.ReasonDenied},
		{name: "unknown method", caller: authn.Principal{Roles: []string{"admin"}}, method: "/x/y", code: codes.Unimplemented, reason: "METHOD_UNKNOWN"},
		{name: "forbidden wins over another role", caller: authn.Principal{Roles: []string{"admin", "owner"}}, method: echo.Echo, code: codes.PermissionDenied, reason: authz.ReasonDenied},
		{name: "forbidden wins in either order", caller: authn.Principal{Roles: []string{"owner", "admin"}}, method: echo.Echo, code: codes.PermissionDenied, reason: authz.ReasonDenied},
		{name: "restricted, of the organisation", caller: restricted("app"), method: echo.Repeat, code: codes.PermissionDenied, reason: authz.ReasonUnitsRestricted},
		{name: "restricted, of units", caller: restricted("app"), method: echo.Split},
		{name: "restricted, of no unit", caller: restricted("app"), method: echo.Echo},
		{name: "restricted without the permission learns of that alone", caller: restricted("x"), method: echo.Repeat, code: codes.PermissionDenied, reason: authz.ReasonDenied},
		{name: "bound, the resource itself", caller: bound("surveys/a"), method: echo.Echo, request: echo.New("surveys/a").Message},
		{name: "bound, below the resource", caller: bound("surveys/a"), method: echo.Echo, request: echo.New("surveys/a/revisions/1").Message},
		{name: "bound, the second resource", caller: bound("surveys/b", "surveys/a"), method: echo.Echo, request: echo.New("surveys/a").Message},
		{name: "bound, another", caller: bound("surveys/a"), method: echo.Echo, request: echo.New("surveys/b").Message, code: codes.PermissionDenied, reason: authz.ReasonCredentialBound},
		{name: "bound, a longer name", caller: bound("surveys/a"), method: echo.Echo, request: echo.New("surveys/ab").Message, code: codes.PermissionDenied, reason: authz.ReasonCredentialBound},
		{name: "bound, the parent", caller: bound("surveys/a"), method: echo.Echo, request: echo.New("surveys").Message, code: codes.PermissionDenied, reason: authz.ReasonCredentialBound},
		{name: "bound, all", caller: bound("surveys/a"), method: echo.Echo, request: echo.New("surveys/-").Message, code: codes.PermissionDenied, reason: authz.ReasonCredentialBound},
		{name: "bound, nothing named", caller: bound("surveys/a"), method: echo.Echo, request: echo.Empty().Message, code: codes.PermissionDenied, reason: authz.ReasonCredentialBound},
		{name: "bound to nothing", caller: bound(""), method: echo.Echo, request: echo.New("/x").Message, code: codes.PermissionDenied, reason: authz.ReasonCredentialBound},
		{name: "bound, request not known yet", caller: bound("surveys/a"), method: echo.Split},
	} {
		t.Run(tc.name, func(t *testing.T) {
			err := policy.Check(tc.caller, tc.method, tc.request)
			if rpcerr.Code(err) != tc.code || rpcerr.Reason(err) != tc.reason {
				t.Errorf("got %v", err)
			}
			if tc.reason == authz.ReasonCredentialBound {
				if later := policy.CheckRequest(tc.caller, tc.method, tc.request); rpcerr.Reason(later) != tc.reason {
					t.Errorf("the request that came later: %v", later)
				}
			}
		})
	}
	if err := policy.CheckRequest(bound("a"), "/x/y", echo.New("a").Message); rpcerr.Code(err) != codes.Unimplemented {
		t.Errorf("an unknown method: %v", err)
	}
}

func restricted(role string) authn.Principal {
	return authn.Principal{Roles: []string{role}, Units: map[string][]string{"location": {"l1"}}}
}

func bound(resources ...string) authn.Principal {
	return authn.Principal{Roles: []string{"app"}, Resources: resources}
}

// TestBoundCredentialsAndWhatNamesNoResource lets them call what belongs to no unit and nothing else.
func TestBoundCredentialsAndWhatNamesNoResource(t *testing.T) {
	for reach, want := range map[authz.Reach]string{
		authz.ReachAny: "", authz.ReachUnits: authz.ReasonCredentialBound, authz.ReachOrganization: authz.ReasonCredentialBound,
	} {
		policy, err := authz.New(services(), authz.Roles{"app": {"*"}}, func(protoreflect.MethodDescriptor) (authz.Rule, error) {
			return authz.Rule{Permission: "a.b.c", Reach: reach, Audit: authz.AuditRefusals}, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := policy.Check(bound("surveys/a"), echo.Echo, echo.New("surveys/a").Message); rpcerr.Reason(err) != want {
			t.Errorf("reach %d: %v", reach, err)
		}
	}
}

func TestContextTellsWhatTheCallerHolds(t *testing.T) {
	ctx := authz.WithHolder(t.Context(), newPolicy(t, authz.Roles{"admin": {"*"}, "owner": {"!!survey.persons.view"}}))
	as := func(roles ...string) authz.Grants {
		return authz.FromContext(authn.WithPrincipal(ctx, authn.Principal{Roles: roles}))
	}
	for name, tc := range map[string]struct {
		grants authz.Grants
		want   bool
	}{
		"holds": {as("admin"), true}, "no role": {as(), false}, "forbidden": {as("admin", "owner"), false},
		"no caller": {authz.FromContext(ctx), false},
		"no policy": {authz.FromContext(authn.WithPrincipal(t.Context(), authn.Principal{Roles: []string{"admin"}})), false},
	} {
		if got := tc.grants.Holds("survey.persons.view"); got != tc.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestResourceIsReadFromTheRequest(t *testing.T) {
	policy := newPolicy(t, authz.Roles{"admin": {"*"}})
	for _, tc := range []struct {
		method  string
		request proto.Message
		want    string
	}{
		{echo.Echo, echo.New("surveys/a").Message, "surveys/a"}, {echo.Echo, nil, ""}, {"/x/y", echo.New("a").Message, ""},
	} {
		if got := policy.Resource(tc.method, tc.request); got != tc.want {
			t.Errorf("%s: %q", tc.method, got)
		}
	}
}

func BenchmarkCheck(b *testing.B) {
	policy := newPolicy(b, authz.Roles{"app": {"echo.*"}})
	p := authn.Principal{Roles: []string{"app"}}
	request := echo.New("a").Message
	b.ReportAllocs()
	for b.Loop() {
		if err := policy.Check(p, echo.Echo, request); err != nil {
			b.Fatal(err)
		}
	}
}
