package authz_test

import (
	"errors"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/authz"
	"github.com/otklik/otklik/libs/testkit/echo"
)

func TestRuleIsReadWithoutItsCode(t *testing.T) {
	for name, want := range map[protoreflect.Name]authz.Rule{
		"Echo":   {Permission: echo.Permission, Resource: "text", Reach: authz.ReachAny, Audit: authz.AuditRefusals},
		"Repeat": {Permission: echo.Permission, Resource: "text", Reach: authz.ReachOrganization, Audit: authz.AuditChange},
		"Split":  {Permission: echo.Permission, Resource: "text", Reach: authz.ReachUnits, Audit: authz.AuditPersonal},
		"Chat":   {Permission: echo.PermissionInternal, Resource: "text", Reach: authz.ReachOrganization, Audit: authz.AuditChange},
	} {
		got, err := authz.ReadRule(echo.Descriptor().Methods().ByName(name))
		if err != nil || got != want {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

// ruleFields encodes an option of the given parts; reach and audit of 0 are left out.
func ruleFields(permission, resource string, reach, audit uint64) []byte {
	var b []byte
	if permission != "" {
		b = protowire.AppendString(protowire.AppendTag(b, 1, protowire.BytesType), permission)
	}
	if resource != "" {
		b = protowire.AppendString(protowire.AppendTag(b, 2, protowire.BytesType), resource)
	}
	if reach != 0 {
		b = protowire.AppendVarint(protowire.AppendTag(b, 3, protowire.VarintType), reach)
	}
	if audit != 0 {
		b = protowire.AppendVarint(protowire.AppendTag(b, 4, protowire.VarintType), audit)
	}
	return b
}

func option(body []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(nil, authz.OptionNumber, protowire.BytesType), body)
}

// described is a service with one method, whose options are these bytes.
func described(t testing.TB, unknown []byte) protoreflect.ServiceDescriptor {
	t.Helper()
	opts := &descriptorpb.MethodOptions{}
	opts.ProtoReflect().SetUnknown(unknown)
	text := descriptorpb.FieldDescriptorProto_TYPE_STRING
	number := descriptorpb.FieldDescriptorProto_TYPE_INT32
	message := descriptorpb.FieldDescriptorProto_TYPE_MESSAGE
	one, many := descriptorpb.FieldDescriptorProto_LABEL_OPTIONAL, descriptorpb.FieldDescriptorProto_LABEL_REPEATED
	fd, err := protodesc.NewFile(&descriptorpb.FileDescriptorProto{
		Name: proto.String("t.proto"), Package: proto.String("t"), Syntax: proto.String("proto3"),
		MessageType: []*descriptorpb.DescriptorProto{{Name: proto.String("M"), Field: []*descriptorpb.FieldDescriptorProto{
			{Name: proto.String("name"), Number: proto.Int32(1), Type: &text, Label: &one},
			{Name: proto.String("names"), Number: proto.Int32(2), Type: &text, Label: &many},
			{Name: proto.String("size"), Number: proto.Int32(3), Type: &number, Label: &one},
			{Name: proto.String("inner"), Number: proto.Int32(4), Type: &message, TypeName: proto.String(".t.M"), Label: &one},
		}}},
		Service: []*descriptorpb.ServiceDescriptorProto{{Name: proto.String("S"), Method: []*descriptorpb.MethodDescriptorProto{
			{Name: proto.String("Do"), InputType: proto.String(".t.M"), OutputType: proto.String(".t.M"), Options: opts},
		}}},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return fd.Services().Get(0)
}

func TestUndeclaredPartsStopTheStart(t *testing.T) {
	for name, tc := range map[string]struct {
		options []byte
		fault   string
	}{
		"sound":                       {option(ruleFields("a.b.c", "name", 1, 1)), ""},
		"sound, deep":                 {option(ruleFields("a.b.c", "inner.inner.name", 3, 3)), ""},
		"sound, of the organisation":  {option(ruleFields("a.b.c", "", 2, 2)), ""},
		"nothing":                     {nil, "no permission"},
		"another option":              {protowire.AppendString(protowire.AppendTag(nil, 50501, protowire.BytesType), "a.b.c"), "no permission"},
		"no permission":               {option(ruleFields("", "name", 1, 1)), "no permission"},
		"a pattern for a permission":  {option(ruleFields("a.*", "name", 1, 1)), "malformed"},
		"no reach":                    {option(ruleFields("a.b.c", "name", 0, 1)), "no reach"},
		"unknown reach":               {option(ruleFields("a.b.c", "name", 4, 1)), "no reach"},
		"no audit":                    {option(ruleFields("a.b.c", "name", 1, 0)), "no audit"},
		"unknown audit":               {option(ruleFields("a.b.c", "name", 1, 1<<32|1)), "no audit"},
		"unknown field":               {option(protowire.AppendVarint(protowire.AppendTag(ruleFields("a.b.c", "name", 1, 1), 5, protowire.VarintType), 1)), "field 5"},
		"field of another type":       {option(protowire.AppendVarint(protowire.AppendTag(ruleFields("", "name", 1, 1), 1, protowire.VarintType), 1)), "field 1"},
		"cut off":                     {option(ruleFields("a.b.c", "name", 1, 1)[:4]), "EOF"},
		"not UTF-8":                   {option(ruleFields("a.\xff", "name", 1, 1)), "UTF-8"},
		"resource that is no field":   {option(ruleFields("a.b.c", "nome", 1, 1)), "nome"},
		"resource of many":            {option(ruleFields("a.b.c", "names", 1, 1)), "names"},
		"resource that is a number":   {option(ruleFields("a.b.c", "size", 1, 1)), "size"},
		"resource that is a message":  {option(ruleFields("a.b.c", "inner", 1, 1)), "inner"},
		"resource below a text":       {option(ruleFields("a.b.c", "name.name", 1, 1)), "name.name"},
		"resource with an empty word": {option(ruleFields("a.b.c", "inner..name", 1, 1)), "inner..name"},
	} {
		_, err := authz.New([]protoreflect.ServiceDescriptor{described(t, tc.options)}, nil, authz.ReadRule)
		switch {
		case tc.fault == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case tc.fault != "" && (err == nil || !strings.Contains(err.Error(), "t.S.Do") || !strings.Contains(err.Error(), tc.fault)):
			t.Errorf("%s: got %v, want the method and %q", name, err, tc.fault)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	for _, pattern := range []string{"", "*.x", "a.*.b", "a..b", "A.b", "a b", "a*", "!", "!!", ".", "a.", "!!!a", "a!", "-a"} {
		if _, err := authz.New(services(), authz.Roles{"r": {pattern}}, authz.ReadRule); err == nil {
			t.Errorf("the pattern %q was accepted", pattern)
		}
	}
	unreadable := errors.New("unreadable")
	if _, err := authz.New(services(), nil, func(protoreflect.MethodDescriptor) (authz.Rule, error) { return authz.Rule{}, unreadable }); !errors.Is(err, unreadable) {
		t.Errorf("got %v", err)
	}
}

// FuzzReadRule wants no panic, and no rule out of bytes that are not sound as a whole.
func FuzzReadRule(f *testing.F) {
	f.Add(option(ruleFields("a.b.c", "name", 1, 1)))
	f.Add(option(ruleFields("a.b.c", "name", 1, 1))[:9])
	f.Add([]byte{0xff, 0xff, 0xff})
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		opts := &descriptorpb.MethodOptions{}
		opts.ProtoReflect().SetUnknown(b)
		rule, err := authz.ReadRule(method{opts: opts})
		if err != nil && rule != (authz.Rule{}) {
			t.Errorf("a rule with an error: %+v, %v", rule, err)
		}
		if rule.Reach > authz.ReachAny || rule.Audit > authz.AuditPersonal {
			t.Errorf("unknown numbers are taken for something: %+v", rule)
		}
	})
}

// method is a method of which only the options are known.
type method struct {
	protoreflect.MethodDescriptor
	opts protoreflect.ProtoMessage
}

func (m method) Options() protoreflect.ProtoMessage { return m.opts }

// FuzzPattern wants that a sound pattern means the same to all who read it.
func FuzzPattern(f *testing.F) {
	for _, p := range []string{"*", "a.*", "!a.b", "!!a.b.c", "a..b", "a*", "!", ""} {
		f.Add(p, "a.b.c")
	}
	f.Fuzz(func(t *testing.T, pattern, permission string) {
		roles := authz.Roles{"r": {pattern}}
		if roles.Validate() != nil {
			return
		}
		given := roles.Holds(caller("r"), permission)
		if strings.HasPrefix(pattern, "!") {
			if given {
				t.Errorf("%q gives %q", pattern, permission)
			}
			// What is taken away or forbidden cannot be held, whatever else the role gives.
			plain := strings.TrimLeft(pattern, "!")
			if (authz.Roles{"r": {plain}}).Holds(caller("r"), permission) && (authz.Roles{"r": {"*", pattern}}).Holds(caller("r"), permission) {
				t.Errorf("%q does not take %q away", pattern, permission)
			}
			return
		}
		if want := pattern == permission || (strings.HasSuffix(pattern, "*") && strings.HasPrefix(permission, strings.TrimSuffix(pattern, "*"))); given != want {
			t.Errorf("%q gives %q: %v", pattern, permission, given)
		}
	})
}

func caller(roles ...string) authn.Principal { return authn.Principal{Roles: roles} }
