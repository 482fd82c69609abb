package oidctest_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/authn/oidc"
	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/libs/testkit"
	"github.com/otklik/otklik/libs/testkit/oidctest"
)

const redirect = "http://127.0.0.1:1/auth/callback"

func provider(t *testing.T) *oidctest.Provider {
	p := oidctest.Start(t)
	p.AddUser(oidctest.User{ID: "u1", Name: "aigul", Password: "tulip", DisplayName: "Aigul", Email: "aigul@example.org", EmailVerified: true})
	p.AddUser(oidctest.User{ID: "u2", Name: "bakyt", Password: "poppy", Email: "bakyt@example.org"})
	p.AddClient(oidctest.Client{ID: "web", Secret: "s3 cret/+", RedirectURIs: []string{redirect}})
	p.AddClient(oidctest.Client{ID: "page", RedirectURIs: []string{redirect}})
	p.AddClient(oidctest.Client{ID: "robot", Secret: "bolt", Audience: []string{"otklik-api"}})
	return p
}

func login(t *testing.T, p *oidctest.Provider, issuer oidc.Issuer, clock *testkit.Clock) (*oidc.Verifier, *oidc.Login) {
	t.Helper()
	issuer.Issuer, issuer.Organization = p.Issuer(), "acme"
	deps := oidc.Deps{}
	if clock != nil {
		deps.Now = clock.Now
	}
	v, err := oidc.New([]oidc.Issuer{issuer}, deps)
	if err != nil {
		t.Fatal(err)
	}
	l, err := oidc.NewLogin(v, make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	return v, l
}

func TestPeopleLogInWithCodeAndPKCE(t *testing.T) {
	p := provider(t)
	for name, issuer := range map[string]oidc.Issuer{
		"confidential": {ClientID: "web", ClientSecret: "s3 cret/+"}, "public": {ClientID: "page"},
	} {
		t.Run(name, func(t *testing.T) {
			v, l := login(t, p, issuer, nil)
			address, transaction, err := l.Begin(t.Context(), oidc.Beginning{RedirectURL: redirect, ReturnTo: "/surveys?x=1"})
			if err != nil {
				t.Fatal(err)
			}
			u, _ := url.Parse(address)
			if q := u.Query(); q.Get("code_challenge_method") != "S256" || q.Get("nonce") == "" || q.Get("state") == "" {
				t.Errorf("asked with %v", q)
			}
			back, err := p.LogIn(t.Context(), address, "aigul", "tulip")
			if err != nil {
				t.Fatal(err)
			}
			done, err := l.Complete(t.Context(), back.Query(), transaction)
			if err != nil {
				t.Fatal(err)
			}
			s := done.Subject
			if s.ID != "u1" || s.Organization != "acme" || s.VerifiedEmail != "aigul@example.org" || s.Name != "Aigul" || done.ReturnTo != "/surveys?x=1" {
				t.Errorf("got %+v", done)
			}
			if again, err := v.VerifyToken(t.Context(), done.IDToken); err != nil || again != s {
				t.Errorf("the ID token proves %+v, %v", again, err)
			}
			// A code is of use once.
			if _, err := l.Complete(t.Context(), back.Query(), transaction); rpcerr.Reason(err) != oidc.ReasonLoginInvalid {
				t.Errorf("a second time: %v", err)
			}
		})
	}
}

func TestAnAddressThatIsNotVerifiedIsNotTold(t *testing.T) {
	p := provider(t)
	_, l := login(t, p, oidc.Issuer{ClientID: "page"}, nil)
	address, transaction, err := l.Begin(t.Context(), oidc.Beginning{RedirectURL: redirect})
	if err != nil {
		t.Fatal(err)
	}
	back, err := p.LogIn(t.Context(), address, "bakyt", "poppy")
	if err != nil {
		t.Fatal(err)
	}
	done, err := l.Complete(t.Context(), back.Query(), transaction)
	if err != nil || done.Subject.ID != "u2" || done.Subject.VerifiedEmail != "" || done.ReturnTo != "/" {
		t.Errorf("got %+v, %v", done, err)
	}
}

func TestForeignAndOldLoginsAreRefused(t *testing.T) {
	p := provider(t)
	clock := testkit.NewClock(time.Now())
	_, l := login(t, p, oidc.Issuer{ClientID: "page"}, clock)
	begin := func() (back url.Values, transaction string) {
		address, transaction, err := l.Begin(t.Context(), oidc.Beginning{RedirectURL: redirect})
		if err != nil {
			t.Fatal(err)
		}
		u, err := p.LogIn(t.Context(), address, "aigul", "tulip")
		if err != nil {
			t.Fatal(err)
		}
		return u.Query(), transaction
	}
	mine, minesTransaction := begin()
	theirs, theirsTransaction := begin()
	for name, try := range map[string]struct {
		query       url.Values
		transaction string
	}{
		"state of another log-in": {mine, theirsTransaction},
		"code of another log-in":  {url.Values{"state": theirs["state"], "code": mine["code"]}, theirsTransaction},
		"no transaction":          {mine, ""},
		"transaction made up":     {mine, strings.Repeat("A", 100)},
		"transaction tampered":    {mine, minesTransaction[:len(minesTransaction)-2] + "AA"},
		"no code":                 {url.Values{"state": mine["state"]}, minesTransaction},
		"another provider":        {url.Values{"state": mine["state"], "code": mine["code"], "iss": {"https://evil.example"}}, minesTransaction},
	} {
		if _, err := l.Complete(t.Context(), try.query, try.transaction); rpcerr.Reason(err) != oidc.ReasonLoginInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	refused := url.Values{"state": mine["state"], "error": {"access_denied"}}
	if _, err := l.Complete(t.Context(), refused, minesTransaction); rpcerr.Reason(err) != oidc.ReasonLoginRefused {
		t.Errorf("refused: %v", err)
	}
	late, lateTransaction := begin()
	clock.Advance(10 * time.Minute)
	if _, err := l.Complete(t.Context(), late, lateTransaction); rpcerr.Reason(err) != oidc.ReasonLoginInvalid {
		t.Errorf("after ten minutes: %v", err)
	}
}

func TestMachinesGetTokensAndKeysRotate(t *testing.T) {
	p := provider(t)
	clock := testkit.NewClock(time.Now())
	v, _ := login(t, p, oidc.Issuer{Audiences: []string{"otklik-api"}}, clock)
	check := func(when string) {
		t.Helper()
		token, err := p.Token(t.Context(), "robot", "bolt")
		if err != nil {
			t.Fatal(err)
		}
		if s, err := v.VerifyToken(t.Context(), token); err != nil || s.ID != "robot" || s.Organization != "acme" {
			t.Errorf("%s: %+v, %v", when, s, err)
		}
	}
	check("first")
	old, err := p.Token(t.Context(), "robot", "bolt")
	if err != nil {
		t.Fatal(err)
	}
	clock.Advance(2 * time.Minute)
	if err := p.RotateKeys(true); err != nil {
		t.Fatal(err)
	}
	check("after a rotation")
	if _, err := v.VerifyToken(t.Context(), old); rpcerr.Code(err) != codes.Unauthenticated {
		t.Errorf("signed by a key that the provider forgot: %v", err)
	}
	if _, err := p.Token(t.Context(), "robot", "nut"); err == nil {
		t.Error("a token for a wrong secret")
	}
}

// TestAFormCanBeFilledIn goes the whole way as a browser does: with cookies, redirects and a form, against an application of its own.
func TestAFormCanBeFilledIn(t *testing.T) {
	p := provider(t)
	mux := http.NewServeMux()
	app := httptest.NewServer(mux)
	defer app.Close()
	p.AddClient(oidctest.Client{ID: "app", RedirectURIs: []string{app.URL + "/auth/callback"}})
	_, l := login(t, p, oidc.Issuer{ClientID: "app"}, nil)
	mux.HandleFunc("GET /auth/login", func(w http.ResponseWriter, r *http.Request) {
		address, transaction, err := l.Begin(r.Context(), oidc.Beginning{RedirectURL: app.URL + "/auth/callback"})
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		http.SetCookie(w, &http.Cookie{Name: "login", Value: transaction, Path: "/auth/"})
		http.Redirect(w, r, address, http.StatusSeeOther)
	})
	mux.HandleFunc("GET /auth/callback", func(w http.ResponseWriter, r *http.Request) {
		cookie, err := r.Cookie("login")
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		done, err := l.Complete(r.Context(), r.URL.Query(), cookie.Value)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		_, _ = io.WriteString(w, "hello "+done.Subject.Name)
	})
	jar, _ := cookiejar.New(nil)
	browser := &http.Client{Jar: jar}
	send := func(method, address string, form url.Values) (string, *url.URL) {
		t.Helper()
		request, err := http.NewRequest(method, address, strings.NewReader(form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		response, err := browser.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = response.Body.Close() }()
		body, _ := io.ReadAll(response.Body)
		return string(body), response.Request.URL
	}
	page, at := send(http.MethodGet, app.URL+"/auth/login", nil)
	if !strings.Contains(page, `id="username"`) {
		t.Fatalf("no form at %v: %s", at, page)
	}
	id := at.Query().Get("id")
	page, _ = send(http.MethodPost, p.Issuer()+"/login", url.Values{"id": {id}, "username": {"aigul"}, "password": {"rose"}})
	if !strings.Contains(page, `id="wrong"`) {
		t.Errorf("a wrong password: %s", page)
	}
	page, _ = send(http.MethodPost, p.Issuer()+"/login", url.Values{"id": {id}, "username": {"aigul"}, "password": {"tulip"}})
	if page != "hello Aigul" {
		t.Errorf("got %q", page)
	}
}

func TestRunInAProcess(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	_ = listener.Close()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		done <- oidctest.Run(ctx, address, func(p *oidctest.Provider) {
			p.AddClient(oidctest.Client{ID: "robot", Secret: "bolt", Audience: []string{"api"}})
		})
	}()
	testkit.Eventually(t, 10*time.Second, func() error {
		response, err := http.Get("http://" + address + "/.well-known/openid-configuration")
		if err == nil {
			_ = response.Body.Close()
		}
		return err
	})
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
