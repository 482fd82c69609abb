package api

import (
	"context"
	"slices"

	"github.com/otklik/otklik/libs/authn"
	accessv1 "github.com/otklik/otklik/proto/gen/go/otklik/access/v1"
	"github.com/otklik/otklik/services/access/internal/credential"
)

// GetCaller tells who the caller is and what the credential allows.
func (s *accessServer) GetCaller(ctx context.Context, _ *accessv1.GetCallerRequest) (*accessv1.GetCallerResponse, error) {
	p, ok := authn.FromContext(ctx)
	if !ok {
		return nil, authn.ErrMissing
	}
	return &accessv1.GetCallerResponse{Principal: callerToProto(p), Permissions: s.roles.Permissions(p.Roles)}, nil
}

// giver is the caller as one who gives roles, and the caller's organisation.
func giver(ctx context.Context) (string, credential.Giver, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return "", credential.Giver{}, err
	}
	p, _ := authn.FromContext(ctx)
	return org, credential.Giver{Roles: slices.Clone(p.Roles), Units: credential.UnitsOf(p.Given())}, nil
}
