package oidctest

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// storage is what the provider knows.
type storage struct {
	mu       sync.Mutex
	users    map[string]User
	clients  map[string]Client
	requests map[string]request
	codes    map[string]string
	// keys are the published ones; the last one signs.
	keys []key
}

var (
	_ op.Storage                  = (*storage)(nil)
	_ op.ClientCredentialsStorage = (*storage)(nil)
)

func newStorage() (*storage, error) {
	s := &storage{users: map[string]User{}, clients: map[string]Client{}, requests: map[string]request{}, codes: map[string]string{}}
	return s, s.rotate(true)
}

func (s *storage) addUser(u User) {
	if u.ID == "" {
		u.ID = u.Name
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.users[u.Name] = u
}

func (s *storage) addClient(c Client) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clients[c.ID] = c
}

func (s *storage) logIn(id, name, password string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	user, known := s.users[name]
	request, begun := s.requests[id]
	if !known || !begun || subtle.ConstantTimeCompare([]byte(user.Password), []byte(password)) != 1 {
		return false
	}
	request.subject, request.done, request.at = user.ID, true, time.Now()
	s.requests[id] = request
	return true
}

func (s *storage) user(id string) (User, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, u := range s.users {
		if u.ID == id {
			return u, nil
		}
	}
	return User{}, errors.New("no such user")
}

// GetClientByClientID returns a client.
func (s *storage) GetClientByClientID(_ context.Context, id string) (op.Client, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, ok := s.clients[id]
	if !ok {
		return nil, errors.New("no such client")
	}
	return client{c}, nil
}

// AuthorizeClientIDSecret checks a client's secret.
func (s *storage) AuthorizeClientIDSecret(_ context.Context, id, secret string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, ok := s.clients[id]
	if !ok || c.Secret == "" || subtle.ConstantTimeCompare([]byte(c.Secret), []byte(secret)) != 1 {
		return errors.New("wrong client or secret")
	}
	return nil
}

// ClientCredentials returns the client whose secret it is.
func (s *storage) ClientCredentials(ctx context.Context, id, secret string) (op.Client, error) {
	if err := s.AuthorizeClientIDSecret(ctx, id, secret); err != nil {
		return nil, err
	}
	return s.GetClientByClientID(ctx, id)
}

// ClientCredentialsTokenRequest says what a token of a client says.
func (s *storage) ClientCredentialsTokenRequest(_ context.Context, id string, scopes []string) (op.TokenRequest, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	audience := s.clients[id].Audience
	if len(audience) == 0 {
		audience = []string{id}
	}
	return &oidc.JWTTokenRequest{Subject: id, Audience: slices.Clone(audience), Scopes: scopes}, nil
}

// CreateAuthRequest remembers a log-in that begins.
func (s *storage) CreateAuthRequest(_ context.Context, asked *oidc.AuthRequest, subject string) (op.AuthRequest, error) {
	if slices.Contains(asked.Prompt, oidc.PromptNone) {
		return nil, oidc.ErrLoginRequired()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.clients[asked.ClientID].Secret == "" && asked.CodeChallenge == "" {
		return nil, oidc.ErrInvalidRequest().WithDescription("a public client must use PKCE")
	}
	r := request{id: rand.Text(), asked: asked, subject: subject}
	s.requests[r.id] = r
	return &r, nil
}

// AuthRequestByID returns a log-in.
func (s *storage) AuthRequestByID(_ context.Context, id string) (op.AuthRequest, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, ok := s.requests[id]
	if !ok {
		return nil, errors.New("no such request")
	}
	return &r, nil
}

// AuthRequestByCode returns the log-in of a code.
func (s *storage) AuthRequestByCode(ctx context.Context, code string) (op.AuthRequest, error) {
	s.mu.Lock()
	id, ok := s.codes[code]
	s.mu.Unlock()
	if !ok {
		return nil, errors.New("no such code")
	}
	return s.AuthRequestByID(ctx, id)
}

// SaveAuthCode remembers a code.
func (s *storage) SaveAuthCode(_ context.Context, id, code string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.codes[code] = id
	return nil
}

// DeleteAuthRequest forgets a log-in and its codes: each is of use once.
func (s *storage) DeleteAuthRequest(_ context.Context, id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.requests, id)
	for code, of := range s.codes {
		if of == id {
			delete(s.codes, code)
		}
	}
	return nil
}

// CreateAccessToken says when a token ends; the tokens are signed, and nothing of them is kept.
func (s *storage) CreateAccessToken(context.Context, op.TokenRequest) (string, time.Time, error) {
	return rand.Text(), time.Now().Add(tokenTime), nil
}

var errNoRefresh = errors.New("refresh tokens are not given")

// CreateAccessAndRefreshTokens refuses.
func (s *storage) CreateAccessAndRefreshTokens(context.Context, op.TokenRequest, string) (string, string, time.Time, error) {
	return "", "", time.Time{}, errNoRefresh
}

// TokenRequestByRefreshToken refuses.
func (s *storage) TokenRequestByRefreshToken(context.Context, string) (op.RefreshTokenRequest, error) {
	return nil, errNoRefresh
}

// GetRefreshTokenInfo knows no refresh token.
func (s *storage) GetRefreshTokenInfo(context.Context, string, string) (string, string, error) {
	return "", "", op.ErrInvalidRefreshToken
}

// RevokeToken does nothing: signed tokens end by themselves.
func (s *storage) RevokeToken(context.Context, string, string, string) *oidc.Error { return nil }

// TerminateSession does nothing: people log in each time.
func (s *storage) TerminateSession(context.Context, string, string) error { return nil }

// SetUserinfoFromScopes says of a user what the scopes ask for.
func (s *storage) SetUserinfoFromScopes(_ context.Context, info *oidc.UserInfo, id, _ string, scopes []string) error {
	u, err := s.user(id)
	if err != nil {
		return err
	}
	for _, scope := range scopes {
		switch scope {
		case oidc.ScopeOpenID:
			info.Subject = u.ID
		case oidc.ScopeProfile:
			info.Name = u.DisplayName
		case oidc.ScopeEmail:
			info.Email, info.EmailVerified = u.Email, oidc.Bool(u.EmailVerified)
		}
	}
	return nil
}

// SetUserinfoFromToken says of the user of a token everything.
func (s *storage) SetUserinfoFromToken(ctx context.Context, info *oidc.UserInfo, _, subject, _ string) error {
	return s.SetUserinfoFromScopes(ctx, info, subject, "", []string{oidc.ScopeOpenID, oidc.ScopeProfile, oidc.ScopeEmail})
}

// SetIntrospectionFromToken refuses: tokens are signed.
func (s *storage) SetIntrospectionFromToken(context.Context, *oidc.IntrospectionResponse, string, string, string) error {
	return errors.New("introspection is not offered")
}

// GetPrivateClaimsFromScopes adds nothing to access tokens.
func (s *storage) GetPrivateClaimsFromScopes(context.Context, string, string, []string) (map[string]any, error) {
	return nil, nil
}

// GetKeyByIDAndClientID knows no key of a client.
func (s *storage) GetKeyByIDAndClientID(context.Context, string, string) (*jose.JSONWebKey, error) {
	return nil, errors.New("no such key")
}

// ValidateJWTProfileScopes leaves the scopes as they are.
func (s *storage) ValidateJWTProfileScopes(_ context.Context, _ string, scopes []string) ([]string, error) {
	return scopes, nil
}

// Health is always good.
func (s *storage) Health(context.Context) error { return nil }
