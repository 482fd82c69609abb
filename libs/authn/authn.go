// Package authn knows who calls: principals, the static keys that prove them, and how a principal travels in a context.
package authn

import (
	"context"
	"maps"
	"slices"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/rpcerr"
)

// RoleApp is the role of publishable keys.
const RoleApp = "app"

// RoleService is the role of principals that may act for the organisation named in the call's metadata (MetadataOrganization).
const RoleService = "service"

// Kind is what kind of credential proved who calls.
type Kind uint8

// The kinds of credentials.
const (
	// KindMachine is a secret key or token of a program; also the static keys of the configuration.
	KindMachine Kind = iota
	// KindApp is a publishable key, which may stand in an app.
	KindApp
	// KindPerson is somebody who logged in.
	KindPerson
	// KindInvitation is a one-time token.
	KindInvitation
	// KindService is a service of the suite.
	KindService
)

// KindNamed is the kind of a name as the access service writes it in its messages, such as KIND_PERSON. One that is not known, as of a later release, is that with
// the fewest rights.
func KindNamed(name string) Kind {
	switch name {
	case "KIND_MACHINE":
		return KindMachine
	case "KIND_PERSON":
		return KindPerson
	case "KIND_INVITATION":
		return KindInvitation
	case "KIND_SERVICE":
		return KindService
	default:
		return KindApp
	}
}

// Principal is an authenticated caller. It is shared between calls: nobody changes what it refers to.
type Principal struct {
	Kind Kind
	// ID names the credential or member, never its secret.
	ID string
	// Name is what people call the caller; empty when unknown.
	Name string
	// Organization owns everything that the caller may see or change; empty only for a service that acts for nobody in this call.
	Organization string
	// Roles name what the caller may do (see package authz).
	Roles []string
	// Units are what the caller is restricted to, by dimension (the key of a context, such as location); something belongs to the caller when
	// it has one of the values in one of the dimensions. Empty means that the caller is not restricted.
	Units map[string][]string
	// Granted are the units as they were given, where Units hold more (see Widen); nil where they are the same. What is stored or told of a caller are these:
	// what lies in a unit changes.
	Granted map[string][]string
	// Resources are the names of what the credential is bound to; empty means that it is not bound.
	Resources []string
	// Origins are where browsers may use the credential from; see CheckOrigin.
	Origins []string
	// Bound are the values that what the caller sends must have or gets, such as the invitation of a one-time token.
	Bound map[string]string
	// Rate is how many calls a second the credential may make in the long run, DeviceRate how many a minute each device with it; 0 means the
	// bounds of the configuration.
	Rate, DeviceRate float64
	// Device is the device that the caller names; empty when it names none. It is a claim, good for sharing out a limit and for nothing else.
	Device string
	// Expires is when the credential ends; zero when it does not.
	Expires time.Time
}

// Restricted tells whether the caller sees some units only.
func (p Principal) Restricted() bool { return len(p.Units) > 0 }

// Given are the units as they were given to the caller.
func (p Principal) Given() map[string][]string {
	if p.Granted != nil {
		return p.Granted
	}
	return p.Units
}

// Widen returns the caller with what lies in the units as units too, by dimension. Who is not restricted stays so.
func (p Principal) Widen(within map[string][]string) Principal {
	if !p.Restricted() {
		return p
	}
	given, wide := p.Given(), maps.Clone(p.Units)
	for dimension, values := range within {
		if len(values) > 0 {
			all := slices.Concat(wide[dimension], values)
			slices.Sort(all)
			wide[dimension] = slices.Compact(all)
		}
	}
	p.Units, p.Granted = wide, given
	return p
}

// HasRole tells whether the principal holds the role.
func (p Principal) HasRole(role string) bool { return slices.Contains(p.Roles, role) }

type principalKey struct{}

// WithPrincipal returns a context that carries the caller.
func WithPrincipal(ctx context.Context, p Principal) context.Context {
	return context.WithValue(ctx, principalKey{}, &p)
}

// FromContext returns the caller; false when the context carries none.
func FromContext(ctx context.Context) (Principal, bool) {
	p, ok := ctx.Value(principalKey{}).(*Principal)
	if !ok {
		return Principal{}, false
	}
	return *p, true
}

// Organization returns the organisation that the caller acts for. Every stored key and every query starts with it. The errors are
// *rpcerr.Error: UNAUTHENTICATED when there is no caller, INVALID_ARGUMENT when a service named no organisation.
func Organization(ctx context.Context) (string, error) {
	p, ok := ctx.Value(principalKey{}).(*Principal)
	if !ok {
		return "", ErrMissing
	}
	if p.Organization == "" {
		return "", rpcerr.New(codes.InvalidArgument, "ORGANIZATION_REQUIRED",
			"a service must name the organisation that it acts for in the metadata "+MetadataOrganization)
	}
	return p.Organization, nil
}
