package peers

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/authz"
	"github.com/otklik/otklik/libs/rpcclient"
	"github.com/otklik/otklik/libs/rpcerr"

	accessv1 "github.com/otklik/otklik/proto/gen/go/otklik/access/v1"
)

// ErrGone tells that nothing can be done on somebody's behalf any more: he was removed, disabled or revoked, or has expired.
var ErrGone = errors.New("nobody is there on whose behalf it could be done")

// Delegates acts on behalf of those who are not there to call, for what goes by itself. Safe for concurrent use.
type Delegates struct {
	client accessv1.CredentialServiceClient
}

// Delegate asks the access service over conn, whose calls carry a credential of the role service.
func Delegate(conn grpc.ClientConnInterface) *Delegates {
	return &Delegates{client: accessv1.NewCredentialServiceClient(conn)}
}

// Delegated is on whose behalf something is done.
type Delegated struct {
	Principal   authn.Principal
	Permissions []string
}

// May tells whether the principal has a permission.
func (d Delegated) May(permission string) bool {
	_, ok := slices.BinarySearch(d.Permissions, permission)
	return ok
}

var _ authz.Holder = Delegated{}

// Holds implements authz.Holder: what handlers ask of their callers, jobs are told of whom they act for.
func (d Delegated) Holds(_ authn.Principal, permission string) bool { return d.May(permission) }

// OnBehalf returns a context of calls on behalf of a principal of an organisation, with the roles and units that it has now, for a lifetime of at most an
// hour: whoever works longer asks again. resource is the name of what the work is for, which the audit log tells. What is done in this process must be
// asked for by May: nobody else looks at permissions there. Errors: ErrGone; ErrUnavailable; ctx's.
func (d *Delegates) OnBehalf(ctx context.Context, organization, principal, resource string, lifetime time.Duration) (context.Context, Delegated, error) {
	answer, err := d.client.CreateDelegatedToken(rpcclient.WithOrganization(ctx, organization), &accessv1.CreateDelegatedTokenRequest{
		Principal: principal, Resource: resource, Lifetime: durationpb.New(lifetime),
	})
	switch {
	case err == nil:
	case ctx.Err() != nil:
		return nil, Delegated{}, ctx.Err()
	case rpcerr.Reason(err) == rpcerr.ReasonOf(accessv1.ErrorReason_ERROR_REASON_PRINCIPAL_GONE):
		return nil, Delegated{}, fmt.Errorf("act on behalf of %s: %w", principal, ErrGone)
	default:
		return nil, Delegated{}, fmt.Errorf("act on behalf of %s: %w: %w", principal, ErrUnavailable, err)
	}
	by := Delegated{Principal: principalOf(answer.GetPrincipal(), answer.GetTerritory()), Permissions: answer.GetPermissions()}
	return OnBehalf(authz.WithHolder(authn.WithPrincipal(ctx, by.Principal), by), answer.GetToken()), by, nil
}

// OnBehalf makes calls that go out as the caller of ctx go out by a token.
func OnBehalf(ctx context.Context, token string) context.Context {
	return metadata.NewIncomingContext(ctx, metadata.Pairs(authn.MetadataAuthorization, "Bearer "+token))
}

// principalOf is a principal as the access service tells it, with what lies in its regions.
func principalOf(p *accessv1.Principal, in *accessv1.Territory) authn.Principal {
	out := authn.Principal{
		Kind: authn.KindNamed(p.GetKind().String()), ID: p.GetId(), Name: p.GetDisplayName(), Organization: p.GetOrganization(), Roles: p.GetRoles(), Resources: p.GetSurveys(),
	}
	for dimension, values := range map[string][]string{
		"region": p.GetUnits().GetRegions(), "location": p.GetUnits().GetLocations(), "company": p.GetUnits().GetCompanies(),
		"employee": p.GetUnits().GetEmployees(),
	} {
		if len(values) == 0 {
			continue
		}
		if out.Units == nil {
			out.Units = make(map[string][]string)
		}
		out.Units[dimension] = values
	}
	if in != nil {
		return out.Widen(map[string][]string{"region": in.GetRegions(), "location": in.GetLocations()})
	}
	return out
}
