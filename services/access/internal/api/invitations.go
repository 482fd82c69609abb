package api

import (
	"context"
	"errors"
	"fmt"
	"time"

	"google.golang.org/grpc/codes"

	accessv1 "github.com/otklik/otklik/proto/gen/go/otklik/access/v1"
	"github.com/otklik/otklik/services/access/internal/credential"
	"github.com/otklik/otklik/services/access/internal/store"
)

// How long invitations last.
const (
	defaultInvitationLife = 30 * 24 * time.Hour
	maxInvitationLife     = 366 * 24 * time.Hour
)

// CreateInvitationTokens makes one-time tokens, all or none.
func (s *accessServer) CreateInvitationTokens(ctx context.Context, req *accessv1.CreateInvitationTokensRequest) (*accessv1.CreateInvitationTokensResponse, error) {
	org, by, err := giver(ctx)
	if err != nil {
		return nil, err
	}
	survey, err := parseName("parent", surveysCollection, req.GetParent())
	if err != nil {
		return nil, err
	}
	if !by.Covers(s.roles, []string{credential.RoleRespondent}, credential.Units{}) {
		return nil, refuse(codes.PermissionDenied, accessv1.ErrorReason_ERROR_REASON_ESCALATION, "the caller lacks what invitations allow")
	}
	expires, err := s.invitationEnd(req)
	if err != nil {
		return nil, err
	}
	sealed, err := s.sealRespondents(ctx, org, req.GetInvitations())
	if err != nil {
		return nil, err
	}
	out := &accessv1.CreateInvitationTokensResponse{}
	records := make([]store.NewInvitation, len(req.GetInvitations()))
	for i, in := range req.GetInvitations() {
		text, secret := s.newSecret(credential.PrefixInvitation)
		record := store.Invitation{
			Organization: org, ID: newOrderedID(secret.CreateTime), Invitation: in.GetInvitation(), Survey: survey, Respondent: sealed[i],
			CreateTime: secret.CreateTime, ExpireTime: expires,
		}
		if record.Invitation == "" {
			record.Invitation = record.ID
		}
		records[i] = store.NewInvitation{Invitation: record, Digest: secret.Digest}
		out.Tokens = append(out.Tokens, &accessv1.CreateInvitationTokensResponse_InvitationToken{
			Name: invitationsCollection + record.ID, Invitation: record.Invitation, Token: text,
		})
	}
	var taken *store.TakenError
	if err := s.store.CreateInvitations(ctx, records); errors.As(err, &taken) {
		return nil, invitationTaken(taken.Index, "was used before; choose another one")
	} else if err != nil {
		return nil, storeError(err)
	}
	return out, nil
}

// invitationEnd is when the tokens of a request end.
func (s *Server) invitationEnd(req *accessv1.CreateInvitationTokensRequest) (time.Time, error) {
	now := s.now()
	if req.GetExpireTime() == nil {
		return now.Add(defaultInvitationLife), nil
	}
	expires, err := timeFromProto("expire_time", req.GetExpireTime())
	if err != nil {
		return time.Time{}, err
	}
	if expires.After(now.Add(maxInvitationLife)) {
		return time.Time{}, invalidField("expire_time", "must not be more than a year away")
	}
	return expires, grantError("", credential.CheckExpiry("expire_time", expires, now))
}

// sealRespondents checks invitations and seals who is invited.
func (s *Server) sealRespondents(ctx context.Context, org string, in []*accessv1.CreateInvitationTokensRequest_Invitation) ([]credential.Sealed, error) {
	seen := make(map[string]bool, len(in))
	respondents := make([]string, len(in))
	for i, v := range in {
		if id := v.GetInvitation(); id != "" {
			if seen[id] {
				return nil, invitationTaken(i, "stands in the request twice")
			}
			seen[id] = true
		}
		respondents[i] = v.GetRespondent()
		if err := credential.CheckLine(fmt.Sprintf("invitations[%d].respondent", i), respondents[i]); err != nil {
			return nil, grantError("", err)
		}
	}
	return s.respondents.Seal(ctx, org, respondents)
}

func invitationTaken(index int, description string) error {
	return refuseField(codes.AlreadyExists, accessv1.ErrorReason_ERROR_REASON_ALREADY_EXISTS, fmt.Sprintf("invitations[%d].invitation", index), description)
}

// RevokeInvitationToken ends a one-time token.
func (s *accessServer) RevokeInvitationToken(ctx context.Context, req *accessv1.RevokeInvitationTokenRequest) (*accessv1.RevokeInvitationTokenResponse, error) {
	org, id, err := parseOwned(ctx, "name", invitationsCollection, req.GetName())
	if err != nil {
		return nil, err
	}
	if err := s.store.RevokeInvitation(ctx, org, id, s.now()); errors.Is(err, store.ErrNotFound) {
		return nil, notFound(accessv1.ErrorReason_ERROR_REASON_INVITATION_TOKEN_NOT_FOUND, "invitation token", req.GetName())
	} else if err != nil {
		return nil, storeError(err)
	}
	return &accessv1.RevokeInvitationTokenResponse{}, nil
}
