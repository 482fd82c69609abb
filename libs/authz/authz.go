// Package authz decides who may call what. Every method declares in its proto file the permission that it needs; roles hold patterns of
// permissions. All is worked out at start, so that a decision in a call is a lookup.
package authz

import (
	"fmt"
	"slices"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/rpcerr"
)

// PermissionNumber is the number of the method option (otklik.type.v1.permission).
const PermissionNumber protowire.Number = 50501

// Policy says which roles may call which methods. Safe for concurrent use.
type Policy struct {
	methods map[string]method
}

type method struct {
	permission string
	// roles that may call, sorted.
	roles []string
}

// New works out a policy. roles maps a role to patterns: a permission (`survey.responses.submit`), a prefix (`survey.*`), everything (`*`),
// or one of these after `!`, which takes away what the other patterns of the role give. permission tells what a method needs. An error names
// the method without a permission or the malformed pattern.
func New(services []protoreflect.ServiceDescriptor, roles map[string][]string, permission func(protoreflect.MethodDescriptor) string) (*Policy, error) {
	for role, patterns := range roles {
		for _, p := range patterns {
			if !soundPattern(p) {
				return nil, fmt.Errorf("check role %q: malformed pattern %q", role, p)
			}
		}
	}
	policy := &Policy{methods: make(map[string]method)}
	for _, sd := range services {
		for i := range sd.Methods().Len() {
			md := sd.Methods().Get(i)
			need := permission(md)
			if need == "" {
				return nil, fmt.Errorf("check method %s: it declares no permission", md.FullName())
			}
			m := method{permission: need}
			for role, patterns := range roles {
				if holds(patterns, need) {
					m.roles = append(m.roles, role)
				}
			}
			slices.Sort(m.roles)
			policy.methods["/"+string(sd.FullName())+"/"+string(md.Name())] = m
		}
	}
	return policy, nil
}

// Check tells whether p may call the method (`/package.Service/Method`). Errors are *rpcerr.Error: PERMISSION_DENIED, or UNIMPLEMENTED for a
// method that the policy does not know.
func (p *Policy) Check(caller authn.Principal, fullMethod string) error {
	m, ok := p.methods[fullMethod]
	if !ok {
		return rpcerr.New(codes.Unimplemented, "METHOD_UNKNOWN", "there is no such method")
	}
	for _, role := range caller.Roles {
		if slices.Contains(m.roles, role) {
			return nil
		}
	}
	return rpcerr.New(codes.PermissionDenied, "PERMISSION_DENIED", "the key lacks the permission "+m.permission,
		rpcerr.WithMetadata("permission", m.permission))
}

// Permission is what the method needs; "" for an unknown method.
func (p *Policy) Permission(fullMethod string) string { return p.methods[fullMethod].permission }

// holds tells whether patterns give the permission.
func holds(patterns []string, permission string) bool {
	given := false
	for _, p := range patterns {
		if taken, ok := strings.CutPrefix(p, "!"); ok {
			if matches(taken, permission) {
				return false
			}
		} else if matches(p, permission) {
			given = true
		}
	}
	return given
}

func matches(pattern, permission string) bool {
	if pattern == "*" {
		return true
	}
	if prefix, ok := strings.CutSuffix(pattern, "*"); ok {
		return strings.HasPrefix(permission, prefix)
	}
	return pattern == permission
}

// soundPattern wants words of lower-case letters, digits and underscores between dots, the last of which may be `*`.
func soundPattern(p string) bool {
	words := strings.Split(strings.TrimPrefix(p, "!"), ".")
	for i, word := range words {
		if word == "*" && i == len(words)-1 {
			return true
		}
		if word == "" || strings.Trim(word, "abcdefghijklmnopqrstuvwxyz0123456789_") != "" {
			return false
		}
	}
	return true
}

// Option reads a method option of type string by its number. It does not need the generated Go code of the option, on which packages of the
// platform must not depend.
func Option(number protowire.Number) func(protoreflect.MethodDescriptor) string {
	return func(md protoreflect.MethodDescriptor) string {
		opts := md.Options().ProtoReflect()
		value := ""
		opts.Range(func(fd protoreflect.FieldDescriptor, v protoreflect.Value) bool {
			if fd.IsExtension() && fd.Number() == number && fd.Kind() == protoreflect.StringKind {
				value = v.String()
				return false
			}
			return true
		})
		if value != "" {
			return value
		}
		// Where the option's Go code is not linked in, the option is an unknown field.
		for rest := []byte(opts.GetUnknown()); len(rest) > 0; {
			num, typ, n := protowire.ConsumeTag(rest)
			if n < 0 {
				return ""
			}
			rest = rest[n:]
			if num == number && typ == protowire.BytesType {
				b, _ := protowire.ConsumeBytes(rest)
				return string(b)
			}
			if n = protowire.ConsumeFieldValue(num, typ, rest); n < 0 {
				return ""
			}
			rest = rest[n:]
		}
		return ""
	}
}
