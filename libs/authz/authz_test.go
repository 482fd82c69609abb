package authz_test

import (
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/authz"
	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/libs/testkit/echo"
)

func services() []protoreflect.ServiceDescriptor {
	return []protoreflect.ServiceDescriptor{echo.Descriptor()}
}

func TestOptionIsReadWithoutItsCode(t *testing.T) {
	read := authz.Option(authz.PermissionNumber)
	methods := echo.Descriptor().Methods()
	if got := read(methods.ByName("Echo")); got != echo.Permission {
		t.Errorf("Echo needs %q", got)
	}
	if got := read(methods.ByName("Chat")); got != echo.PermissionInternal {
		t.Errorf("Chat needs %q", got)
	}
	if got := authz.Option(50502)(methods.ByName("Echo")); got != "" {
		t.Errorf("an option that is not set: %q", got)
	}
}

func TestCheck(t *testing.T) {
	policy, err := authz.New(services(), map[string][]string{
		"exact": {"echo.messages.send"}, "prefix": {"echo.*"}, "all": {"*"}, "not internal": {"*", "!echo.internal.*"},
		"order does not matter": {"!echo.internal.chat", "echo.*"}, "another": {"other.*"}, "longer": {"echo.messages.sender"}, "none": {}, "only taken": {"!other.x"},
	}, authz.Option(authz.PermissionNumber))
	if err != nil {
		t.Fatal(err)
	}
	for role, want := range map[string][2]bool{ // may Echo, may Chat
		"exact": {true, false}, "prefix": {true, true}, "all": {true, true}, "not internal": {true, false}, "order does not matter": {true, false},
		"another": {}, "longer": {}, "none": {}, "only taken": {}, "unknown": {},
	} {
		p := authn.Principal{ID: "k", Roles: []string{role}}
		for i, method := range []string{echo.Echo, echo.Chat} {
			err := policy.Check(p, method)
			if (err == nil) != want[i] {
				t.Errorf("role %q, %s: %v", role, method, err)
			}
			if err != nil && rpcerr.Code(err) != codes.PermissionDenied {
				t.Errorf("role %q: %v", role, err)
			}
		}
	}
	if err := policy.Check(authn.Principal{Roles: []string{"another", "exact"}}, echo.Echo); err != nil {
		t.Errorf("the second role is not seen: %v", err)
	}
	if err := policy.Check(authn.Principal{}, echo.Echo); err == nil {
		t.Error("no role at all may call")
	}
	if err := policy.Check(authn.Principal{Roles: []string{"all"}}, "/x/y"); rpcerr.Code(err) != codes.Unimplemented {
		t.Errorf("an unknown method: %v", err)
	}
	if policy.Permission(echo.Echo) != echo.Permission || policy.Permission("/x/y") != "" {
		t.Error("permissions of methods")
	}
}

func TestNewRefuses(t *testing.T) {
	read := authz.Option(authz.PermissionNumber)
	for _, pattern := range []string{"", "*.x", "a.*.b", "a..b", "A.b", "a b", "a*", "!", ".", "a.", "!!a"} {
		if _, err := authz.New(services(), map[string][]string{"r": {pattern}}, read); err == nil {
			t.Errorf("the pattern %q was accepted", pattern)
		}
	}
	if _, err := authz.New(services(), nil, func(protoreflect.MethodDescriptor) string { return "" }); err == nil {
		t.Error("a method without a permission was accepted")
	}
}

func BenchmarkCheck(b *testing.B) {
	policy, err := authz.New(services(), map[string][]string{"app": {"echo.*"}}, authz.Option(authz.PermissionNumber))
	if err != nil {
		b.Fatal(err)
	}
	p := authn.Principal{Roles: []string{"app"}}
	b.ReportAllocs()
	for b.Loop() {
		if err := policy.Check(p, echo.Echo); err != nil {
			b.Fatal(err)
		}
	}
}
