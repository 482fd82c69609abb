package oidc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

const (
	// requestTimeout bounds each request to a provider.
	requestTimeout = 10 * time.Second
	// greatestAnswer bounds what is read of an answer of a provider, in bytes.
	greatestAnswer = 1 << 20
	// greatestRedirects bounds how often a provider may send a request elsewhere.
	greatestRedirects = 3
)

// provider is what is known of an address of a provider. It is discovered when it is needed first: that it is away is no reason not to start.
type provider struct {
	issuer string
	client *http.Client
	now    func() time.Time

	mu       sync.Mutex
	found    *discovered
	asked    time.Time
	failures int
	running  chan struct{}
	err      error
}

// discovered is what the provider says of itself.
type discovered struct {
	*oidc.Provider
	verifier *oidc.IDTokenVerifier
	// secretInBody tells that the token endpoint takes the secret of a client in the body alone.
	secretInBody bool
}

// errProviderAway tells that a provider could not be discovered.
var errProviderAway = errors.New("the provider is away")

// discover returns what the provider says of itself, asking it if need be, and not more often than backoff allows.
func (p *provider) discover(ctx context.Context) (*discovered, error) {
	p.mu.Lock()
	if p.found != nil {
		defer p.mu.Unlock()
		return p.found, nil
	}
	if p.running == nil {
		wait := min(failurePause<<min(max(p.failures-1, 0), 10), refetchPause)
		if p.failures > 0 && p.now().Sub(p.asked) < wait {
			defer p.mu.Unlock()
			return nil, errors.Join(errProviderAway, p.err)
		}
		p.asked = p.now()
		p.running = make(chan struct{})
		go p.ask(p.running)
	}
	running := p.running
	p.mu.Unlock()
	select {
	case <-running:
	case <-ctx.Done():
		return nil, errors.Join(errProviderAway, ctx.Err())
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.found == nil {
		return nil, errors.Join(errProviderAway, p.err)
	}
	return p.found, nil
}

func (p *provider) ask(done chan struct{}) {
	found, err := p.fetch()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.running, p.err = nil, err
	if err != nil {
		p.failures++
	} else {
		p.found, p.failures = found, 0
	}
	close(done)
}

func (p *provider) fetch() (*discovered, error) {
	ctx := oidc.ClientContext(context.Background(), p.client)
	found, err := oidc.NewProvider(ctx, p.issuer)
	if err != nil {
		return nil, fmt.Errorf("discover %s: %w", p.issuer, err)
	}
	var more struct {
		Keys        string   `json:"jwks_uri"`
		AuthMethods []string `json:"token_endpoint_auth_methods_supported"`
	}
	if err := found.Claims(&more); err != nil {
		return nil, fmt.Errorf("discover %s: %w", p.issuer, err)
	}
	if more.Keys == "" {
		return nil, fmt.Errorf("discover %s: it names no jwks_uri", p.issuer)
	}
	keys := &keySet{client: p.client, url: more.Keys, now: p.now}
	return &discovered{
		Provider: found,
		// Audiences and times are checked in check: with several audiences, and with the leeway of this package.
		verifier: oidc.NewVerifier(p.issuer, keys, &oidc.Config{
			SupportedSigningAlgs: []string{oidc.RS256, oidc.ES256, oidc.EdDSA}, SkipClientIDCheck: true, SkipExpiryCheck: true, Now: p.now,
		}),
		// Without a list the standard means client_secret_basic.
		secretInBody: len(more.AuthMethods) > 0 && !slices.Contains(more.AuthMethods, "client_secret_basic"),
	}, nil
}

// authStyle is how the client shows who it is at the token endpoint.
func (d *discovered) authStyle(issuer Issuer) oauth2.AuthStyle {
	if issuer.ClientSecret == "" || d.secretInBody {
		return oauth2.AuthStyleInParams
	}
	return oauth2.AuthStyleInHeader
}

// newClient makes the client for requests to providers: bounded in time, size and redirects.
func newClient(transport http.RoundTripper) *http.Client {
	return &http.Client{
		Timeout:   requestTimeout,
		Transport: boundedAnswers{transport},
		CheckRedirect: func(request *http.Request, via []*http.Request) error {
			if len(via) > greatestRedirects {
				return errors.New("too many redirects")
			}
			if via[0].URL.Scheme == "https" && request.URL.Scheme != "https" {
				return errors.New("redirected from https to " + request.URL.Scheme)
			}
			return nil
		},
	}
}

// boundedAnswers lets nobody read more of an answer than greatestAnswer.
type boundedAnswers struct{ http.RoundTripper }

// RoundTrip makes a request.
func (b boundedAnswers) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := b.RoundTripper.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	response.Body = &boundedBody{Reader: io.LimitReader(response.Body, greatestAnswer), Closer: response.Body}
	return response, nil
}

type boundedBody struct {
	io.Reader
	io.Closer
}
