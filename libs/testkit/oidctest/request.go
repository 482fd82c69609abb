package oidctest

import (
	"time"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// request is a log-in under way.
type request struct {
	id      string
	asked   *oidc.AuthRequest
	subject string
	done    bool
	at      time.Time
}

var _ op.AuthRequest = (*request)(nil)

// GetID returns the identifier.
func (r *request) GetID() string { return r.id }

// GetACR returns nothing.
func (r *request) GetACR() string { return "" }

// GetAMR says that a password was used.
func (r *request) GetAMR() []string { return []string{"pwd"} }

// GetAudience returns whom the tokens are for.
func (r *request) GetAudience() []string { return []string{r.asked.ClientID} }

// GetAuthTime returns when the person logged in.
func (r *request) GetAuthTime() time.Time { return r.at }

// GetClientID returns who asked.
func (r *request) GetClientID() string { return r.asked.ClientID }

// GetCodeChallenge returns the challenge of PKCE.
func (r *request) GetCodeChallenge() *oidc.CodeChallenge {
	if r.asked.CodeChallenge == "" {
		return nil
	}
	return &oidc.CodeChallenge{Challenge: r.asked.CodeChallenge, Method: r.asked.CodeChallengeMethod}
}

// GetNonce returns the nonce.
func (r *request) GetNonce() string { return r.asked.Nonce }

// GetRedirectURI returns where to send the browser back to.
func (r *request) GetRedirectURI() string { return r.asked.RedirectURI }

// GetResponseType returns what was asked for.
func (r *request) GetResponseType() oidc.ResponseType { return r.asked.ResponseType }

// GetResponseMode returns how it was asked for.
func (r *request) GetResponseMode() oidc.ResponseMode { return r.asked.ResponseMode }

// GetScopes returns the scopes.
func (r *request) GetScopes() []string { return r.asked.Scopes }

// GetState returns the state.
func (r *request) GetState() string { return r.asked.State }

// GetSubject returns who logged in.
func (r *request) GetSubject() string { return r.subject }

// Done tells whether somebody logged in.
func (r *request) Done() bool { return r.done }
