package gateway_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"

	"github.com/otklik/otklik/gateway"
	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/rpcerr"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

// heard answers submissions and keeps the metadata of the last.
func (b *bench) heard() *metadata.MD {
	got := new(metadata.MD)
	b.survey.submit = func(ctx context.Context, r *surveyv1.SubmitResponseRequest) (*surveyv1.SubmitResponseResponse, error) {
		*got, _ = metadata.FromIncomingContext(ctx)
		return echo(ctx, r)
	}
	return got
}

func (b *bench) submitWith(header map[string]string) answer {
	b.t.Helper()
	return b.do(request{method: "POST", path: submitPath, body: submitBody, header: header})
}

func TestServicesLearnFromWhereACallComes(t *testing.T) {
	overBothChannels(t, func(t *testing.T, b *bench) {
		got := b.heard()
		for _, c := range []struct {
			header                  map[string]string
			origin, device, address []string
		}{
			{nil, nil, nil, []string{"127.0.0.1"}},
			{map[string]string{"Origin": b.url, "Otklik-Device": "till 7"}, nil, []string{"till 7"}, []string{"127.0.0.1"}},
			{map[string]string{"Origin": "https://shop.example"}, []string{"https://shop.example"}, nil, []string{"127.0.0.1"}},
			{map[string]string{"X-Forwarded-For": "6.6.6.6", "Otklik-Client-Address": "6.6.6.6", "Otklik-Origin": "https://a", "Grpc-Metadata-Otklik-Origin": "https://a", "Grpc-Metadata-Otklik-Client-Address": "6.6.6.6"},
				nil, nil, []string{"127.0.0.1"}},
		} {
			if a := b.submitWith(c.header); a.status != 200 {
				t.Fatalf("%v: %d %s", c.header, a.status, a.body)
			}
			if !slices.Equal(got.Get("otklik-origin"), c.origin) || !slices.Equal(got.Get("otklik-device"), c.device) || !slices.Equal(got.Get("otklik-client-address"), c.address) {
				t.Errorf("%v: %v", c.header, *got)
			}
			if slices.Contains(got.Get("x-forwarded-for"), "6.6.6.6") {
				t.Errorf("the client's claim went on: %v", *got)
			}
		}
		for _, device := range []string{"", strings.Repeat("d", 129), "Касса"} {
			if a := b.submitWith(map[string]string{"Otklik-Device": device}); a.status != 400 || a.err.reason() != "gateway.otklik/HEADER_INVALID" {
				t.Errorf("device %q: %d %s", device, a.status, a.body)
			}
		}
	}, withConfig(func(c *gateway.Config) { c.MaxStreams = 10 }))
}

func TestProxiesAreBelievedWhereTheOperatorSaysSo(t *testing.T) {
	b := newBench(t, withConfig(func(c *gateway.Config) { c.TrustedProxies = []string{"127.0.0.0/8", "10.0.0.0/8"} }))
	got := b.heard()
	b.submitWith(map[string]string{"X-Forwarded-For": "6.6.6.6, 203.0.113.9, 10.1.2.3"})
	if v := got.Get("otklik-client-address"); !slices.Equal(v, []string{"203.0.113.9"}) {
		t.Errorf("%q", v)
	}
}

func TestPreflightsAreAnsweredForPublishableKeysOnly(t *testing.T) {
	b := newBench(t)
	ask := func(path, method, origin string) answer {
		return b.do(request{method: http.MethodOptions, path: path, header: map[string]string{"Origin": origin, "Access-Control-Request-Method": method, "Access-Control-Request-Headers": "authorization,content-type"}})
	}
	for path, method := range map[string]string{
		submitPath: "POST", submitPath + ":batchSubmit": "POST", "/v1/surveys/checkout/refusals": "POST",
		"/v1/surveys/checkout/revisions/1": "GET", "/v1/caller": "GET",
	} {
		a := ask(path, method, "https://shop.example")
		h := a.header
		if a.status != 204 || a.body != "" || h.Get("Access-Control-Allow-Origin") != "https://shop.example" || !strings.Contains(h.Get("Access-Control-Allow-Methods"), method) ||
			!strings.Contains(h.Get("Access-Control-Allow-Headers"), "Authorization") || !strings.Contains(h.Get("Access-Control-Allow-Headers"), "Otklik-Device") || h.Get("Vary") != "Origin" {
			t.Errorf("%s %s: %d %v", method, path, a.status, h)
		}
		if h.Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("%s allows cookies", path)
		}
	}
	for path, method := range map[string]string{
		submitPath: "GET", "/v1/surveys": "POST", "/v1/apiKeys": "POST", "/v1/consents": "POST", "/v1/scores:query": "POST", "/v1/nothing": "GET", "/auth/session": "GET", "/": "GET",
	} {
		if a := ask(path, method, "https://shop.example"); a.status < 400 || a.header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s %s: %d %v", method, path, a.status, a.header)
		}
	}
}

func TestAnswersAreReadableByPagesWhoseOriginWasNotRefused(t *testing.T) {
	b := newBench(t)
	var outcome error
	b.survey.submit = func(ctx context.Context, r *surveyv1.SubmitResponseRequest) (*surveyv1.SubmitResponseResponse, error) {
		if outcome != nil {
			return nil, outcome
		}
		return echo(ctx, r)
	}
	for _, c := range []struct {
		outcome  error
		status   int
		readable bool
	}{
		{nil, 200, true},
		{rpcerr.New(codes.InvalidArgument, "VALIDATION_FAILED", "x"), 400, true},
		{rpcerr.New(codes.ResourceExhausted, "RATE_LIMITED", "x"), 429, true},
		{rpcerr.New(codes.Unauthenticated, "CREDENTIALS_INVALID", "x"), 401, true},
		{rpcerr.New(codes.PermissionDenied, authn.ReasonOrigin, "x"), 403, false},
	} {
		outcome = c.outcome
		a := b.submitWith(map[string]string{"Origin": "https://shop.example"})
		want := map[bool]string{true: "https://shop.example", false: ""}[c.readable]
		if a.status != c.status || a.header.Get("Access-Control-Allow-Origin") != want || a.header.Get("Vary") != "Origin" {
			t.Errorf("%v: %d %v", c.outcome, a.status, a.header)
		}
		for _, name := range []string{"RateLimit", "RateLimit-Policy", "Retry-After", "X-Request-Id"} {
			if c.readable && !strings.Contains(a.header.Get("Access-Control-Expose-Headers"), name) {
				t.Errorf("%s is not exposed", name)
			}
		}
	}
	outcome = nil
	if a := b.submitWith(map[string]string{"Origin": b.url}); a.header.Get("Access-Control-Allow-Origin") != "" || a.header.Get("Vary") != "Origin" {
		t.Errorf("of the own origin: %v", a.header)
	}
	if a := b.get("/v1/surveys", "Origin", "https://shop.example"); a.header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("a list was opened: %v", a.header)
	}
}

func TestSecurityHeadersOfPagesAndAnswers(t *testing.T) {
	b := newBench(t, withConfig(func(c *gateway.Config) { c.PublicURL, c.HSTSMaxAge = "https://otklik.example", 48*time.Hour }))
	for _, path := range []string{"/", "/docs", "/v1/surveys", "/auth/session", "/openapi.json"} {
		h := b.get(path).header
		if h.Get("Strict-Transport-Security") != "max-age=172800" || h.Get("Cross-Origin-Resource-Policy") != "same-origin" {
			t.Errorf("%s: %v", path, h)
		}
		if strings.HasPrefix(path, "/v1/") || strings.HasPrefix(path, "/auth/") {
			if h.Get("Cache-Control") != "no-store" {
				t.Errorf("%s may be cached: %v", path, h)
			}
			continue
		}
		if !strings.Contains(h.Get("Permissions-Policy"), "camera=()") || h.Get("Cross-Origin-Opener-Policy") != "same-origin" {
			t.Errorf("%s: %v", path, h)
		}
	}
	if h := newBench(t).get("/").header; h.Get("Strict-Transport-Security") != "" {
		t.Errorf("over http: %v", h)
	}
}

func TestInDevelopmentOnlyThisMachineIsServed(t *testing.T) {
	b := newBench(t, withDeps(func(d *gateway.Deps) { d.Development = true }))
	got := b.heard()
	ask := func(host, origin string) int {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), "POST", b.url+submitPath, strings.NewReader(submitBody))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		if host != "" {
			r.Host = host
		}
		if origin != "" {
			r.Header.Set("Origin", origin)
		}
		resp, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		return resp.StatusCode
	}
	if status := ask("", ""); status != 200 || len(got.Get("authorization")) != 0 {
		t.Errorf("%d %v", status, *got)
	}
	for _, host := range []string{"localhost:8080", "127.0.0.1", "[::1]:9", "otklik.localhost"} {
		if status := ask(host, ""); status != 200 {
			t.Errorf("%s: %d", host, status)
		}
	}
	for _, host := range []string{"evil.example", "localhost.evil.example:8080", "192.168.0.7:8080", "127.0.0.1.evil.example"} {
		if status := ask(host, ""); status != http.StatusMisdirectedRequest {
			t.Errorf("%s: %d", host, status)
		}
	}
	if status := ask("", "https://evil.example"); status != 403 {
		t.Errorf("a foreign page: %d", status)
	}
}
