package oidc_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/otklik/otklik/libs/authn/oidc"
	"github.com/otklik/otklik/libs/testkit"
)

// issuer publishes keys, and signs whatever a test wants, also what no provider would.
type issuer struct {
	*httptest.Server
	mu       sync.Mutex
	keys     []jose.JSONWebKey
	down     atomic.Bool
	requests atomic.Int32
}

func newIssuer(t testing.TB, keys ...jose.JSONWebKey) *issuer {
	i := &issuer{keys: keys}
	mux := http.NewServeMux()
	i.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if i.down.Load() {
			http.Error(w, "away", http.StatusServiceUnavailable)
			return
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(i.Close)
	mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]any{
			"issuer": i.URL, "jwks_uri": i.URL + "/keys", "authorization_endpoint": i.URL + "/auth", "token_endpoint": i.URL + "/token",
			// What a provider offers does not widen what is taken.
			"id_token_signing_alg_values_supported": []string{"none", "HS256", "RS256", "PS256", "ES384"},
		})
	})
	mux.HandleFunc("/keys", func(w http.ResponseWriter, _ *http.Request) {
		i.requests.Add(1)
		i.mu.Lock()
		defer i.mu.Unlock()
		set := map[string]any{"keys": []any{}}
		all := []any{map[string]any{"kty": "OKP", "crv": "Ed448", "x": "AAAA", "kid": "odd"}, map[string]any{"kty": "oct", "k": "c2VjcmV0", "kid": "shared"}}
		for _, k := range i.keys {
			all = append(all, k.Public())
		}
		set["keys"] = all
		_ = json.NewEncoder(w).Encode(set)
	})
	return i
}

func (i *issuer) publish(keys ...jose.JSONWebKey) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.keys = keys
}

var (
	rsaKey   = sync.OnceValue(func() *rsa.PrivateKey { k, _ := rsa.GenerateKey(rand.Reader, 2048); return k })
	ecKey    = sync.OnceValue(func() *ecdsa.PrivateKey { k, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader); return k })
	otherKey = sync.OnceValue(func() *ecdsa.PrivateKey { k, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader); return k })
	edKey    = sync.OnceValue(func() ed25519.PrivateKey { _, k, _ := ed25519.GenerateKey(rand.Reader); return k })
)

func named(kid string, k crypto.PrivateKey) jose.JSONWebKey {
	return jose.JSONWebKey{Key: k, KeyID: kid}
}

func sign(t testing.TB, alg jose.SignatureAlgorithm, kid string, k any, claims map[string]any) string {
	t.Helper()
	options := &jose.SignerOptions{}
	if kid != "" {
		options.WithHeader("kid", kid)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: k}, options)
	if err != nil {
		t.Fatal(err)
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := signer.Sign(payload)
	if err != nil {
		t.Fatal(err)
	}
	token, err := signed.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

type fixture struct {
	*issuer
	clock    *testkit.Clock
	verifier *oidc.Verifier
}

func newFixture(t testing.TB) *fixture {
	f := &fixture{issuer: newIssuer(t, named("rsa", rsaKey()), named("ec", ecKey()), named("ed", edKey())), clock: testkit.NewClock(time.Unix(1_800_000_000, 0))}
	v, err := oidc.New([]oidc.Issuer{
		{Issuer: f.URL, ClientID: "web", Audiences: []string{"api", "api-2"}, Organization: "acme"},
		{Issuer: f.URL, ClientID: "web-of-others", Organization: "others"},
	}, oidc.Deps{Now: f.clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	f.verifier = v
	return f
}

// claims are those of a good token with some changed; a change to nil leaves one out.
func (f *fixture) claims(changes map[string]any) map[string]any {
	now := f.clock.Now().Unix()
	c := map[string]any{
		"iss": f.URL, "sub": "u1", "aud": "web", "exp": now + 600, "iat": now, "email": "a@example.org", "email_verified": true, "name": "Aigul",
	}
	maps.Copy(c, changes)
	maps.DeleteFunc(c, func(_ string, v any) bool { return v == nil })
	return c
}

func (f *fixture) token(t testing.TB, changes map[string]any) string {
	return sign(t, jose.ES256, "ec", ecKey(), f.claims(changes))
}

func segment(v any) string {
	raw, _ := json.Marshal(v)
	return base64.RawURLEncoding.EncodeToString(raw)
}

// confused is a token signed by the shared secret that an attacker hopes the public key is taken for.
func (f *fixture) confused(secret []byte, kid string) string {
	text := segment(map[string]any{"alg": "HS256", "typ": "JWT", "kid": kid}) + "." + segment(f.claims(nil))
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(text))
	return text + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

func (f *fixture) badTokens(t testing.TB) map[string]string {
	now := f.clock.Now().Unix()
	good := f.token(t, nil)
	parts := strings.Split(good, ".")
	der, err := x509.MarshalPKIXPublicKey(rsaKey().Public())
	if err != nil {
		t.Fatal(err)
	}
	public, _ := named("rsa", rsaKey().Public()).MarshalJSON()
	unsigned := segment(map[string]any{"alg": "none"}) + "." + segment(f.claims(nil)) + "."
	ec384, _ := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	return map[string]string{
		"none":                             unsigned,
		"None":                             segment(map[string]any{"alg": "None", "kid": "ec"}) + "." + parts[1] + "." + parts[2],
		"HS256 with the public key as PEM": f.confused(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), "rsa"),
		"HS256 with the public key as DER": f.confused(der, "rsa"),
		"HS256 with the public key as JWK": f.confused(public, "rsa"),
		"HS256 with a published secret":    f.confused([]byte("secret"), "shared"),
		"PS256":                            sign(t, jose.PS256, "rsa", rsaKey(), f.claims(nil)),
		"ES384":                            sign(t, jose.ES384, "ec", ec384, f.claims(nil)),
		"another algorithm than the key's": segment(map[string]any{"alg": "RS256", "kid": "ec"}) + "." + parts[1] + "." + parts[2],
		"no signature":                     parts[0] + "." + parts[1] + ".",
		"tampered signature":               parts[0] + "." + parts[1] + "." + strings.Repeat("A", len(parts[2])),
		"tampered payload":                 parts[0] + "." + segment(f.claims(map[string]any{"sub": "admin"})) + "." + parts[2],
		"tampered header":                  segment(map[string]any{"alg": "ES256", "kid": "ec", "x": 1}) + "." + parts[1] + "." + parts[2],
		"another key":                      sign(t, jose.ES256, "ec", otherKey(), f.claims(nil)),
		"a key in the header":              embedded(t, f.claims(nil)),
		"critical header":                  segment(map[string]any{"alg": "ES256", "kid": "ec", "crit": []string{"x"}, "x": 1}) + "." + parts[1] + "." + parts[2],
		"wrong audience":                   f.token(t, map[string]any{"aud": "somebody"}),
		"no audience":                      f.token(t, map[string]any{"aud": nil}),
		"several audiences without azp":    f.token(t, map[string]any{"aud": []string{"web", "x"}}),
		"audiences of two organisations":   f.token(t, map[string]any{"aud": []string{"api", "web-of-others"}, "azp": "web-of-others"}),
		"azp of somebody else":             f.token(t, map[string]any{"azp": "x"}),
		"wrong issuer":                     f.token(t, map[string]any{"iss": "https://evil.example"}),
		"no issuer":                        f.token(t, map[string]any{"iss": nil}),
		"almost the issuer":                f.token(t, map[string]any{"iss": f.URL + "/"}),
		"expired":                          f.token(t, map[string]any{"exp": now - 60}),
		"no expiry":                        f.token(t, map[string]any{"exp": nil}),
		"expiry as text":                   f.token(t, map[string]any{"exp": "tomorrow"}),
		"not yet":                          f.token(t, map[string]any{"nbf": now + 61}),
		"not before as text":               f.token(t, map[string]any{"nbf": "yesterday"}),
		"made in the future":               f.token(t, map[string]any{"iat": now + 120}),
		"no subject":                       f.token(t, map[string]any{"sub": nil}),
		"long subject":                     f.token(t, map[string]any{"sub": strings.Repeat("u", 256)}),
		"too long":                         f.token(t, map[string]any{"x": strings.Repeat("x", 20_000)}),
		"empty":                            "", "dots": "..", "text": "a.b.c", "five parts": good + ".a.b", "line break": good + "\n",
	}
}

// embedded is a token that brings the key along that is to prove it.
func embedded(t testing.TB, claims map[string]any) string {
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: otherKey()}, &jose.SignerOptions{EmbedJWK: true})
	if err != nil {
		t.Fatal(err)
	}
	payload, _ := json.Marshal(claims)
	signed, err := signer.Sign(payload)
	if err != nil {
		t.Fatal(err)
	}
	token, _ := signed.CompactSerialize()
	return token
}
