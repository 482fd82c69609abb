package peers

import (
	"context"
	"fmt"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/libs/rpcclient"
	"github.com/otklik/otklik/libs/rpcerr"

	accessv1 "github.com/otklik/otklik/proto/gen/go/otklik/access/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// Roles of the credentials of secret addresses: each gives what the address is for and nothing else.
const (
	RoleCalendar  = "calendar"
	RoleRecipient = "digest_recipient"
)

const (
	memberPrefix = "members/"
	keyPrefix    = "apiKeys/"
)

// Addresses makes secret addresses: their secrets are credentials that the access service keeps as digests, lets in and revokes as it does others.
type Addresses struct{ client accessv1.AccessServiceClient }

// NewAddresses asks the access service. conn calls with the role service.
func NewAddresses(conn grpc.ClientConnInterface) *Addresses {
	return &Addresses{accessv1.NewAccessServiceClient(conn)}
}

// Make makes a credential of a role and returns its name and its secret, which is told once.
func (a *Addresses) Make(ctx context.Context, organization, displayName, role string) (name, secret string, err error) {
	r, err := a.client.CreateApiKey(rpcclient.WithOrganization(ctx, organization), &accessv1.CreateApiKeyRequest{
		ApiKey: &accessv1.ApiKey{DisplayName: displayName, Kind: accessv1.ApiKey_KIND_SECRET, Roles: []string{role}},
	})
	if err != nil {
		return "", "", fmt.Errorf("make credential: %w", err)
	}
	return r.GetApiKey().GetName(), r.GetSecret(), nil
}

// End revokes a credential. That there is none, or that it is revoked, changes nothing.
func (a *Addresses) End(ctx context.Context, organization, name string) error {
	_, err := a.client.RevokeApiKey(rpcclient.WithOrganization(ctx, organization), &accessv1.RevokeApiKeyRequest{Name: name})
	if err != nil && rpcerr.Code(err) != codes.NotFound {
		return fmt.Errorf("revoke credential: %w", err)
	}
	return nil
}

// Holder is whose credential something was made with.
type Holder struct {
	Roles []string
	Units map[string][]string
}

// Holder returns what a credential may do now: `members/{member}` or `apiKeys/{api_key}`. known is false for credentials of the configuration, of which the access
// service knows nothing; ok is false where it has ended or is disabled.
func (a *Addresses) Holder(ctx context.Context, organization, name string, now time.Time) (h Holder, known, ok bool, err error) {
	ctx = rpcclient.WithOrganization(ctx, organization)
	switch {
	case strings.HasPrefix(name, memberPrefix):
		r, err := a.client.GetMember(ctx, &accessv1.GetMemberRequest{Name: name})
		if missing, err := gone(err); missing || err != nil {
			return Holder{}, true, false, err
		}
		m := r.GetMember()
		return Holder{Roles: m.GetRoles(), Units: unitsFromProto(m.GetUnits())}, true, !m.GetDisabled(), nil
	case strings.HasPrefix(name, keyPrefix):
		r, err := a.client.GetApiKey(ctx, &accessv1.GetApiKeyRequest{Name: name})
		if missing, err := gone(err); missing || err != nil {
			return Holder{}, true, false, err
		}
		k := r.GetApiKey()
		ended := k.GetRevokeTime() != nil || k.GetExpireTime() != nil && !now.Before(k.GetExpireTime().AsTime())
		return Holder{Roles: k.GetRoles(), Units: unitsFromProto(k.GetUnits())}, true, !ended, nil
	}
	return Holder{}, false, true, nil
}

// gone tells whether an error says that there is no such thing.
func gone(err error) (bool, error) {
	if rpcerr.Code(err) == codes.NotFound {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("ask whose credential it is: %w", err)
	}
	return false, nil
}

func unitsFromProto(in *typev1.Units) map[string][]string {
	out := map[string][]string{}
	for dimension, values := range map[string][]string{
		"region": in.GetRegions(), "location": in.GetLocations(), "company": in.GetCompanies(), "employee": in.GetEmployees(),
	} {
		if len(values) > 0 {
			out[dimension] = values
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

// Invite makes a one-time token by which a respondent answers a survey, under an invitation's identifier that was not used before. An empty respondent is nobody
// known.
func (a *Addresses) Invite(ctx context.Context, organization, survey, invitation, respondent string, expires time.Time) (string, error) {
	r, err := a.client.CreateInvitationTokens(rpcclient.WithOrganization(ctx, organization), &accessv1.CreateInvitationTokensRequest{
		Parent: survey, ExpireTime: timestamppb.New(expires),
		Invitations: []*accessv1.CreateInvitationTokensRequest_Invitation{{Invitation: invitation, Respondent: respondent}},
	})
	if err != nil {
		return "", fmt.Errorf("make invitation: %w", err)
	}
	return r.GetTokens()[0].GetToken(), nil
}
