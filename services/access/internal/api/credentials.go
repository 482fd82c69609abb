package api

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/rpcerr"
	accessv1 "github.com/otklik/otklik/proto/gen/go/otklik/access/v1"
	"github.com/otklik/otklik/services/access/internal/credential"
	"github.com/otklik/otklik/services/access/internal/member"
	"github.com/otklik/otklik/services/access/internal/store"
)

// credentialServer serves CredentialService.
type credentialServer struct {
	accessv1.UnimplementedCredentialServiceServer
	*Server
}

// errNobody tells that a credential proves nobody, whatever the cause. By its domain whoever asks can tell it from a refusal of the own credentials.
var errNobody = rpcerr.New(codes.Unauthenticated, authn.ErrInvalid.Reason, authn.ErrInvalid.Message, rpcerr.WithDomain(domain))

// ResolveToken returns whom a secret proves. All that prove nobody are refused alike.
func (s *credentialServer) ResolveToken(ctx context.Context, req *accessv1.ResolveTokenRequest) (*accessv1.ResolveTokenResponse, error) {
	found, err := s.store.Resolve(ctx, store.Digest(req.GetSha256()))
	if errors.Is(err, store.ErrNotFound) {
		return nil, errNobody
	}
	if err != nil {
		return nil, storeError(err)
	}
	p, ok := s.principalOf(found)
	if !ok {
		return nil, errNobody
	}
	if v := found.Invitation; v != nil {
		if p.Respondent, err = s.respondents.Open(ctx, v.Organization, v.Respondent); err != nil {
			return nil, fmt.Errorf("open respondent: %w", err)
		}
	}
	return &accessv1.ResolveTokenResponse{Principal: p, Territory: s.territoryOf(ctx, p)}, nil
}

// principalOf is whom a secret proves; false when it has ended.
func (s *Server) principalOf(found store.Resolved) (*accessv1.Principal, bool) {
	now := s.now()
	switch {
	case ended(found.ExpireTime, now):
		return nil, false
	case found.For != "":
		return s.delegatedPrincipal(found)
	case found.Key != nil:
		k := found.Key
		if !k.RevokeTime.IsZero() || ended(k.ExpireTime, now) {
			return nil, false
		}
		return keyPrincipal(*k, credential.Earliest(k.ExpireTime, found.ExpireTime)), true
	case found.Member != nil:
		return memberPrincipal(*found.Member, found.ExpireTime), !found.Member.Disabled
	case found.Invitation != nil:
		v := found.Invitation
		return &accessv1.Principal{
			Kind: accessv1.Principal_KIND_INVITATION, Id: invitationsCollection + v.ID, Organization: v.Organization,
			Roles: []string{credential.RoleRespondent}, Surveys: []string{surveysCollection + v.Survey}, Invitation: v.Invitation,
			ExpireTime: timeToProto(credential.Earliest(v.ExpireTime, found.ExpireTime)),
		}, v.RevokeTime.IsZero() && !ended(v.ExpireTime, now)
	}
	return nil, false
}

func keyPrincipal(k store.Key, end time.Time) *accessv1.Principal {
	p := &accessv1.Principal{
		Kind: accessv1.Principal_KIND_MACHINE, Id: keysCollection + k.ID, Organization: k.Organization, Roles: k.EffectiveRoles(),
		Units: unitsToProto(k.Units), Surveys: k.Surveys, Origins: k.Origins, Rate: k.Rate, DeviceRate: k.DeviceRate, DisplayName: k.DisplayName,
		ExpireTime: timeToProto(end),
	}
	if k.Kind == credential.Publishable {
		p.Kind = accessv1.Principal_KIND_APP
	}
	return p
}

func memberPrincipal(m store.Member, end time.Time) *accessv1.Principal {
	return &accessv1.Principal{
		Kind: accessv1.Principal_KIND_PERSON, Id: membersCollection + m.ID, Organization: m.Organization, Roles: m.Roles, Units: unitsToProto(m.Units),
		DisplayName: m.DisplayName, ExpireTime: timeToProto(end),
	}
}

// loginGranularity is how exactly it is known when a member logged in last: a write for every token would be for nothing.
const loginGranularity = 10 * time.Minute

// ResolveSubject returns the member that a verified token of a provider stands for. The first time it finds the member by the address, which from
// then on does not matter: who gets the address of somebody who left does not get the membership.
func (s *credentialServer) ResolveSubject(ctx context.Context, req *accessv1.ResolveSubjectRequest) (*accessv1.ResolveSubjectResponse, error) {
	if !printable(req.GetOrganization()) || !printable(req.GetSubject()) {
		return nil, errNobody
	}
	m, err := s.store.FindSubject(ctx, req.GetOrganization(), req.GetSubject())
	if errors.Is(err, store.ErrNotFound) && req.GetVerifiedEmail() != "" && printable(req.GetVerifiedEmail()) {
		m, err = s.bindSubject(ctx, req)
	}
	if errors.Is(err, store.ErrNotFound) {
		return nil, errNobody
	}
	if err != nil {
		return nil, storeError(err)
	}
	if m.Disabled {
		return nil, errNobody
	}
	if now := s.now(); now.Sub(m.LastLoginTime) >= loginGranularity {
		if err := s.store.NoteLogin(ctx, m.Organization, m.ID, now); err != nil {
			return nil, storeError(err)
		}
	}
	p := memberPrincipal(m, time.Time{})
	return &accessv1.ResolveSubjectResponse{Principal: p, Territory: s.territoryOf(ctx, p)}, nil
}

// bindSubject makes somebody the member of the verified address. Another process may have done so a moment ago.
func (s *Server) bindSubject(ctx context.Context, req *accessv1.ResolveSubjectRequest) (store.Member, error) {
	m, err := s.store.BindSubject(ctx, store.Binding{
		Organization: req.GetOrganization(), Subject: req.GetSubject(), Email: req.GetVerifiedEmail(),
		DisplayName: member.DisplayName(req.GetDisplayName()), Time: s.now(),
	})
	if errors.Is(err, store.ErrNotFound) || errors.Is(err, store.ErrSubjectTaken) {
		return s.store.FindSubject(ctx, req.GetOrganization(), req.GetSubject())
	}
	return m, err
}

// printable tells whether text holds no control characters, as nothing does that members have.
func printable(text string) bool { return !strings.ContainsFunc(text, unicode.IsControl) }

// ReportUse notes when credentials were used last. Clocks of others may be ahead: nothing was used in the future.
func (s *credentialServer) ReportUse(ctx context.Context, req *accessv1.ReportUseRequest) (*accessv1.ReportUseResponse, error) {
	now := s.now()
	uses := make([]store.Use, 0, len(req.GetUses()))
	for i, in := range req.GetUses() {
		at, err := timeFromProto(fmt.Sprintf("uses[%d].time", i), in.GetTime())
		if err != nil {
			return nil, err
		}
		if at.After(now) {
			at = now
		}
		uses = append(uses, store.Use{Digest: store.Digest(in.GetSha256()), Time: at})
	}
	if err := s.store.NoteUse(ctx, uses); err != nil {
		return nil, storeError(err)
	}
	return &accessv1.ReportUseResponse{}, nil
}
