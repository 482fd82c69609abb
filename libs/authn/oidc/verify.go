// Package oidc tells whom tokens of OpenID providers prove, and lets people log in at a provider. What the subject of a token may do is not
// its business.
package oidc

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"google.golang.org/grpc/codes"

	"github.com/coreos/go-oidc/v3/oidc"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/rpcerr"
)

const (
	// leeway is how far the clocks of a provider and of this machine may differ.
	leeway = time.Minute
	// greatestToken bounds a token, in bytes.
	greatestToken = 16 << 10
	// greatestSubject bounds the claim `sub`, as the standard does.
	greatestSubject = 255
	// tokenCharacters are those of base64url, and the dot.
	tokenCharacters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."
	// greatestEmail bounds an address, in bytes, and greatestName a name, in characters.
	greatestEmail, greatestName = 255, 200
)

// The reasons of errors.
const (
	// ReasonInvalid is why a token is refused, whatever is wrong with it.
	ReasonInvalid = "CREDENTIALS_INVALID"
	// ReasonProviderAway tells that the token cannot be checked, or nobody can log in, for the time being.
	ReasonProviderAway = "PROVIDER_UNAVAILABLE"
)

// algorithms are those by which tokens may be signed: each needs a private key. `none` and those with a shared secret are not among them.
func algorithms() []jose.SignatureAlgorithm {
	return []jose.SignatureAlgorithm{jose.RS256, jose.ES256, jose.EdDSA}
}

// Deps is what a verifier needs from outside.
type Deps struct {
	// Transport makes the requests to providers; nil means http.DefaultTransport.
	Transport http.RoundTripper
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Verifier checks tokens of the providers that the configuration names. Safe for concurrent use.
type Verifier struct {
	issuers []Issuer
	// providers has one entry for each address; several organisations may share one.
	providers map[string]*provider
	now       func() time.Time
}

var _ authn.TokenVerifier = (*Verifier)(nil)

// New checks the settings, and asks no provider for anything yet.
func New(issuers []Issuer, deps Deps) (*Verifier, error) {
	if err := checkAll(issuers); err != nil {
		return nil, err
	}
	v := &Verifier{issuers: slices.Clone(issuers), providers: make(map[string]*provider), now: deps.Now}
	if v.now == nil {
		v.now = time.Now
	}
	transport := deps.Transport
	if transport == nil {
		transport = http.DefaultTransport
	}
	client := newClient(transport)
	for _, issuer := range issuers {
		if v.providers[issuer.Issuer] == nil {
			v.providers[issuer.Issuer] = &provider{issuer: issuer.Issuer, client: client, now: v.now}
		}
	}
	return v, nil
}

// claims are those parts of a token that the library does not check as it is needed here.
type claims struct {
	AuthorizedParty string `json:"azp"`
	NotBefore       any    `json:"nbf"`
	Email           string `json:"email"`
	EmailVerified   any    `json:"email_verified"`
	Name            string `json:"name"`
}

// VerifyToken returns whom the token proves.
func (v *Verifier) VerifyToken(ctx context.Context, token string) (authn.Subject, error) {
	subject, _, err := v.verify(ctx, token)
	return subject, err
}

func (v *Verifier) verify(ctx context.Context, token string) (authn.Subject, *oidc.IDToken, error) {
	name, err := claimedIssuer(token)
	if err != nil {
		return authn.Subject{}, nil, refusal(err)
	}
	provider, ok := v.providers[name]
	if !ok {
		return authn.Subject{}, nil, refusal(errors.New("the issuer is not known"))
	}
	found, err := provider.discover(ctx)
	if err != nil {
		return authn.Subject{}, nil, away(err)
	}
	checked, err := found.verifier.Verify(ctx, token)
	if err != nil {
		// The library does not wrap the errors of key sets.
		if strings.Contains(err.Error(), errKeysAway.Error()) {
			return authn.Subject{}, nil, away(err)
		}
		return authn.Subject{}, nil, refusal(err)
	}
	subject, err := v.check(checked)
	if err != nil {
		return authn.Subject{}, nil, refusal(err)
	}
	return subject, checked, nil
}

// claimedIssuer reads the issuer of a token whose signature nobody has checked yet: it tells whose keys to check it by.
func claimedIssuer(token string) (string, error) {
	if len(token) > greatestToken {
		return "", errors.New("the token is too long")
	}
	// Stricter than the library, which skips white space: one token has one spelling.
	if strings.ContainsFunc(token, func(r rune) bool { return !strings.ContainsRune(tokenCharacters, r) }) {
		return "", errors.New("the token has characters that none has")
	}
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return "", errors.New("the token has not three parts")
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return "", fmt.Errorf("decode payload: %w", err)
	}
	var c struct {
		Issuer string `json:"iss"`
	}
	if err := json.Unmarshal(payload, &c); err != nil {
		return "", fmt.Errorf("read payload: %w", err)
	}
	return c.Issuer, nil
}

// check decides of a token whose signature and issuer are right.
func (v *Verifier) check(token *oidc.IDToken) (authn.Subject, error) {
	var c claims
	if err := token.Claims(&c); err != nil {
		return authn.Subject{}, fmt.Errorf("read claims: %w", err)
	}
	if token.Subject == "" || len(token.Subject) > greatestSubject {
		return authn.Subject{}, errors.New("the subject is missing or too long")
	}
	if err := checkTimes(token, c, v.now()); err != nil {
		return authn.Subject{}, err
	}
	organization, err := v.organizationOf(token, c.AuthorizedParty)
	if err != nil {
		return authn.Subject{}, err
	}
	subject := authn.Subject{
		Issuer: token.Issuer, ID: token.Subject, Organization: organization, Name: firstRunes(c.Name, greatestName), Expires: token.Expiry,
	}
	// Some providers write the truth value as a text.
	if (c.EmailVerified == true || c.EmailVerified == "true") && len(c.Email) <= greatestEmail {
		subject.VerifiedEmail = c.Email
	}
	return subject, nil
}

// organizationOf is the one organisation that takes the token. One of several audiences could be for more: it is for none then, since which of them
// comes first in the configuration must not decide.
func (v *Verifier) organizationOf(token *oidc.IDToken, authorizedParty string) (string, error) {
	organization := ""
	for _, i := range v.issuers {
		switch {
		case i.Issuer != token.Issuer || !i.accepts(token.Audience, authorizedParty):
		case organization != "" && organization != i.Organization:
			return "", errors.New("the token was made for several organisations")
		default:
			organization = i.Organization
		}
	}
	if organization == "" {
		return "", errors.New("the token was made for somebody else")
	}
	return organization, nil
}

func firstRunes(text string, n int) string {
	runes := []rune(text)
	return string(runes[:min(n, len(runes))])
}

func checkTimes(token *oidc.IDToken, c claims, now time.Time) error {
	if token.Expiry.IsZero() || !now.Before(token.Expiry.Add(leeway)) {
		return errors.New("the token has expired")
	}
	if c.NotBefore != nil {
		seconds, ok := c.NotBefore.(float64)
		if !ok || float64(now.Add(leeway).Unix()) < seconds {
			return errors.New("the token is not valid yet")
		}
	}
	if token.IssuedAt.After(now.Add(leeway)) {
		return errors.New("the token was made in the future")
	}
	return nil
}

// accepts tells whether a token of these audiences is for this installation. An ID token is, when it was made for the client of this
// installation and for nobody else, or when this client asked for it. An access token is, when it was made for one of the audiences of the
// configuration, whoever asked for it: the provider decides who may.
func (i Issuer) accepts(audience []string, authorizedParty string) bool {
	if slices.ContainsFunc(i.Audiences, func(a string) bool { return slices.Contains(audience, a) }) {
		return true
	}
	if i.ClientID == "" || !slices.Contains(audience, i.ClientID) {
		return false
	}
	return authorizedParty == i.ClientID || (authorizedParty == "" && len(audience) == 1)
}

func refusal(cause error) error {
	return rpcerr.New(codes.Unauthenticated, ReasonInvalid, "the key is not known", rpcerr.WithCause(cause))
}

func away(cause error) error {
	return rpcerr.New(codes.Unavailable, ReasonProviderAway, "the OpenID provider cannot be asked", rpcerr.WithCause(cause))
}
