package oidc_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/authn/oidc"
	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/libs/testkit"
)

func TestGoodTokens(t *testing.T) {
	f := newFixture(t)
	now := f.clock.Now().Unix()
	for name, token := range map[string]string{
		"RS256":                      sign(t, jose.RS256, "rsa", rsaKey(), f.claims(nil)),
		"ES256":                      sign(t, jose.ES256, "ec", ecKey(), f.claims(nil)),
		"EdDSA":                      sign(t, jose.EdDSA, "ed", edKey(), f.claims(nil)),
		"without a kid":              sign(t, jose.ES256, "", ecKey(), f.claims(nil)),
		"just expired":               f.token(t, map[string]any{"exp": now - 59}),
		"a slow clock":               f.token(t, map[string]any{"nbf": now + 59, "iat": now + 59}),
		"several audiences with azp": f.token(t, map[string]any{"aud": []string{"web", "x"}, "azp": "web"}),
		"an access token":            f.token(t, map[string]any{"aud": []string{"x", "api-2"}, "azp": "robot"}),
		"truth as text":              f.token(t, map[string]any{"email_verified": "true"}),
	} {
		s, err := f.verifier.VerifyToken(t.Context(), token)
		if err != nil || s.ID != "u1" || s.Issuer != f.URL || s.Organization != "acme" || s.VerifiedEmail != "a@example.org" || s.Name != "Aigul" {
			t.Errorf("%s: %+v, %v", name, s, err)
		}
	}
	if s, err := f.verifier.VerifyToken(t.Context(), f.token(t, map[string]any{"aud": "web-of-others"})); err != nil || s.Organization != "others" {
		t.Errorf("another organisation's client: %+v, %v", s, err)
	}
	if s, err := f.verifier.VerifyToken(t.Context(), f.token(t, map[string]any{"email_verified": false})); err != nil || s.VerifiedEmail != "" {
		t.Errorf("an address that is not verified: %+v, %v", s, err)
	}
}

func TestBadTokensAreRefusedAllTheSame(t *testing.T) {
	f := newFixture(t)
	if _, err := f.verifier.VerifyToken(t.Context(), f.token(t, nil)); err != nil {
		t.Fatal(err)
	}
	for name, token := range f.badTokens(t) {
		s, err := f.verifier.VerifyToken(t.Context(), token)
		if rpcerr.Code(err) != codes.Unauthenticated || s.ID != "" {
			t.Errorf("%s: %+v, %v", name, s, err)
			continue
		}
		public, _ := rpcerr.FromError(err)
		if public.Message != "the key is not known" || public.Reason != oidc.ReasonInvalid || len(public.Metadata)+len(public.Fields) > 0 {
			t.Errorf("%s: the caller learns the cause: %+v", name, public)
		}
	}
}

func TestKeysRotate(t *testing.T) {
	f := newFixture(t)
	old := f.token(t, nil)
	if _, err := f.verifier.VerifyToken(t.Context(), old); err != nil {
		t.Fatal(err)
	}
	f.publish(named("new", otherKey()))
	renewed := sign(t, jose.ES256, "new", otherKey(), f.claims(nil))
	// The keys were fetched this very minute.
	if _, err := f.verifier.VerifyToken(t.Context(), renewed); rpcerr.Code(err) != codes.Unauthenticated {
		t.Errorf("at once: %v", err)
	}
	f.clock.Advance(time.Minute)
	if _, err := f.verifier.VerifyToken(t.Context(), renewed); err != nil {
		t.Errorf("after a minute: %v", err)
	}
	if _, err := f.verifier.VerifyToken(t.Context(), old); rpcerr.Code(err) != codes.Unauthenticated {
		t.Errorf("signed by a key that was taken back: %v", err)
	}
}

func TestAKeyThatWasTakenBackIsForgottenWithoutAnyNewOne(t *testing.T) {
	f := newFixture(t)
	long := f.token(t, map[string]any{"exp": f.clock.Now().Add(time.Hour).Unix()})
	if _, err := f.verifier.VerifyToken(t.Context(), long); err != nil {
		t.Fatal(err)
	}
	f.publish(named("rsa", rsaKey()))
	f.clock.Advance(10 * time.Minute)
	testkit.Eventually(t, 10*time.Second, func() error {
		if _, err := f.verifier.VerifyToken(t.Context(), long); rpcerr.Code(err) != codes.Unauthenticated {
			return fmt.Errorf("still taken: %w", err)
		}
		return nil
	})
}

func TestUnknownKeysDoNotFloodTheProvider(t *testing.T) {
	f := newFixture(t)
	if _, err := f.verifier.VerifyToken(t.Context(), f.token(t, nil)); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for n := range 200 {
		all.Go(func() {
			token := sign(t, jose.ES256, fmt.Sprintf("made-up-%d", n), otherKey(), f.claims(nil))
			if _, err := f.verifier.VerifyToken(t.Context(), token); rpcerr.Code(err) != codes.Unauthenticated {
				t.Errorf("got %v", err)
			}
		})
	}
	all.Wait()
	f.clock.Advance(time.Minute)
	for range 100 {
		_, _ = f.verifier.VerifyToken(t.Context(), sign(t, jose.ES256, "more", otherKey(), f.claims(nil)))
	}
	if n := f.requests.Load(); n != 2 {
		t.Errorf("%d requests for keys: one at first, one a minute later", n)
	}
}

func TestAProviderThatIsAwayIsFoundLater(t *testing.T) {
	f := newFixture(t)
	f.down.Store(true)
	token := f.token(t, nil)
	for range 3 {
		if _, err := f.verifier.VerifyToken(t.Context(), token); rpcerr.Code(err) != codes.Unavailable || rpcerr.Reason(err) != oidc.ReasonProviderAway {
			t.Fatalf("away: %v", err)
		}
	}
	f.down.Store(false)
	f.clock.Advance(2 * time.Second)
	if _, err := f.verifier.VerifyToken(t.Context(), token); err != nil {
		t.Fatalf("back: %v", err)
	}
	// Once the keys are known nobody notices that the provider is away, for a day.
	f.down.Store(true)
	f.clock.Advance(23 * time.Hour)
	if _, err := f.verifier.VerifyToken(t.Context(), f.token(t, nil)); err != nil {
		t.Errorf("away for 23 hours: %v", err)
	}
	f.clock.Advance(2 * time.Hour)
	if _, err := f.verifier.VerifyToken(t.Context(), f.token(t, nil)); rpcerr.Code(err) != codes.Unavailable {
		t.Errorf("away for 25 hours: %v", err)
	}
}

func TestSettingsAreChecked(t *testing.T) {
	good := oidc.Issuer{Issuer: "https://id.example", ClientID: "c", Organization: "o"}
	change := func(f func(*oidc.Issuer)) []oidc.Issuer {
		i := good
		f(&i)
		return []oidc.Issuer{i}
	}
	for name, issuers := range map[string][]oidc.Issuer{
		"no issuer":                         change(func(i *oidc.Issuer) { i.Issuer = "" }),
		"plain http":                        change(func(i *oidc.Issuer) { i.Issuer = "http://id.example" }),
		"http that looks local":             change(func(i *oidc.Issuer) { i.Issuer = "http://127.0.0.1.example" }),
		"a query":                           change(func(i *oidc.Issuer) { i.Issuer += "?x" }),
		"user data":                         change(func(i *oidc.Issuer) { i.Issuer = "https://a:b@id.example" }),
		"no organisation":                   change(func(i *oidc.Issuer) { i.Organization = "" }),
		"nobody would be let in":            change(func(i *oidc.Issuer) { i.ClientID = "" }),
		"client among audiences":            change(func(i *oidc.Issuer) { i.Audiences = []string{"c"} }),
		"two providers of one organisation": {good, {Issuer: "https://other.example", ClientID: "c", Organization: "o"}},
		"two organisations for one":         {good, {Issuer: good.Issuer, ClientID: "c", Organization: "p"}},
	} {
		if _, err := oidc.New(issuers, oidc.Deps{}); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if _, err := oidc.New([]oidc.Issuer{good, {Issuer: "http://127.0.0.1:1", Audiences: []string{"a"}, Organization: "p"}}, oidc.Deps{}); err != nil {
		t.Errorf("good settings: %v", err)
	}
	v, _ := oidc.New([]oidc.Issuer{good}, oidc.Deps{})
	if _, err := oidc.NewLogin(v, make([]byte, 31)); err == nil {
		t.Error("a short key is accepted")
	}
}

func TestLocalPath(t *testing.T) {
	for text, want := range map[string]string{
		"": "/", "/": "/", "/a?b=c#d": "/a?b=c#d", "/a//b": "/a//b", "a": "/", "//evil.example": "/", "/\\evil.example": "/", "\\\\evil": "/", "https://evil.example": "/",
		"javascript:alert(1)": "/", "/\t/evil.example": "/", "/%2Fevil.example": "/", "/%5Cevil.example": "/", "///evil.example": "/", "/a\r\nSet-Cookie: x": "/", " /a": "/",
		"/x:y@evil": "/x:y@evil",
	} {
		if got := oidc.LocalPath(text); got != want {
			t.Errorf("%q gives %q, not %q", text, got, want)
		}
	}
}

func TestLoginProviders(t *testing.T) {
	v, err := oidc.New([]oidc.Issuer{
		{Issuer: "https://a.example", ClientID: "c", Organization: "o"},
		{Issuer: "https://b.example", ClientID: "c", Organization: "p", DisplayName: "B"},
		{Issuer: "https://c.example", Audiences: []string{"api"}, Organization: "q"},
	}, oidc.Deps{})
	if err != nil {
		t.Fatal(err)
	}
	l, err := oidc.NewLogin(v, make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	all := l.Providers()
	if len(all) != 2 || all[0].DisplayName != "a.example" || all[1].DisplayName != "B" || all[0].ID == all[1].ID {
		t.Errorf("got %+v", all)
	}
	for _, id := range []string{"", "nobody"} {
		if _, _, err := l.Begin(t.Context(), oidc.Beginning{Provider: id}); rpcerr.Reason(err) != oidc.ReasonUnknownProvider {
			t.Errorf("provider %q: %v", id, err)
		}
	}
}

func FuzzVerifyToken(f *testing.F) {
	x := newFixture(f)
	f.Add(x.token(f, nil))
	for _, token := range x.badTokens(f) {
		f.Add(token)
	}
	genuine := x.token(f, nil)
	known := map[string]bool{genuine: true}
	f.Fuzz(func(t *testing.T, token string) {
		s, err := x.verifier.VerifyToken(t.Context(), token)
		if err == nil && (s.ID != "u1" || s.Organization != "acme") {
			t.Errorf("%q proves %+v", token, s)
		}
		if err != nil && (rpcerr.Code(err) != codes.Unauthenticated || known[token]) {
			t.Errorf("%q: %v", token, err)
		}
	})
}

func FuzzComplete(f *testing.F) {
	v, _ := oidc.New([]oidc.Issuer{{Issuer: "https://id.example", ClientID: "c", Organization: "o"}}, oidc.Deps{})
	l, _ := oidc.NewLogin(v, make([]byte, 32))
	f.Add("s", "c", "AAAA")
	f.Add("", "", "")
	f.Fuzz(func(t *testing.T, state, code, transaction string) {
		query := map[string][]string{"state": {state}, "code": {code}}
		if _, err := l.Complete(t.Context(), query, transaction); rpcerr.Reason(err) != oidc.ReasonLoginInvalid {
			t.Errorf("got %v", err)
		}
	})
}
