package oidc

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/rpcerr"
)

// The reasons of errors of log-ins.
const (
	// ReasonUnknownProvider tells that there is no such provider, or that people cannot log in with it.
	ReasonUnknownProvider = "PROVIDER_UNKNOWN"
	// ReasonLoginInvalid tells that what came back does not belong to a log-in that this browser began in the last ten minutes.
	ReasonLoginInvalid = "LOGIN_INVALID"
	// ReasonLoginRefused tells that the provider, or the person, refused.
	ReasonLoginRefused = "LOGIN_REFUSED"
)

// Login lets people log in: authorization code flow with PKCE (S256), state and nonce. It keeps nothing: what has to be remembered between Begin
// and Complete travels in a sealed value that the browser keeps. Safe for concurrent use.
type Login struct {
	verifier *Verifier
	sealer   sealer
}

// NewLogin makes a Login. Every process that completes what another began needs the same key, of at least 32 random bytes.
func NewLogin(verifier *Verifier, key []byte) (*Login, error) {
	s, err := newSealer(key)
	if err != nil {
		return nil, err
	}
	return &Login{verifier: verifier, sealer: s}, nil
}

// LoginProvider is a provider with which people can log in.
type LoginProvider struct {
	// ID is for addresses and Begin; it does not change while the issuer and the client stay the same.
	ID string
	// DisplayName is what people call it; the host of its address when the configuration gives no name.
	DisplayName string
}

// Providers returns those with which people can log in, in the order of the configuration.
func (l *Login) Providers() []LoginProvider {
	var all []LoginProvider
	for _, issuer := range l.verifier.issuers {
		if issuer.ClientID == "" {
			continue
		}
		name := issuer.DisplayName
		if u, err := url.Parse(issuer.Issuer); name == "" && err == nil {
			name = u.Host
		}
		all = append(all, LoginProvider{ID: issuer.id(), DisplayName: name})
	}
	return all
}

// id is short and made of what makes the entry unique.
func (i Issuer) id() string {
	sum := sha256.Sum256([]byte(i.Issuer + "\n" + i.ClientID))
	return hex.EncodeToString(sum[:6])
}

func (l *Login) issuer(id string) (Issuer, error) {
	var candidates []Issuer
	for _, issuer := range l.verifier.issuers {
		if issuer.ClientID != "" && (id == "" || issuer.id() == id) {
			candidates = append(candidates, issuer)
		}
	}
	if len(candidates) != 1 {
		return Issuer{}, rpcerr.New(codes.NotFound, ReasonUnknownProvider, "there is no such OpenID provider to log in with")
	}
	return candidates[0], nil
}

// Beginning is how a log-in begins.
type Beginning struct {
	// Provider is the ID of the provider; empty means the only one.
	Provider string
	// RedirectURL is where the provider sends the browser back to; the provider must know it.
	RedirectURL string
	// ReturnTo is the local path to show after the log-in; anything else becomes "/".
	ReturnTo string
}

// Begin returns the address to send the browser to, and the value that the browser must keep (in a cookie that scripts cannot read and other sites
// cannot send) and show at Complete. It is of use for ten minutes. UNAVAILABLE when the provider is away.
func (l *Login) Begin(ctx context.Context, b Beginning) (address, transaction string, err error) {
	issuer, err := l.issuer(b.Provider)
	if err != nil {
		return "", "", err
	}
	found, err := l.verifier.providers[issuer.Issuer].discover(ctx)
	if err != nil {
		return "", "", away(err)
	}
	t := started{
		Provider: issuer.id(), State: rand.Text(), Nonce: rand.Text(), PKCE: oauth2.GenerateVerifier(),
		RedirectURL: b.RedirectURL, ReturnTo: LocalPath(b.ReturnTo), Expires: l.verifier.now().Add(LoginTime).Unix(),
	}
	if transaction, err = l.sealer.seal(t); err != nil {
		return "", "", fmt.Errorf("seal transaction: %w", err)
	}
	address = issuer.oauth(found, b.RedirectURL).AuthCodeURL(t.State, oidc.Nonce(t.Nonce), oauth2.S256ChallengeOption(t.PKCE))
	return address, transaction, nil
}

func (i Issuer) oauth(found *discovered, redirect string) *oauth2.Config {
	scopes := i.Scopes
	if len(scopes) == 0 {
		scopes = []string{"email", "profile"}
	}
	if !slices.Contains(scopes, oidc.ScopeOpenID) {
		scopes = append([]string{oidc.ScopeOpenID}, scopes...)
	}
	endpoint := found.Endpoint()
	endpoint.AuthStyle = found.authStyle(i)
	return &oauth2.Config{ClientID: i.ClientID, ClientSecret: i.ClientSecret, Endpoint: endpoint, RedirectURL: redirect, Scopes: scopes}
}

// Completed is what a log-in came to.
type Completed struct {
	// IDToken is the token that proves who logged in; it has been checked.
	IDToken string
	// Subject is whom it proves.
	Subject authn.Subject
	// ReturnTo is the local path of Begin.
	ReturnTo string
}

// Complete takes what the provider sent the browser back with, and the value of Begin. The errors are *rpcerr.Error with one of the reasons of this
// package.
func (l *Login) Complete(ctx context.Context, query url.Values, transaction string) (Completed, error) {
	t, err := l.sealer.open(transaction, l.verifier.now())
	if err != nil {
		return Completed{}, invalidLogin(err)
	}
	if subtle.ConstantTimeCompare([]byte(query.Get("state")), []byte(t.State)) != 1 {
		return Completed{}, invalidLogin(errors.New("the state is another one"))
	}
	issuer, err := l.issuer(t.Provider)
	if err != nil {
		return Completed{}, err
	}
	// RFC 9207: a provider that says who it is must be the one that was asked.
	if claimed := query.Get("iss"); claimed != "" && claimed != issuer.Issuer {
		return Completed{}, invalidLogin(errors.New("another provider answered"))
	}
	if query.Get("error") != "" {
		return Completed{}, rpcerr.New(codes.PermissionDenied, ReasonLoginRefused, "the OpenID provider did not let the person log in",
			rpcerr.WithCause(errors.New(query.Get("error"))))
	}
	code := query.Get("code")
	if code == "" {
		return Completed{}, invalidLogin(errors.New("no code"))
	}
	found, err := l.verifier.providers[issuer.Issuer].discover(ctx)
	if err != nil {
		return Completed{}, away(err)
	}
	return l.exchange(ctx, issuer, found, t, code)
}

func (l *Login) exchange(ctx context.Context, issuer Issuer, found *discovered, t started, code string) (Completed, error) {
	ctx = oidc.ClientContext(ctx, l.verifier.providers[issuer.Issuer].client)
	answer, err := issuer.oauth(found, t.RedirectURL).Exchange(ctx, code, oauth2.VerifierOption(t.PKCE))
	if err != nil {
		var refused *oauth2.RetrieveError
		if errors.As(err, &refused) && refused.Response.StatusCode < 500 {
			return Completed{}, invalidLogin(fmt.Errorf("exchange code: %s", refused.ErrorCode))
		}
		return Completed{}, away(fmt.Errorf("exchange code: %w", err))
	}
	raw, ok := answer.Extra("id_token").(string)
	if !ok {
		return Completed{}, invalidLogin(errors.New("the provider gave no ID token"))
	}
	subject, token, err := l.verifier.verify(ctx, raw)
	switch {
	case rpcerr.Code(err) == codes.Unavailable:
		return Completed{}, err
	case err != nil:
		return Completed{}, invalidLogin(err)
	case token.Issuer != issuer.Issuer || !slices.Contains(token.Audience, issuer.ClientID):
		return Completed{}, invalidLogin(errors.New("the ID token is another client's"))
	case subtle.ConstantTimeCompare([]byte(token.Nonce), []byte(t.Nonce)) != 1:
		return Completed{}, invalidLogin(errors.New("the nonce is another one"))
	}
	return Completed{IDToken: raw, Subject: subject, ReturnTo: t.ReturnTo}, nil
}

func invalidLogin(cause error) error {
	return rpcerr.New(codes.InvalidArgument, ReasonLoginInvalid, "this log-in was not begun here, or too long ago: log in again", rpcerr.WithCause(cause))
}

// LocalPath returns the path with its query if it leads nowhere else, whatever browsers make of it, and "/" otherwise.
func LocalPath(text string) string {
	if !strings.HasPrefix(text, "/") || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\\' }) {
		return "/"
	}
	u, err := url.Parse(text)
	// A path that begins with two slashes is an address of another host, also when one of them is written as %2F and somebody decodes it.
	if err != nil || u.Host != "" || u.Scheme != "" || strings.HasPrefix(text, "//") || strings.HasPrefix(u.Path, "//") || strings.ContainsRune(u.Path, '\\') {
		return "/"
	}
	return text
}

// LoginTime is how long a person has to log in at the provider.
const LoginTime = 10 * time.Minute
