package api

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/libs/authn"
	accessv1 "github.com/otklik/otklik/proto/gen/go/otklik/access/v1"
	"github.com/otklik/otklik/services/access/internal/credential"
	"github.com/otklik/otklik/services/access/internal/store"
)

// CreateSession begins a session of the member whose token of the provider the call carries.
func (s *accessServer) CreateSession(ctx context.Context, _ *accessv1.CreateSessionRequest) (*accessv1.CreateSessionResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	caller, _ := authn.FromContext(ctx)
	id, isMember := strings.CutPrefix(caller.ID, membersCollection)
	// A session must not beget another one: it would last for ever.
	subject := subjectOf(bearerToken(ctx))
	if caller.Kind != authn.KindPerson || !isMember || subject == "" {
		return nil, refuse(codes.FailedPrecondition, accessv1.ErrorReason_ERROR_REASON_CREDENTIAL_UNSUITABLE,
			"a session begins with a token of the organisation's OpenID provider; this credential is another one")
	}
	text, secret := s.newSecret(credential.PrefixSession)
	end := secret.CreateTime.Add(s.lifetime)
	session := store.Session{Organization: org, Member: id, Subject: subject, Digest: secret.Digest, CreateTime: secret.CreateTime, ExpireTime: end}
	if err := s.store.CreateSession(ctx, session); errors.Is(err, store.ErrNotFound) {
		// The member was deleted or disabled, or became somebody else, a moment ago: whom a token proves is remembered for some seconds.
		return nil, authn.ErrInvalid
	} else if err != nil {
		return nil, storeError(err)
	}
	return &accessv1.CreateSessionResponse{Token: text, ExpireTime: timestamppb.New(end)}, nil
}

// EndSession ends the session whose token the call carries.
func (s *accessServer) EndSession(ctx context.Context, _ *accessv1.EndSessionRequest) (*accessv1.EndSessionResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	if token := bearerToken(ctx); strings.HasPrefix(token, credential.PrefixSession) {
		if err := s.store.EndSession(ctx, org, sha256.Sum256([]byte(token))); err != nil {
			return nil, storeError(err)
		}
	}
	return &accessv1.EndSessionResponse{}, nil
}

// subjectOf is whom a token of a provider proves, which was verified when the call was let in; empty for other credentials.
func subjectOf(token string) string {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return ""
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return ""
	}
	var claims struct {
		Subject string `json:"sub"`
	}
	if err := json.Unmarshal(payload, &claims); err != nil {
		return ""
	}
	return claims.Subject
}

// bearerToken is the token by which the call was authenticated; empty when it was by other means.
func bearerToken(ctx context.Context) string {
	c, err := authn.FromMetadata(ctx)
	if err != nil {
		return ""
	}
	return c.Token
}
