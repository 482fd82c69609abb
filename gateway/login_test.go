package gateway_test

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/gateway"
	"github.com/otklik/otklik/libs/authn/oidc"
	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/libs/testkit/oidctest"
	accessv1 "github.com/otklik/otklik/proto/gen/go/otklik/access/v1"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

const sessionToken = "otw_0123456789abcdefghijklmnopqrstuvwxyzABCDEFG"

// browser keeps the cookies of one host and follows nothing by itself.
type browser struct {
	b       *bench
	cookies map[string]*http.Cookie
}

func (w *browser) send(method, path string, header map[string]string) answer {
	w.b.t.Helper()
	all := map[string]string{}
	var sent []string
	for name, cookie := range w.cookies {
		sent = append(sent, name+"="+cookie.Value)
	}
	if len(sent) > 0 {
		all["Cookie"] = strings.Join(sent, "; ")
	}
	for name, value := range header {
		all[name] = value
	}
	a := w.b.do(request{method: method, path: path, header: all})
	for _, line := range a.header.Values("Set-Cookie") {
		cookie, err := http.ParseSetCookie(line)
		if err != nil {
			w.b.t.Fatal(err)
		}
		if cookie.MaxAge < 0 {
			delete(w.cookies, cookie.Name)
			continue
		}
		w.cookies[cookie.Name] = cookie
	}
	return a
}

// loginBench is a gateway whose people log in at a real provider.
func loginBench(t *testing.T, publicURL string) (*bench, *oidctest.Provider, *browser) {
	t.Helper()
	p := oidctest.Start(t)
	p.AddUser(oidctest.User{ID: "u1", Name: "aigul", Password: "tulip", Email: "aigul@example.org", EmailVerified: true})
	p.AddClient(oidctest.Client{ID: "otklik", Secret: "s", RedirectURIs: []string{publicURL + "/auth/callback"}})
	v, err := oidc.New([]oidc.Issuer{{Issuer: p.Issuer(), ClientID: "otklik", ClientSecret: "s", Organization: "org1", DisplayName: "Kyrgyz ID"}}, oidc.Deps{})
	if err != nil {
		t.Fatal(err)
	}
	login, err := oidc.NewLogin(v, make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	b := newBench(t, withConfig(func(c *gateway.Config) { c.PublicURL = publicURL }), withDeps(func(d *gateway.Deps) { d.Login = login }))
	return b, p, &browser{b: b, cookies: map[string]*http.Cookie{}}
}

// logIn goes the whole way and returns where the browser is in the end.
func (w *browser) logIn(p *oidctest.Provider, returnTo string) answer {
	w.b.t.Helper()
	begun := w.send("GET", "/auth/login?return_to="+url.QueryEscape(returnTo), nil)
	if begun.status != http.StatusSeeOther {
		w.b.t.Fatalf("begin: %d %s", begun.status, begun.body)
	}
	back, err := p.LogIn(w.b.t.Context(), begun.header.Get("Location"), "aigul", "tulip")
	if err != nil {
		w.b.t.Fatal(err)
	}
	return w.send("GET", back.RequestURI(), nil)
}

func TestPeopleLogInAndOut(t *testing.T) {
	for public, names := range map[string][2]string{
		"https://otklik.example": {"__Host-otklik", "__Host-otklik-login"}, "http://localhost:8080": {"otklik-session", "otklik-login"},
	} {
		t.Run(public, func(t *testing.T) {
			b, p, w := loginBench(t, public)
			var proof, ended []string
			until := time.Now().Add(time.Hour).Truncate(time.Second)
			b.access.createSession = func(ctx context.Context, _ *accessv1.CreateSessionRequest) (*accessv1.CreateSessionResponse, error) {
				md, _ := metadata.FromIncomingContext(ctx)
				proof = md.Get("authorization")
				if !slices.Equal(md.Get("otklik-client-address"), []string{"127.0.0.1"}) {
					t.Errorf("address %v", md.Get("otklik-client-address"))
				}
				return &accessv1.CreateSessionResponse{Token: sessionToken, ExpireTime: timestamppb.New(until)}, nil
			}
			b.access.caller = func(ctx context.Context, _ *accessv1.GetCallerRequest) (*accessv1.GetCallerResponse, error) {
				md, _ := metadata.FromIncomingContext(ctx)
				if !slices.Equal(md.Get("authorization"), []string{"Bearer " + sessionToken}) || len(ended) > 0 {
					return nil, rpcerr.New(codes.Unauthenticated, "CREDENTIALS_INVALID", "x")
				}
				return &accessv1.GetCallerResponse{Principal: &accessv1.Principal{Id: "members/m1"}}, nil
			}
			b.access.endSession = func(ctx context.Context, _ *accessv1.EndSessionRequest) (*accessv1.EndSessionResponse, error) {
				md, _ := metadata.FromIncomingContext(ctx)
				ended = append(ended, md.Get("authorization")...)
				return &accessv1.EndSessionResponse{}, nil
			}
			if a := w.send("GET", "/auth/session", nil); a.status != 200 || !strings.Contains(a.body, `"loggedIn":false`) || !strings.Contains(a.body, `"displayName":"Kyrgyz ID"`) {
				t.Errorf("before: %d %s", a.status, a.body)
			}
			a := w.logIn(p, "/?survey=surveys/s1")
			if a.status != http.StatusSeeOther || a.header.Get("Location") != "/?survey=surveys/s1" || a.header.Get("Cache-Control") != "no-store" {
				t.Fatalf("%d %v", a.status, a.header)
			}
			if len(proof) != 1 || strings.Count(proof[0], ".") != 2 {
				t.Errorf("the session was made with %q", proof)
			}
			cookie := w.cookies[names[0]]
			if cookie == nil || cookie.Value != sessionToken || !cookie.HttpOnly || cookie.Secure != strings.HasPrefix(public, "https") || cookie.SameSite != http.SameSiteLaxMode ||
				cookie.Path != "/" || cookie.Domain != "" || !cookie.Expires.Equal(until) {
				t.Fatalf("cookie %+v", cookie)
			}
			if w.cookies[names[1]] != nil || len(w.cookies) != 1 {
				t.Errorf("left over: %v", w.cookies)
			}
			if a := w.send("GET", "/auth/session", nil); !strings.Contains(a.body, `"loggedIn":true`) {
				t.Errorf("after: %s", a.body)
			}
			if a := w.send("GET", "/v1/caller", nil); a.status != 200 || !strings.Contains(a.body, "members/m1") || a.header.Get("Set-Cookie") != "" {
				t.Errorf("caller: %d %s", a.status, a.body)
			}
			if a := w.send("POST", "/auth/logout", nil); a.status != 204 || w.cookies[names[0]] != nil || !slices.Equal(ended, []string{"Bearer " + sessionToken}) {
				t.Errorf("log-out: %d, %v, %v", a.status, w.cookies, ended)
			}
		})
	}
}

// A page of another site can make a browser send its cookies, and must not change anything by that.
func TestSessionsAreNotUsedByPagesOfOtherSites(t *testing.T) {
	b, _, w := loginBench(t, "https://otklik.example")
	calls := 0
	var token []string
	b.survey.submit = func(ctx context.Context, r *surveyv1.SubmitResponseRequest) (*surveyv1.SubmitResponseResponse, error) {
		md, _ := metadata.FromIncomingContext(ctx)
		calls, token = calls+1, md.Get("authorization")
		return echo(ctx, r)
	}
	b.access.endSession = func(context.Context, *accessv1.EndSessionRequest) (*accessv1.EndSessionResponse, error) {
		t.Error("the session was ended by a foreign page")
		return &accessv1.EndSessionResponse{}, nil
	}
	w.cookies["__Host-otklik"] = &http.Cookie{Name: "__Host-otklik", Value: sessionToken}
	for _, header := range []map[string]string{
		{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}, {"Sec-Fetch-Site": "same-site", "Origin": "https://shop.otklik.example"},
		{"Origin": "https://evil.example"}, {"Origin": "null"},
	} {
		header["Cookie"] = "__Host-otklik=" + sessionToken
		a := b.submitWith(header)
		if a.status != 403 || a.err.reason() != "gateway.otklik/CROSS_SITE_REQUEST" {
			t.Errorf("%v: %d %s", header, a.status, a.body)
		}
		if a := w.send("POST", "/auth/logout", header); a.status != 403 || w.cookies["__Host-otklik"] == nil {
			t.Errorf("%v ended the session: %d", header, a.status)
		}
	}
	if calls != 0 {
		t.Fatalf("%d calls got through", calls)
	}
	own := map[string]string{"Sec-Fetch-Site": "same-origin", "Origin": "https://otklik.example", "Cookie": "__Host-otklik=" + sessionToken}
	if a := b.submitWith(own); a.status != 200 || !slices.Equal(token, []string{"Bearer " + sessionToken}) {
		t.Errorf("the own page: %d %v", a.status, token)
	}
	// A key in the header is used as ever, whatever cookies there are.
	bearer := map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://shop.example", "Authorization": "Bearer otp_x", "Cookie": "__Host-otklik=" + sessionToken}
	if a := b.submitWith(bearer); a.status != 200 || !slices.Equal(token, []string{"Bearer otp_x"}) {
		t.Errorf("a key: %d %v", a.status, token)
	}
	for _, cookie := range []string{"otklik-session=" + sessionToken, "__Host-otklik=" + sessionToken + "; __Host-otklik=" + sessionToken, `__Host-otklik="a b"`, "__Host-otklik=short"} {
		if a := b.submitWith(map[string]string{"Cookie": cookie}); a.status != 200 || len(token) != 0 {
			t.Errorf("%s became %v", cookie, token)
		}
	}
}

func TestLoginsLeadNowhereElse(t *testing.T) {
	b, p, w := loginBench(t, "https://otklik.example")
	b.access.createSession = func(context.Context, *accessv1.CreateSessionRequest) (*accessv1.CreateSessionResponse, error) {
		return &accessv1.CreateSessionResponse{Token: sessionToken}, nil
	}
	b.access.endSession = func(context.Context, *accessv1.EndSessionRequest) (*accessv1.EndSessionResponse, error) {
		return &accessv1.EndSessionResponse{}, nil
	}
	for returnTo, want := range map[string]string{
		"/settings?tab=keys": "/settings?tab=keys", "": "/", "//evil.example": "/", `/\evil.example`: "/", "https://evil.example": "/", "/%2Fevil.example": "/", "/%5cevil.example": "/",
		"/a\r\nSet-Cookie: x=y": "/", "/\tevil": "/", "javascript:alert(1)": "/", "evil": "/", "/\x00": "/", " //evil.example": "/",
	} {
		if a := w.logIn(p, returnTo); a.header.Get("Location") != want {
			t.Errorf("%q leads to %q", returnTo, a.header.Get("Location"))
		}
	}
}

// A session of before is ended and its token never lives on: whoever set it does not get into the new one.
func TestALoginIsAlwaysANewSession(t *testing.T) {
	b, p, w := loginBench(t, "https://otklik.example")
	const planted = "otw_plantedplantedplantedplanted"
	var ended []string
	b.access.createSession = func(ctx context.Context, _ *accessv1.CreateSessionRequest) (*accessv1.CreateSessionResponse, error) {
		md, _ := metadata.FromIncomingContext(ctx)
		if strings.Contains(strings.Join(md.Get("authorization"), " "), planted) {
			t.Error("the planted token was used")
		}
		return &accessv1.CreateSessionResponse{Token: sessionToken}, nil
	}
	b.access.endSession = func(ctx context.Context, _ *accessv1.EndSessionRequest) (*accessv1.EndSessionResponse, error) {
		md, _ := metadata.FromIncomingContext(ctx)
		ended = append(ended, md.Get("authorization")...)
		return &accessv1.EndSessionResponse{}, nil
	}
	w.cookies["__Host-otklik"] = &http.Cookie{Name: "__Host-otklik", Value: planted}
	w.logIn(p, "/")
	if w.cookies["__Host-otklik"].Value != sessionToken || !slices.Equal(ended, []string{"Bearer " + planted}) {
		t.Errorf("%v, ended %v", w.cookies, ended)
	}
}

func TestFailedLoginsTellACodeAndNothingElse(t *testing.T) {
	b, p, w := loginBench(t, "https://otklik.example")
	var outcome error
	b.access.createSession = func(context.Context, *accessv1.CreateSessionRequest) (*accessv1.CreateSessionResponse, error) {
		return nil, outcome
	}
	for _, c := range []struct {
		outcome error
		code    string
	}{
		{rpcerr.New(codes.Unauthenticated, "CREDENTIALS_INVALID", "unknown member"), "notMember"},
		{rpcerr.New(codes.PermissionDenied, "MEMBER_DISABLED", "disabled member"), "notMember"},
		{rpcerr.New(codes.Unavailable, "AWAY", "x"), "unavailable"},
		{rpcerr.New(codes.Internal, "INTERNAL", "secret"), "failed"},
	} {
		outcome = c.outcome
		a := w.logIn(p, "/")
		if a.status != http.StatusSeeOther || a.header.Get("Location") != "/?loginError="+c.code || a.body != "" || len(w.cookies) != 0 {
			t.Errorf("%v: %d %v %v", c.outcome, a.status, a.header, w.cookies)
		}
	}
	// What was not begun in this browser is not completed in it.
	begun := w.send("GET", "/auth/login", nil)
	back, err := p.LogIn(t.Context(), begun.header.Get("Location"), "aigul", "tulip")
	if err != nil {
		t.Fatal(err)
	}
	other := &browser{b: b, cookies: map[string]*http.Cookie{}}
	for name, a := range map[string]answer{
		"another browser": other.send("GET", back.RequestURI(), nil), "no code": w.send("GET", "/auth/callback", nil),
		"a second time": w.send("GET", back.RequestURI(), nil), "no such provider": w.send("GET", "/auth/login?provider=none", nil),
	} {
		if a.header.Get("Location") != "/?loginError=expired" {
			t.Errorf("%s: %d %v", name, a.status, a.header)
		}
	}
	begun = w.send("GET", "/auth/login", nil)
	address, err := url.Parse(begun.header.Get("Location"))
	if err != nil {
		t.Fatal(err)
	}
	if a := w.send("GET", "/auth/callback?error=access_denied&state="+address.Query().Get("state"), nil); a.header.Get("Location") != "/?loginError=refused" {
		t.Errorf("%v", a.header)
	}
	p.Close()
	if a := b.get("/auth/login?return_to=/"); a.status != http.StatusSeeOther {
		t.Errorf("%d", a.status)
	}
}

func TestLogOutTellsWhenTheSessionCouldNotBeEnded(t *testing.T) {
	b, _, w := loginBench(t, "https://otklik.example")
	b.access.endSession = func(context.Context, *accessv1.EndSessionRequest) (*accessv1.EndSessionResponse, error) {
		return nil, rpcerr.New(codes.Unavailable, "AWAY", "x")
	}
	w.cookies["__Host-otklik"] = &http.Cookie{Name: "__Host-otklik", Value: sessionToken}
	if a := w.send("POST", "/auth/logout", nil); a.status != 503 || len(w.cookies) != 0 {
		t.Errorf("%d %v", a.status, w.cookies)
	}
	if a := w.send("GET", "/auth/logout", nil); a.status != 405 || a.header.Get("Allow") != "POST" {
		t.Errorf("by GET: %d", a.status)
	}
}

func TestASessionThatHasEndedIsForgotten(t *testing.T) {
	b, _, w := loginBench(t, "https://otklik.example")
	outcome := rpcerr.New(codes.Unavailable, "AWAY", "x")
	b.access.caller = func(context.Context, *accessv1.GetCallerRequest) (*accessv1.GetCallerResponse, error) {
		return nil, outcome
	}
	w.cookies["__Host-otklik"] = &http.Cookie{Name: "__Host-otklik", Value: sessionToken}
	if a := w.send("GET", "/auth/session", nil); a.status != 503 || len(w.cookies) != 1 {
		t.Errorf("while access is away: %d %v", a.status, w.cookies)
	}
	outcome = rpcerr.New(codes.Unauthenticated, "CREDENTIALS_INVALID", "x")
	if a := w.send("GET", "/auth/session", nil); a.status != 200 || !strings.Contains(a.body, `"loggedIn":false`) || len(w.cookies) != 0 {
		t.Errorf("%d %s %v", a.status, a.body, w.cookies)
	}
}

func TestWithoutProvidersThereIsNoLogin(t *testing.T) {
	b := newBench(t)
	if a := b.get("/auth/session"); a.status != 200 || !strings.Contains(a.body, `"providers":[]`) {
		t.Errorf("%d %s", a.status, a.body)
	}
	for _, path := range []string{"/auth/login", "/auth/callback", "/auth/", "/auth/other"} {
		if a := b.get(path); a.status != 404 {
			t.Errorf("%s: %d", path, a.status)
		}
	}
}

func TestLoginNeedsAPublicAddressThatKeepsCookiesSafe(t *testing.T) {
	b, _, _ := loginBench(t, "https://otklik.example")
	for _, public := range []string{"", "http://otklik.example", "otklik.example", "https://otklik.example/path"} {
		config := gateway.DefaultConfig()
		config.PublicURL = public
		if _, err := gateway.New(config, b.deps); err == nil || !strings.Contains(err.Error(), "public_url") {
			t.Errorf("%q: %v", public, err)
		}
	}
}

// echoLogin is a provider that returns whoever comes to where they wanted.
type echoLogin struct{}

func (echoLogin) Providers() []oidc.LoginProvider { return nil }

func (echoLogin) Begin(_ context.Context, b oidc.Beginning) (string, string, error) {
	return "https://provider.example/", url.QueryEscape(b.ReturnTo), nil
}

func (echoLogin) Complete(_ context.Context, _ url.Values, kept string) (oidc.Completed, error) {
	returnTo, err := url.QueryUnescape(kept)
	return oidc.Completed{IDToken: "a.b.c", ReturnTo: returnTo}, err
}

// Wherever a link asks a log-in to lead, the browser stays on this host.
func FuzzReturnTo(f *testing.F) {
	for _, seed := range []string{"/", "//evil.example", `/\evil`, "/%2f%2fevil", "/%5C%5Cevil", "/..//evil", "/\t/evil", "https://evil", "/a?b=//c#d", "\x00", "/%", "/\u2028/evil", "/.//evil.example", "/;//evil"} {
		f.Add(seed)
	}
	b := newBench(f, withConfig(func(c *gateway.Config) { c.PublicURL = "https://otklik.example" }), withDeps(func(d *gateway.Deps) { d.Login = echoLogin{} }))
	b.access.createSession = func(context.Context, *accessv1.CreateSessionRequest) (*accessv1.CreateSessionResponse, error) {
		return &accessv1.CreateSessionResponse{Token: sessionToken}, nil
	}
	base, err := url.Parse("https://otklik.example/auth/callback")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, returnTo string) {
		b.t = t
		begun := b.get("/auth/login?return_to=" + url.QueryEscape(returnTo))
		cookie, err := http.ParseSetCookie(begun.header.Get("Set-Cookie"))
		if err != nil {
			t.Fatal(err)
		}
		a := b.get("/auth/callback", "Cookie", cookie.Name+"="+cookie.Value)
		location := a.header.Get("Location")
		if a.status != http.StatusSeeOther || !strings.HasPrefix(location, "/") || strings.HasPrefix(location, "//") || strings.ContainsAny(location, "\\\r\n\t\x00") {
			t.Fatalf("%q leads to %q (%d)", returnTo, location, a.status)
		}
		there, err := base.Parse(location)
		if err != nil || there.Host != "otklik.example" || there.Scheme != "https" {
			t.Fatalf("%q leads to %v, %v", returnTo, there, err)
		}
	})
}
