// Package authn knows who calls: principals, the static keys that prove them, and how a principal travels in a context.
package authn

import (
	"context"
	"slices"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/rpcerr"
)

// RoleService is the role of principals that may act for the organisation named in the call's metadata (MetadataOrganization).
const RoleService = "service"

// MetadataOrganization is the metadata key by which a service names the organisation that it acts for.
const MetadataOrganization = "otklik-organization"

// Principal is an authenticated caller.
type Principal struct {
	// ID names the credential, never its secret.
	ID string
	// Organization owns everything that the caller may see or change; empty only for a service that acts for nobody in this call.
	Organization string
	// Roles name what the caller may do (see package authz).
	Roles []string
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
		return "", rpcerr.New(codes.Unauthenticated, "CREDENTIALS_MISSING", "the call carries no credentials")
	}
	if p.Organization == "" {
		return "", rpcerr.New(codes.InvalidArgument, "ORGANIZATION_REQUIRED",
			"a service must name the organisation that it acts for in the metadata "+MetadataOrganization)
	}
	return p.Organization, nil
}
