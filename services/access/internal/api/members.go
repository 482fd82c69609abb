package api

import (
	"context"
	"errors"
	"fmt"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/mask"
	"github.com/otklik/otklik/libs/rpcerr"
	accessv1 "github.com/otklik/otklik/proto/gen/go/otklik/access/v1"
	"github.com/otklik/otklik/services/access/internal/credential"
	"github.com/otklik/otklik/services/access/internal/store"
)

// CreateMember creates a member.
func (s *accessServer) CreateMember(ctx context.Context, req *accessv1.CreateMemberRequest) (*accessv1.CreateMemberResponse, error) {
	org, by, err := giver(ctx)
	if err != nil {
		return nil, err
	}
	m := store.Member{Organization: org, ID: req.GetMemberId(), Member: memberFromProto(req.GetMember()), CreateTime: s.now()}
	if err := m.Check(s.roles, by); err != nil {
		return nil, grantError("member", err)
	}
	stored, err := s.createMember(ctx, m)
	if err != nil {
		return nil, memberError(m.ID, err)
	}
	return &accessv1.CreateMemberResponse{Member: memberToProto(stored)}, nil
}

// createMember stores a member, under an identifier made here when it has none.
func (s *Server) createMember(ctx context.Context, m store.Member) (store.Member, error) {
	if m.ID != "" {
		return s.store.CreateMember(ctx, m)
	}
	for range idAttempts {
		m.ID = newID(shortID)
		if stored, err := s.store.CreateMember(ctx, m); !errors.Is(err, store.ErrExists) {
			return stored, err
		}
	}
	return store.Member{}, fmt.Errorf("make identifier: %d were taken", idAttempts)
}

// memberError explains an error of a call about a member. It never tells whose subject or address is taken.
func memberError(id string, err error) error {
	exists := accessv1.ErrorReason_ERROR_REASON_ALREADY_EXISTS
	switch {
	case errors.Is(err, store.ErrNotFound):
		return notFound(accessv1.ErrorReason_ERROR_REASON_MEMBER_NOT_FOUND, "member", membersCollection+id)
	case errors.Is(err, store.ErrExists):
		return refuseField(codes.AlreadyExists, exists, "member_id", "is taken; choose another one")
	case errors.Is(err, store.ErrSubjectTaken):
		return refuseField(codes.AlreadyExists, exists, "member.subject", "is that of another member")
	case errors.Is(err, store.ErrEmailTaken):
		return refuseField(codes.AlreadyExists, exists, "member.email", "is that of another member")
	case errors.Is(err, store.ErrChanged):
		return etagMismatch("member.etag")
	case errors.Is(err, store.ErrLastAdministrator):
		return refuse(codes.FailedPrecondition, accessv1.ErrorReason_ERROR_REASON_LAST_ADMINISTRATOR,
			"the last administrator cannot be taken away: make somebody else one before")
	}
	return storeError(err)
}

// GetMember returns a member.
func (s *accessServer) GetMember(ctx context.Context, req *accessv1.GetMemberRequest) (*accessv1.GetMemberResponse, error) {
	org, id, err := parseOwned(ctx, "name", membersCollection, req.GetName())
	if err != nil {
		return nil, err
	}
	m, err := s.store.GetMember(ctx, org, id)
	if err != nil {
		return nil, memberError(id, err)
	}
	return &accessv1.GetMemberResponse{Member: memberToProto(m)}, nil
}

// ListMembers lists members, the newest first.
func (s *accessServer) ListMembers(ctx context.Context, req *accessv1.ListMembersRequest) (*accessv1.ListMembersResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	p, err := s.openList(accessv1.AccessService_ListMembers_FullMethodName, org, req, req.GetPageToken(), req.GetPageSize())
	if err != nil {
		return nil, err
	}
	members, more, err := s.store.ListMembers(ctx, p.query)
	if err != nil {
		return nil, storeError(err)
	}
	out := &accessv1.ListMembersResponse{}
	var last store.Place
	for _, m := range members {
		out.Members = append(out.Members, memberToProto(m))
		last = store.Place{CreateTime: m.CreateTime, ID: m.ID}
	}
	out.NextPageToken = s.next(p, more, last)
	return out, nil
}

// mutableMemberFields are the fields of a member that an update may change.
var mutableMemberFields = []string{"display_name", "subject", "email", "roles", "units", "disabled"}

// UpdateMember changes a member. With an etag the member must still have it; without one a change that another overtook is made again on what the
// member is then.
func (s *accessServer) UpdateMember(ctx context.Context, req *accessv1.UpdateMemberRequest) (*accessv1.UpdateMemberResponse, error) {
	in := req.GetMember()
	// The rules of the protos leave the member of this request alone, since only the fields of the mask matter. The name always does.
	if err := s.rules.Check(&accessv1.GetMemberRequest{Name: in.GetName()}); err != nil {
		return nil, rpcerr.Under("member", err)
	}
	org, by, err := giver(ctx)
	if err != nil {
		return nil, err
	}
	id, err := parseName("member.name", membersCollection, in.GetName())
	if err != nil {
		return nil, err
	}
	fields, err := mask.Changed(req.GetUpdateMask(), in, mutableMemberFields)
	if err != nil {
		return nil, err
	}
	for range changeAttempts {
		current, err := s.store.GetMember(ctx, org, id)
		if err != nil {
			return nil, memberError(id, err)
		}
		if wanted := in.GetEtag(); wanted != "" && wanted != etag(current.CreateTime, current.Version) {
			return nil, etagMismatch("member.etag")
		}
		next, err := s.overlaidMember(by, current, in, fields)
		if err != nil {
			return nil, err
		}
		stored, err := s.store.UpdateMember(ctx, next)
		if err == nil {
			return &accessv1.UpdateMemberResponse{Member: memberToProto(stored)}, nil
		}
		if !errors.Is(err, store.ErrChanged) || in.GetEtag() != "" {
			return nil, memberError(id, err)
		}
	}
	return nil, etagMismatch("member.etag")
}

// overlaidMember is a member with some fields changed. The result is checked as a whole: who says which person is a member must be able to give all
// that the member may do.
func (s *Server) overlaidMember(by credential.Giver, current store.Member, in *accessv1.Member, fields []string) (store.Member, error) {
	merged := memberToProto(current)
	mask.Overlay(merged, in, fields)
	if err := s.rules.Check(&accessv1.CreateMemberRequest{Member: merged}); err != nil {
		return store.Member{}, err
	}
	next := current
	next.Member = memberFromProto(merged)
	return next, grantError("member", next.Check(s.roles, by))
}

// DeleteMember removes a member and ends the sessions of the member.
func (s *accessServer) DeleteMember(ctx context.Context, req *accessv1.DeleteMemberRequest) (*accessv1.DeleteMemberResponse, error) {
	org, id, err := parseOwned(ctx, "name", membersCollection, req.GetName())
	if err != nil {
		return nil, err
	}
	if err := s.store.DeleteMember(ctx, org, id); err != nil {
		return nil, memberError(id, err)
	}
	return &accessv1.DeleteMemberResponse{}, nil
}
