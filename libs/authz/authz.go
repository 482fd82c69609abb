// Package authz decides who may call what. Every method declares in its proto file the permission that it needs, the field that names what it
// acts on, how far it reaches and what is remembered of it; roles hold patterns of permissions. All is worked out at start, so that a decision
// in a call is a lookup.
package authz

import (
	"context"
	"fmt"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/rpcerr"
)

// Policy says who may call which methods. Safe for concurrent use.
type Policy struct {
	methods map[string]*method
	roles   Roles
}

type method struct {
	rule Rule
	// path is that of the field Rule.Resource.
	path []protoreflect.Name
	// gives and forbids hold the roles that do so.
	gives, forbids map[string]bool
}

// New works out a policy. read tells what a method declares; ReadRule reads it from the option. An error names the malformed pattern, the method
// that does not declare all or whose resource is not a text field of its request.
func New(services []protoreflect.ServiceDescriptor, roles Roles, read func(protoreflect.MethodDescriptor) (Rule, error)) (*Policy, error) {
	if err := roles.Validate(); err != nil {
		return nil, err
	}
	policy := &Policy{methods: make(map[string]*method), roles: roles}
	for _, sd := range services {
		for i := range sd.Methods().Len() {
			md := sd.Methods().Get(i)
			m, err := newMethod(md, roles, read)
			if err != nil {
				return nil, fmt.Errorf("check method %s: %w", md.FullName(), err)
			}
			policy.methods["/"+string(sd.FullName())+"/"+string(md.Name())] = m
		}
	}
	return policy, nil
}

func newMethod(md protoreflect.MethodDescriptor, roles Roles, read func(protoreflect.MethodDescriptor) (Rule, error)) (*method, error) {
	rule, err := read(md)
	if err != nil {
		return nil, fmt.Errorf("read its rule: %w", err)
	}
	switch {
	case rule.Permission == "":
		return nil, fmt.Errorf("it declares no permission")
	case !soundPermission(rule.Permission):
		return nil, fmt.Errorf("its permission %q is malformed", rule.Permission)
	case rule.Reach == ReachUndeclared:
		return nil, fmt.Errorf("it declares no reach")
	case rule.Audit == AuditUndeclared:
		return nil, fmt.Errorf("it declares no audit")
	}
	m := &method{rule: rule, gives: map[string]bool{}, forbids: map[string]bool{}}
	if m.path, err = resourcePath(md.Input(), rule.Resource); err != nil {
		return nil, err
	}
	for role, patterns := range roles {
		given, forbidden := decide(patterns, rule.Permission)
		if given {
			m.gives[role] = true
		}
		if forbidden {
			m.forbids[role] = true
		}
	}
	return m, nil
}

// resourcePath checks that a path leads to a text field through single messages.
func resourcePath(md protoreflect.MessageDescriptor, path string) ([]protoreflect.Name, error) {
	if path == "" {
		return nil, nil
	}
	var names []protoreflect.Name
	for word := range strings.SplitSeq(path, ".") {
		if md == nil {
			return nil, fmt.Errorf("its resource %q leads beyond a text field", path)
		}
		fd := md.Fields().ByName(protoreflect.Name(word))
		if fd == nil || fd.IsList() || fd.IsMap() {
			return nil, fmt.Errorf("its resource %q is no single field of %s", path, md.FullName())
		}
		if md = fd.Message(); md == nil && fd.Kind() != protoreflect.StringKind {
			return nil, fmt.Errorf("its resource %q is no text field", path)
		}
		names = append(names, fd.Name())
	}
	if md != nil {
		return nil, fmt.Errorf("its resource %q is no text field", path)
	}
	return names, nil
}

// Check tells whether the caller may call the method (`/package.Service/Method`) with the request; nil is a request that is not known yet, which
// CheckRequest checks later. Errors are *rpcerr.Error: PERMISSION_DENIED with the reason PERMISSION_DENIED, UNITS_RESTRICTED or CREDENTIAL_BOUND,
// or UNIMPLEMENTED for a method that the policy does not know.
func (p *Policy) Check(caller authn.Principal, fullMethod string, request proto.Message) error {
	m, ok := p.methods[fullMethod]
	if !ok {
		return rpcerr.New(codes.Unimplemented, "METHOD_UNKNOWN", "there is no such method")
	}
	if err := m.checkRoles(caller.Roles); err != nil {
		return err
	}
	if m.rule.Reach == ReachOrganization && caller.Restricted() {
		return rpcerr.New(codes.PermissionDenied, ReasonUnitsRestricted, "what concerns the whole organisation is not for callers who see some of its units only",
			rpcerr.WithMetadata("permission", m.rule.Permission))
	}
	if request == nil {
		return nil
	}
	return m.checkBound(caller, request)
}

// CheckRequest is what Check does with a request, for streams, whose requests come after the decision.
func (p *Policy) CheckRequest(caller authn.Principal, fullMethod string, request proto.Message) error {
	m, ok := p.methods[fullMethod]
	if !ok {
		return rpcerr.New(codes.Unimplemented, "METHOD_UNKNOWN", "there is no such method")
	}
	return m.checkBound(caller, request)
}

// Reasons of refusals.
const (
	ReasonDenied          = "PERMISSION_DENIED"
	ReasonUnitsRestricted = "UNITS_RESTRICTED"
	ReasonCredentialBound = "CREDENTIAL_BOUND" //nolint:gosec // the name of a reason
)

// checkRoles lets callers in to whom a role gives the permission and no role forbids it.
func (m *method) checkRoles(roles []string) error {
	given := false
	for _, role := range roles {
		if m.forbids[role] {
			return rpcerr.New(codes.PermissionDenied, ReasonDenied, "the role "+role+" forbids "+m.rule.Permission,
				rpcerr.WithMetadata("permission", m.rule.Permission))
		}
		given = given || m.gives[role]
	}
	if given {
		return nil
	}
	return rpcerr.New(codes.PermissionDenied, ReasonDenied, "the caller lacks the permission "+m.rule.Permission,
		rpcerr.WithMetadata("permission", m.rule.Permission))
}

// checkBound lets a credential that is bound to resources act on these and what lies below them. Of what names no resource it may call only what
// belongs to no unit.
func (m *method) checkBound(caller authn.Principal, request proto.Message) error {
	if len(caller.Resources) == 0 || (m.path == nil && m.rule.Reach == ReachAny) {
		return nil
	}
	named := valueAt(request.ProtoReflect(), m.path)
	for _, resource := range caller.Resources {
		if rest, ok := strings.CutPrefix(named, resource); ok && resource != "" && (rest == "" || rest[0] == '/') {
			return nil
		}
	}
	return rpcerr.New(codes.PermissionDenied, ReasonCredentialBound, "the credential is bound to other resources",
		rpcerr.WithMetadata("permission", m.rule.Permission))
}

// valueAt is the text at the path; empty when there is none.
func valueAt(m protoreflect.Message, path []protoreflect.Name) string {
	for i, name := range path {
		fd := m.Descriptor().Fields().ByName(name)
		if fd == nil || fd.IsList() || fd.IsMap() {
			return ""
		}
		if i == len(path)-1 {
			if fd.Kind() != protoreflect.StringKind {
				return ""
			}
			return m.Get(fd).String()
		}
		if fd.Message() == nil {
			return ""
		}
		m = m.Get(fd).Message()
	}
	return ""
}

// Rule is what the method declares; false for an unknown method.
func (p *Policy) Rule(fullMethod string) (Rule, bool) {
	m, ok := p.methods[fullMethod]
	if !ok {
		return Rule{}, false
	}
	return m.rule, true
}

// Resource is what the request names as acted on; empty for the organisation itself and for an unknown method.
func (p *Policy) Resource(fullMethod string, request proto.Message) string {
	m, ok := p.methods[fullMethod]
	if !ok || request == nil {
		return ""
	}
	return valueAt(request.ProtoReflect(), m.path)
}

// Permission is what the method needs; "" for an unknown method.
func (p *Policy) Permission(fullMethod string) string {
	rule, _ := p.Rule(fullMethod)
	return rule.Permission
}

// Holds tells whether the caller has a permission, which need not be that of a method.
func (p *Policy) Holds(caller authn.Principal, permission string) bool {
	return p.roles.Holds(caller, permission)
}

// Holder knows the permissions of callers: a Policy or Roles.
type Holder interface {
	Holds(caller authn.Principal, permission string) bool
}

type holderKey struct{}

// WithHolder returns a context from which FromContext reads what the caller of the context holds.
func WithHolder(ctx context.Context, h Holder) context.Context {
	return context.WithValue(ctx, holderKey{}, h)
}

// Grants are what the caller of a context holds. The zero value holds nothing.
type Grants struct {
	holder Holder
	caller authn.Principal
}

// FromContext returns what the caller holds (authn.FromContext); nothing where the context carries no caller or no policy.
func FromContext(ctx context.Context) Grants {
	h, ok := ctx.Value(holderKey{}).(Holder)
	if !ok {
		return Grants{}
	}
	caller, ok := authn.FromContext(ctx)
	if !ok {
		return Grants{}
	}
	return Grants{holder: h, caller: caller}
}

// Holds tells whether the caller has the permission.
func (g Grants) Holds(permission string) bool {
	return g.holder != nil && g.holder.Holds(g.caller, permission)
}
