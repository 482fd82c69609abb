package gateway

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"github.com/grpc-ecosystem/grpc-gateway/v2/utilities"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// obliging is a connection to services that take every call and answer with an empty message; streams they refuse.
type obliging struct{}

func (obliging) Invoke(context.Context, string, any, any, ...grpc.CallOption) error { return nil }

func (obliging) NewStream(context.Context, *grpc.StreamDesc, string, ...grpc.CallOption) (grpc.ClientStream, error) {
	return nil, status.Error(codes.FailedPrecondition, "no streams here")
}

func newObligingGateway(t testing.TB) *Gateway {
	t.Helper()
	g, err := New(DefaultConfig(), Deps{Survey: obliging{}, Scoring: obliging{}, Access: obliging{}, Comment: obliging{}, Segmentation: obliging{}, Reporting: obliging{}, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { g.Close() })
	return g
}

// FuzzRequest sends any request to a gateway whose services take everything: whatever it is, the fault is never the gateway's.
func FuzzRequest(f *testing.F) {
	for _, seed := range []struct{ method, target, name, value, body string }{
		{"POST", "/v1/surveys/s/responses", "Content-Type", "application/json", `{"responseId":"r","revision":"surveys/s/revisions/1"}`},
		{"POST", "/v1/surveys/s/responses:batchSubmit", "Content-Type", "text/plain", `{`},
		{"GET", "/v1/surveys?pageSize=1&pageToken=AAAA", "Accept", "text/event-stream", ""},
		{"GET", "/v1/surveys/s/responses:stream", "Grpc-Timeout", "9999999999S", ""},
		{"GET", "/v1/surveys/%2e%2e/responses/%00", "X-Forwarded-For", "::1", ""},
		{"PATCH", "/v1/apiKeys/k?updateMask=displayName", "Content-Type", "application/json", `{"apiKey":{"displayName":"\ud800"}}`},
		{"OPTIONS", "/v1/surveys/s/responses", "Origin", "https://a.example", ""},
		{"GET", "/v1/scores:watch?query.survey=surveys/s", "Last-Event-Id", "x", ""},
		{"DELETE", "/v1/webhooks/w", "Cookie", "otklik-session=otw_0123456789abcdef0123", ""},
		{"POST", "/auth/logout", "Sec-Fetch-Site", "cross-site", ""},
		{"GET", "/auth/login?return_to=//evil.example", "Host", "x", ""},
		{"TRACE", "/", "Otklik-Device", "\x00", ""},
		{"GET", "/openapi.json", "Range", "bytes=5-1,-7", ""},
		{"HEAD", "/docs/", "If-None-Match", `W/"x", *`, ""},
	} {
		f.Add(seed.method, seed.target, seed.name, seed.value, seed.body)
	}
	g := newObligingGateway(f)
	f.Fuzz(func(t *testing.T, method, target, name, value, body string) {
		u, err := url.ParseRequestURI(target)
		if err != nil || !strings.HasPrefix(u.Path, "/") || strings.HasSuffix(u.Path, "/readyz") {
			// The server answers the former by itself; the latter tells that the services are away.
			return
		}
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", strings.NewReader(body))
		r.Method, r.URL, r.RequestURI = method, u, target
		r.Header[http.CanonicalHeaderKey(name)] = []string{value}
		w := httptest.NewRecorder()
		g.ServeHTTP(w, r)
		// Parts that were not built are unavailable.
		if w.Code >= 500 && w.Code != http.StatusServiceUnavailable {
			t.Fatalf("%q %q (%q: %q) %q: %d %s", method, target, name, value, body, w.Code, w.Body)
		}
		if strings.HasPrefix(u.Path, "/v1/") && w.Code >= 300 && w.Code < 400 {
			t.Fatalf("%q %q: the API leads elsewhere, to %q", method, target, w.Header().Get("Location"))
		}
		for name, values := range w.Header() {
			if strings.ContainsAny(strings.Join(values, ""), "\r\n\x00") {
				t.Fatalf("%q %q: header %s: %q", method, target, name, values)
			}
		}
	})
}

// FuzzQuery reads the query of an address for every route that takes one: what passes is what grpc-gateway can read.
func FuzzQuery(f *testing.F) {
	for _, seed := range []string{
		"", "pageSize=1&page_size=2", "pageSize=x", "query.groupBy=region&query.groupBy=channel", "query.metrics=METRIC_NPS&query.metrics=1", "name=%ff", "%zz", "a;b", "..=", "query.=1",
		"query.period.startTime=2026-01-01T00:00:00Z", "query.confidenceLevel=NaN", "pageSize=99999999999", "updateMask=a,b.c", "read_mask=,", "showDeleted=TRUE", "=", "&&", "query.filter=x",
	} {
		f.Add(seed)
	}
	var routes []*route
	all, err := routesOf(routedServices()...)
	if err != nil {
		f.Fatal(err)
	}
	for _, r := range all {
		if !r.hasBody {
			routes = append(routes, r)
		}
	}
	none := utilities.NewDoubleArray(nil)
	f.Fuzz(func(t *testing.T, raw string) {
		for _, r := range routes {
			if e := r.checkQuery(raw); e != nil {
				if e.Reason != reasonQueryInvalid {
					t.Fatalf("%s?%s: %v", r.template, raw, e)
				}
				continue
			}
			values, err := url.ParseQuery(raw)
			if err != nil {
				t.Fatalf("%s?%s was let pass: %v", r.template, raw, err)
			}
			if err := runtime.PopulateQueryParameters(r.input.New().Interface(), values, none); err != nil {
				t.Fatalf("%s?%s was let pass: %v", r.template, raw, err)
			}
		}
	})
}

// FuzzJSONPath turns field paths of services into those of clients: once is enough, and what stands in brackets is data.
func FuzzJSONPath(f *testing.F) {
	for _, seed := range []string{"", "response.answers[2].free_text", `attributes["a_b"].x_y`, `a["\"]_"]_b`, "_", "a__b", "[_", `["`, "a_]b_c"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, path string) {
		once := jsonPath(path)
		if twice := jsonPath(once); twice != once {
			t.Fatalf("%q became %q, then %q", path, once, twice)
		}
		if quoted := `attributes["` + strings.NewReplacer(`\`, "", `"`, "").Replace(path) + `"]`; jsonPath(quoted) != quoted {
			t.Fatalf("the key in %q was changed: %q", quoted, jsonPath(quoted))
		}
	})
}
