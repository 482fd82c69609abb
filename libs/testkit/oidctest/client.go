package oidctest

import (
	"net/url"
	"slices"
	"time"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// tokenTime is how long tokens are good for.
const tokenTime = time.Hour

// client is a Client as the library sees it.
type client struct{ Client }

var _ op.Client = client{}

// GetID returns the identifier.
func (c client) GetID() string { return c.ID }

// RedirectURIs returns where browsers may be sent back to.
func (c client) RedirectURIs() []string { return c.Client.RedirectURIs }

// PostLogoutRedirectURIs returns where browsers may be sent to after a log-out.
func (c client) PostLogoutRedirectURIs() []string { return c.Client.PostLogoutRedirectURIs }

// ApplicationType returns what kind of program it is.
func (c client) ApplicationType() op.ApplicationType {
	if c.Secret == "" {
		return op.ApplicationTypeUserAgent
	}
	return op.ApplicationTypeWeb
}

// AuthMethod returns how it shows who it is.
func (c client) AuthMethod() oidc.AuthMethod {
	if c.Secret == "" {
		return oidc.AuthMethodNone
	}
	return oidc.AuthMethodBasic
}

// ResponseTypes returns what it may ask for at log-ins.
func (client) ResponseTypes() []oidc.ResponseType { return []oidc.ResponseType{oidc.ResponseTypeCode} }

// GrantTypes returns for what it may get tokens.
func (c client) GrantTypes() []oidc.GrantType {
	types := []oidc.GrantType{oidc.GrantTypeCode}
	if c.Secret != "" {
		types = append(types, oidc.GrantTypeClientCredentials)
	}
	return types
}

// LoginURL returns where people log in.
func (client) LoginURL(id string) string { return "/login?id=" + url.QueryEscape(id) }

// AccessTokenType says that access tokens are signed.
func (client) AccessTokenType() op.AccessTokenType { return op.AccessTokenTypeJWT }

// IDTokenLifetime returns how long ID tokens are good for.
func (client) IDTokenLifetime() time.Duration { return tokenTime }

// DevMode allows addresses without TLS.
func (client) DevMode() bool { return true }

// RestrictAdditionalIdTokenScopes leaves the scopes as they are.
//
//nolint:revive // The library gives the name.
func (client) RestrictAdditionalIdTokenScopes() func([]string) []string {
	return slices.Clone[[]string]
}

// RestrictAdditionalAccessTokenScopes leaves the scopes as they are.
func (client) RestrictAdditionalAccessTokenScopes() func([]string) []string {
	return slices.Clone[[]string]
}

// IsScopeAllowed allows none but the standard's.
func (client) IsScopeAllowed(string) bool { return false }

// IDTokenUserinfoClaimsAssertion puts the claims of the scopes into ID tokens, as most providers do.
func (client) IDTokenUserinfoClaimsAssertion() bool { return true }

// ClockSkew is none.
func (client) ClockSkew() time.Duration { return 0 }
