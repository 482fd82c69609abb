package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/otklik/otklik/libs/testkit"
	"github.com/otklik/otklik/libs/testkit/oidctest"
	"github.com/otklik/otklik/tests/harness"
)

// withProvider starts a suite whose organisation has an OpenID provider, with people and a machine there.
func withProvider(t *testing.T, layout harness.Layout) (*shop, *oidctest.Provider) {
	t.Helper()
	provider := oidctest.Start(t)
	suite := openShop(t, harness.Options{Layout: layout, Settings: map[string]any{
		"auth.oidc": []map[string]any{{
			"issuer": provider.Issuer(), "client_id": "otklik", "client_secret": "secret-of-otklik", "audiences": []string{"otklik-api"}, "organization": harness.Organization,
			"display_name": "Acme",
		}},
		"auth.login_key": "a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s=",
	}})
	provider.AddClient(oidctest.Client{ID: "otklik", Secret: "secret-of-otklik", RedirectURIs: []string{suite.HTTP() + "/auth/callback"}})
	provider.AddClient(oidctest.Client{ID: "nightly-job", Secret: "secret-of-job", Audience: []string{"otklik-api"}})
	provider.AddClient(oidctest.Client{ID: "foreign-job", Secret: "secret-of-job", Audience: []string{"another-api"}})
	for _, name := range []string{"aida", "bek", "stranger"} {
		provider.AddUser(oidctest.User{Name: name, Password: name + "-password", Email: name + "@acme.example", EmailVerified: name != "bek", DisplayName: strings.ToUpper(name)})
	}
	askREST(t, suite.Suite, http.MethodPost, "/v1/members", `{"memberId": "aida", "member": {"email": "aida@acme.example", "roles": ["manager"], "units": {"locations": ["store-1"]}}}`, nil)
	askREST(t, suite.Suite, http.MethodPost, "/v1/members", `{"memberId": "bek", "member": {"email": "bek@acme.example", "roles": ["admin"]}}`, nil)
	askREST(t, suite.Suite, http.MethodPost, "/v1/members", `{"memberId": "job", "member": {"subject": "nightly-job", "roles": ["analyst"]}}`, nil)
	return suite, provider
}

// person is somebody with a browser: cookies, and what comes of log-ins.
type visitor struct {
	base   string
	client *http.Client
}

func newVisitor(t *testing.T, suite *harness.Suite) *visitor {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &visitor{base: suite.HTTP(), client: &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// logIn goes through the provider's form and returns where the app sends the browser in the end.
func (v *visitor) logIn(t *testing.T, provider *oidctest.Provider, name, returnTo string) string {
	t.Helper()
	begun := v.do(t, http.MethodGet, "/auth/login?return_to="+url.QueryEscape(returnTo), nil)
	back, err := provider.LogIn(t.Context(), begun.Header.Get("Location"), name, name+"-password")
	if err != nil {
		t.Fatal(err)
	}
	return v.do(t, http.MethodGet, back.RequestURI(), nil).Header.Get("Location")
}

func (v *visitor) do(t *testing.T, method, path string, header map[string]string) *harness.Answer {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, v.base+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range header {
		request.Header.Set(name, value)
	}
	response, err := v.client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return &harness.Answer{Status: response.StatusCode, Header: response.Header, Body: body}
}

// TestPeopleLogIn logs people in at a real provider: members get a session with their own units, strangers get none, and a session ends.
func TestPeopleLogIn(t *testing.T) {
	onBothStores(t, func(t *testing.T, layout harness.Layout) {
		suite, provider := withProvider(t, layout)
		manager := newVisitor(t, suite.Suite)
		if to := manager.logIn(t, provider, "aida", "/?survey=surveys/shop"); to != "/?survey=surveys/shop" {
			t.Errorf("after the log-in the browser is sent to %q", to)
		}
		answer := manager.do(t, http.MethodGet, "/v1/caller", nil)
		var caller struct {
			Principal struct {
				Kind, DisplayName string
				Roles             []string
				Units             struct{ Locations []string }
			}
		}
		if err := json.Unmarshal(answer.Body, &caller); err != nil || caller.Principal.Kind != "KIND_PERSON" || fmt.Sprint(caller.Principal.Units.Locations) != "[store-1]" {
			t.Errorf("the session is of %s: %v", answer.Body, err)
		}
		for _, cookie := range manager.client.Jar.Cookies(mustURL(t, suite.HTTP())) {
			if strings.Contains(suite.Log(), cookie.Value) {
				t.Errorf("the log holds the cookie %s", cookie.Name)
			}
		}
		// A page of somebody else's cannot use the session.
		for what, header := range map[string]map[string]string{
			"another site": {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}, "another origin": {"Origin": "https://evil.example"}, "a neighbour": {"Sec-Fetch-Site": "same-site"},
		} {
			if answer := manager.do(t, http.MethodPost, "/auth/logout", header); answer.Status != http.StatusForbidden {
				t.Errorf("a log-out by %s: status %d", what, answer.Status)
			}
			if answer := manager.do(t, http.MethodPost, "/v1/sessions:end", header); answer.Status != http.StatusForbidden {
				t.Errorf("a call by %s: status %d: %s", what, answer.Status, answer.Body)
			}
		}
		stranger := newVisitor(t, suite.Suite)
		unknown := stranger.logIn(t, provider, "stranger", "/")
		unverified := newVisitor(t, suite.Suite).logIn(t, provider, "bek", "/")
		if unknown != unverified || !strings.Contains(unknown, "loginError") {
			t.Errorf("a stranger is sent to %q, a member without a verified address to %q", unknown, unverified)
		}
		if answer := stranger.do(t, http.MethodGet, "/v1/caller", nil); answer.Status != http.StatusUnauthorized {
			t.Errorf("a stranger calls: status %d", answer.Status)
		}
		askREST(t, suite.Suite, http.MethodPatch, "/v1/members/aida", `{"member": {"disabled": true}, "updateMask": "disabled"}`, nil)
		testkit.Eventually(t, patience, func() error {
			if answer := manager.do(t, http.MethodGet, "/v1/caller", nil); answer.Status != http.StatusUnauthorized {
				return fmt.Errorf("the session of a disabled member works: status %d", answer.Status)
			}
			return nil
		})
		if disabled := newVisitor(t, suite.Suite).logIn(t, provider, "aida", "/"); disabled != unknown {
			t.Errorf("a disabled member is sent to %q, a stranger to %q", disabled, unknown)
		}
	})
}

// TestLogInLeadsNowhereElse tries to have the log-in send people to another site.
func TestLogInLeadsNowhereElse(t *testing.T) {
	t.Parallel()
	suite, provider := withProvider(t, harness.AllInOne)
	for _, to := range []string{"https://evil.example", "//evil.example", `/\evil.example`, `\\evil.example`, "/%2f/evil.example", "/\tevil", "javascript:alert(1)", "data:text/html,x", "/..//evil.example", "evil.example", "///evil.example", "/?x\r\nLocation: https://evil.example"} {
		got := newVisitor(t, suite.Suite).logIn(t, provider, "aida", to)
		u, err := url.Parse(got)
		if err != nil || u.Host != "" || u.Scheme != "" || !strings.HasPrefix(got, "/") || strings.HasPrefix(got, "//") || strings.HasPrefix(got, `/\`) {
			t.Errorf("return_to %q leads to %q", to, got)
		}
	}
}

// TestMachinesCallByClientCredentials lets a job call by a token of the organisation's provider, over a change of the provider's keys.
func TestMachinesCallByClientCredentials(t *testing.T) {
	onBothStores(t, func(t *testing.T, layout harness.Layout) {
		suite, provider := withProvider(t, layout)
		status := func(token string) int {
			answer, err := suite.REST(token).Do(t.Context(), harness.Request{Path: "/v1/surveys/shop"})
			if err != nil {
				t.Fatal(err)
			}
			return answer.Status
		}
		token := func(client string) string {
			token, err := provider.Token(t.Context(), client, "secret-of-job")
			if err != nil {
				t.Fatal(err)
			}
			return token
		}
		if got := status(token("nightly-job")); got != http.StatusOK {
			t.Errorf("a machine's token: status %d", got)
		}
		if err := provider.RotateKeys(false); err != nil {
			t.Fatal(err)
		}
		testkit.Eventually(t, patience, func() error {
			if got := status(token("nightly-job")); got != http.StatusOK {
				return fmt.Errorf("a token by the provider's new key: status %d", got)
			}
			return nil
		})
		parts := strings.Split(token("nightly-job"), ".")
		for what, bad := range map[string]string{
			"made for another": token("foreign-job"), "tampered": parts[0] + "." + parts[1] + "x." + parts[2], "signed by nobody": parts[0] + "." + parts[1] + ".", "of another algorithm": "eyJhbGciOiJub25lIn0." + parts[1] + ".",
		} {
			if got := status(bad); got != http.StatusUnauthorized {
				t.Errorf("a token %s: status %d", what, got)
			}
		}
	})
}

// TestLogInByBrowser logs in by the page, in a real browser.
func TestLogInByBrowser(t *testing.T) {
	t.Parallel()
	suite, provider := withProvider(t, harness.AllInOne)
	b := openBrowser(t)
	b.open(t, suite.HTTP()+"/")
	b.await(t, "Acme")
	if err := chromedp.Do(b.ctx, chromedp.Click(`a[href^="/auth/login"]`)); err != nil {
		t.Fatal(err)
	}
	host := mustURL(t, provider.Issuer()).Host
	testkit.Eventually(t, patience, func() error {
		at, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](`location.host`))
		if err == nil && at != host {
			err = fmt.Errorf("the browser is at %s", at)
		}
		return err
	})
	err := chromedp.Do(b.ctx, chromedp.SendKeys("#username", "aida"), chromedp.SendKeys("#password", "aida-password\r"))
	if err != nil {
		t.Fatal(err)
	}
	b.await(t, "AIDA", "store-1")
	// The way out stands beside the name, and leads back to where one came in.
	if err := chromedp.Do(b.ctx, chromedp.Click(`header .who + button`)); err != nil {
		t.Fatal(err)
	}
	b.await(t, "Acme")
	testkit.Eventually(t, patience, func() error {
		out, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool](`document.querySelector('a[href^="/auth/login"]') !== null && document.querySelector("header .who") === null`))
		if err == nil && !out {
			err = errors.New("the page still shows who was there")
		}
		return err
	})
}

func mustURL(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}
