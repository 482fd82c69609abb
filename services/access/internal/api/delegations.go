package api

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/interceptor/requestid"
	accessv1 "github.com/otklik/otklik/proto/gen/go/otklik/access/v1"
	"github.com/otklik/otklik/services/access/internal/audit"
	"github.com/otklik/otklik/services/access/internal/credential"
	"github.com/otklik/otklik/services/access/internal/store"
)

// defaultDelegation is how long a delegated token is good for unless told otherwise: one report takes no longer.
const defaultDelegation = 10 * time.Minute

// CreateDelegatedToken makes a token by which a service acts on behalf of somebody. It is stored as every other secret is: the replicas know it at once, a
// restart does not end it, it can be forgotten, and there is no signing key that anybody could take.
func (s *credentialServer) CreateDelegatedToken(ctx context.Context, req *accessv1.CreateDelegatedTokenRequest) (*accessv1.CreateDelegatedTokenResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	lifetime := defaultDelegation
	if req.GetLifetime() != nil {
		lifetime = req.GetLifetime().AsDuration()
	}
	text, secret := s.newSecret(credential.PrefixDelegated)
	d := store.Delegation{
		Organization: org, For: req.GetResource(), Digest: secret.Digest, CreateTime: secret.CreateTime, ExpireTime: secret.CreateTime.Add(lifetime),
	}
	switch {
	case strings.HasPrefix(req.GetPrincipal(), membersCollection):
		d.Kind = store.DelegatedMember
		d.Owner, err = parseName("principal", membersCollection, req.GetPrincipal())
	case strings.HasPrefix(req.GetPrincipal(), keysCollection):
		d.Kind = store.DelegatedKey
		d.Owner, err = parseName("principal", keysCollection, req.GetPrincipal())
	default:
		d.Kind, d.Owner = store.DelegatedStatic, req.GetPrincipal()
	}
	if err != nil {
		return nil, err
	}
	if err := s.store.CreateDelegation(ctx, d); errors.Is(err, store.ErrNotFound) {
		return nil, errPrincipalGone
	} else if err != nil {
		return nil, storeError(err)
	}
	found, err := s.store.Resolve(ctx, d.Digest)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, storeError(err)
	}
	p, ok := s.principalOf(found)
	if !ok {
		return nil, errPrincipalGone
	}
	// Nobody has the token before it is remembered that it was made.
	if err := s.rememberDelegation(ctx, p, req); err != nil {
		return nil, err
	}
	return &accessv1.CreateDelegatedTokenResponse{
		Token: text, ExpireTime: timestamppb.New(d.ExpireTime), Principal: p, Permissions: s.roles.Permissions(p.GetRoles()),
		Territory: s.territoryOf(ctx, p),
	}, nil
}

// errPrincipalGone tells that on behalf of somebody nothing can be done.
var errPrincipalGone = refuseField(codes.FailedPrecondition, accessv1.ErrorReason_ERROR_REASON_PRINCIPAL_GONE, "principal",
	"was removed, disabled or revoked, has expired, or cannot be acted for: whoever is in charge now has to take it over")

// delegatedPrincipal is on whose behalf a service acts by a secret; false when there is nobody, or nobody who can be acted for: keys of apps may do nothing
// that takes a service, and services act for themselves.
func (s *Server) delegatedPrincipal(found store.Resolved) (*accessv1.Principal, bool) {
	resource := found.For
	found.For = ""
	var p *accessv1.Principal
	switch {
	case found.Static != nil:
		static, ok := s.static(found.Static.Organization, found.Static.ID)
		if !ok || static.HasRole(authn.RoleService) {
			return nil, false
		}
		p = callerToProto(static)
		p.ExpireTime = timeToProto(credential.Earliest(static.Expires, found.ExpireTime))
	default:
		var ok bool
		if p, ok = s.principalOf(found); !ok {
			return nil, false
		}
	}
	if p.GetKind() != accessv1.Principal_KIND_PERSON && p.GetKind() != accessv1.Principal_KIND_MACHINE {
		return nil, false
	}
	// No browser sends it. What is done with it is found in the audit log under the principal, and told from what the principal does.
	p.Origins = nil
	p.DisplayName = strings.TrimSpace(fmt.Sprintf("%s (on behalf, for %s)", p.GetDisplayName(), resource))
	return p, true
}

// rememberDelegation puts into the audit log on whose behalf a service acts and for what: the steps of the server leave out what services do.
func (s *Server) rememberDelegation(ctx context.Context, p *accessv1.Principal, req *accessv1.CreateDelegatedTokenRequest) error {
	e := audit.Entry{
		Organization: p.GetOrganization(), Time: s.now(), Actor: p.GetId(), ActorName: p.GetDisplayName(),
		Method:     strings.TrimPrefix(accessv1.CredentialService_CreateDelegatedToken_FullMethodName, "/"),
		Permission: permissionDelegate, Resource: req.GetResource(), ClientAddress: authn.ClientAddress(ctx), RequestID: requestid.FromContext(ctx),
		Outcome: audit.Succeeded,
	}
	if _, err := s.store.AppendAudit(ctx, []audit.Entry{e.Clean()}); err != nil {
		return storeError(err)
	}
	return nil
}

// permissionDelegate is what CreateDelegatedToken needs.
const permissionDelegate = "access.credentials.delegate"
