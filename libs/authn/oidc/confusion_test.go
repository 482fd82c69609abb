package oidc_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/authn/oidc"
	"github.com/otklik/otklik/libs/rpcerr"
)

func loginAt(t *testing.T, issuer string, transport http.RoundTripper) *oidc.Login {
	t.Helper()
	v, err := oidc.New([]oidc.Issuer{{Issuer: issuer, ClientID: "web", Organization: "acme"}}, oidc.Deps{Transport: transport})
	if err != nil {
		t.Fatal(err)
	}
	l, err := oidc.NewLogin(v, make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// TestAnotherProvidersAnswerIsRefused: the provider that was asked must be the one that answers.
func TestAnotherProvidersAnswerIsRefused(t *testing.T) {
	x := newIssuer(t)
	asked := false
	handler := x.Config.Handler
	x.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = asked || r.URL.Path == "/token"
		handler.ServeHTTP(w, r)
	})
	l := loginAt(t, x.URL, nil)
	address, transaction, err := l.Begin(t.Context(), oidc.Beginning{RedirectURL: "http://localhost/auth/callback"})
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	answer := url.Values{"state": {u.Query().Get("state")}, "code": {"c"}, "iss": {"https://evil.example"}}
	if _, err := l.Complete(t.Context(), answer, transaction); rpcerr.Reason(err) != oidc.ReasonLoginInvalid || asked {
		t.Errorf("another provider's answer: %v, asked for a token: %v", err, asked)
	}
	// The provider's own name is no obstacle: the code is asked about, which this provider knows nothing of.
	answer.Set("iss", x.URL)
	if _, err := l.Complete(t.Context(), answer, transaction); err == nil || !asked {
		t.Errorf("the provider's own answer: %v, asked for a token: %v", err, asked)
	}
}

// TestMetadataOfAnotherIssuerIsRefused: who describes himself as somebody else is not trusted, nor one who leads away from https.
func TestMetadataOfAnotherIssuerIsRefused(t *testing.T) {
	describe := func(issuer string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			_ = json.NewEncoder(w).Encode(map[string]any{"issuer": issuer, "jwks_uri": issuer + "/keys", "authorization_endpoint": issuer + "/auth", "token_endpoint": issuer + "/token"})
		}
	}
	impostor := httptest.NewServer(describe("https://id.example"))
	defer impostor.Close()
	if address, _, err := loginAt(t, impostor.URL, nil).Begin(t.Context(), oidc.Beginning{}); rpcerr.Code(err) != codes.Unavailable {
		t.Errorf("an impostor: %q, %v", address, err)
	}
	var secure *httptest.Server
	plain := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { describe(secure.URL)(w, r) }))
	defer plain.Close()
	secure = httptest.NewTLSServer(http.RedirectHandler(plain.URL, http.StatusFound))
	defer secure.Close()
	if address, _, err := loginAt(t, secure.URL, secure.Client().Transport).Begin(t.Context(), oidc.Beginning{}); rpcerr.Code(err) != codes.Unavailable {
		t.Errorf("away from https: %q, %v", address, err)
	}
}
