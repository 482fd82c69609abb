// Package oidctest runs a real OpenID provider for tests: discovery, keys that can be rotated, log-in by a form (authorization code, with or
// without PKCE), and client credentials. It keeps everything in memory and listens on the loopback interface.
package oidctest

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/zitadel/oidc/v3/pkg/op"
)

// User is somebody who can log in.
type User struct {
	// ID is the claim `sub`. Empty: the name.
	ID string
	// Name and Password are what the log-in form asks for.
	Name, Password string
	// DisplayName is the claim `name`.
	DisplayName string
	// Email and EmailVerified are the claims of the scope email.
	Email         string
	EmailVerified bool
}

// Client is who may ask for tokens.
type Client struct {
	// ID is the client's identifier.
	ID string
	// Secret is the client's secret; empty for a public client, which must use PKCE.
	Secret string
	// RedirectURIs are where browsers may be sent back to.
	RedirectURIs []string
	// PostLogoutRedirectURIs are where browsers may be sent to after a log-out.
	PostLogoutRedirectURIs []string
	// Audience is whom access tokens of client credentials are made for; empty means the client itself.
	Audience []string
}

// Provider is a running provider. Safe for concurrent use.
type Provider struct {
	issuer  string
	storage *storage
	server  *http.Server
}

// Start runs a provider until the end of the test.
func Start(t testing.TB) *Provider {
	t.Helper()
	var lc net.ListenConfig
	listener, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p, err := New("http://" + listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- p.Serve(listener) }()
	t.Cleanup(func() {
		_ = p.server.Close()
		if err := <-done; err != nil {
			t.Errorf("OpenID provider: %v", err)
		}
	})
	return p
}

// Run runs a provider on an address until ctx ends, for processes that are no tests. configure, if not nil, is called before it answers.
func Run(ctx context.Context, address string, configure func(*Provider)) error {
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", address, err)
	}
	p, err := New("http://" + listener.Addr().String())
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	if configure != nil {
		configure(p)
	}
	stop := context.AfterFunc(ctx, func() { _ = p.server.Close() })
	defer stop()
	return p.Serve(listener)
}

// New makes a provider with that address; it runs when Serve is called or Handler is served.
func New(issuer string) (*Provider, error) {
	s, err := newStorage()
	if err != nil {
		return nil, err
	}
	var key [32]byte
	_, _ = rand.Read(key[:])
	found, err := op.NewProvider(&op.Config{
		CryptoKey: key, CodeMethodS256: true, AuthMethodPost: true, DefaultLogoutRedirectURI: "/logged-out",
	}, s, op.StaticIssuer(issuer), op.WithAllowInsecure(), op.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		return nil, fmt.Errorf("make OpenID provider: %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle("/", found)
	mux.HandleFunc("GET /login", showForm)
	mux.Handle("POST /login", op.NewIssuerInterceptor(found.IssuerFromRequest).HandlerFunc(checkForm(s, op.AuthCallbackURL(found))))
	mux.HandleFunc("GET /logged-out", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "logged out") })
	return &Provider{issuer: issuer, storage: s, server: &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}}, nil
}

// Serve answers on the listener until the provider is closed.
func (p *Provider) Serve(listener net.Listener) error {
	if err := p.server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve OpenID provider: %w", err)
	}
	return nil
}

// Handler answers requests, for tests that want to stand between.
func (p *Provider) Handler() http.Handler { return p.server.Handler }

// Close stops the provider, as if it were away.
func (p *Provider) Close() { _ = p.server.Close() }

// Issuer is the address of the provider.
func (p *Provider) Issuer() string { return p.issuer }

// AddUser adds somebody, or replaces who has the name.
func (p *Provider) AddUser(u User) { p.storage.addUser(u) }

// AddClient adds a client, or replaces the one with the identifier.
func (p *Provider) AddClient(c Client) { p.storage.addClient(c) }

// RotateKeys signs with a new key from now on. Old keys stay among those published, unless forget is true.
func (p *Provider) RotateKeys(forget bool) error { return p.storage.rotate(forget) }

// Token returns an access token of the client, a signed one, by client credentials.
func (p *Provider) Token(ctx context.Context, clientID, secret string) (string, error) {
	form := url.Values{"grant_type": {"client_credentials"}, "scope": {"openid"}}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, p.issuer+"/oauth/token", strings.NewReader(form.Encode()))
	if err != nil {
		return "", fmt.Errorf("ask for token: %w", err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.SetBasicAuth(url.QueryEscape(clientID), url.QueryEscape(secret))
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", fmt.Errorf("ask for token: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return "", fmt.Errorf("ask for token: %w", err)
	}
	if response.StatusCode != http.StatusOK {
		return "", fmt.Errorf("ask for token: %s: %s", response.Status, bytes.TrimSpace(body))
	}
	var answer struct {
		Token string `json:"access_token"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return "", fmt.Errorf("read token: %w", err)
	}
	return answer.Token, nil
}

// LogIn does in a browser's stead what a person does between the address to begin at and the address that the provider sends the browser back to:
// it follows redirects, fills in the form, and returns the redirect of the provider without following it.
func (p *Provider) LogIn(ctx context.Context, address, name, password string) (*url.URL, error) {
	client := &http.Client{CheckRedirect: func(request *http.Request, _ []*http.Request) error {
		if !strings.HasPrefix(request.URL.String(), p.issuer+"/") {
			return http.ErrUseLastResponse
		}
		return nil
	}}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, fmt.Errorf("begin log-in: %w", err)
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("begin log-in: %w", err)
	}
	_ = response.Body.Close()
	if response.StatusCode == http.StatusFound {
		return response.Location()
	}
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("begin log-in: %s", response.Status)
	}
	form := url.Values{"id": {response.Request.URL.Query().Get("id")}, "username": {name}, "password": {password}}
	post, err := http.NewRequestWithContext(ctx, http.MethodPost, p.issuer+"/login", strings.NewReader(form.Encode()))
	if err != nil {
		return nil, fmt.Errorf("log in: %w", err)
	}
	post.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err = client.Do(post)
	if err != nil {
		return nil, fmt.Errorf("log in: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusFound {
		return nil, fmt.Errorf("log in: %s", response.Status)
	}
	return response.Location()
}
