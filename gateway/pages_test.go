package gateway_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/otklik/otklik/gateway"
	"github.com/otklik/otklik/gateway/web"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	"github.com/otklik/otklik/proto/gen/openapi"
)

// builtFiles are the files of the web app; without a build the test is skipped, but not where CI=true asks for everything.
func builtFiles(t *testing.T) fs.FS {
	t.Helper()
	files := web.Files()
	if _, err := fs.Stat(files, "index.html"); err != nil {
		if envCI() {
			t.Fatal("the web app is not built: run make web")
		}
		t.Skip("the web app is not built: run make web")
	}
	return files
}

func (b *bench) get(path string, header ...string) answer {
	b.t.Helper()
	r := request{method: http.MethodGet, path: path, header: map[string]string{"Accept-Encoding": "identity"}}
	for i := 0; i < len(header); i += 2 {
		r.header[header[i]] = header[i+1]
	}
	return b.do(r)
}

func TestDocumentIsServed(t *testing.T) {
	b := newBench(t)
	a := b.get("/openapi.json")
	if a.status != 200 || a.header.Get("Content-Type") != "application/json" || a.body != string(openapi.JSON()) {
		t.Errorf("%d %s, %d bytes", a.status, a.header.Get("Content-Type"), len(a.body))
	}
	if again := b.get("/openapi.json", "If-None-Match", a.header.Get("ETag")); again.status != http.StatusNotModified {
		t.Errorf("the same ETag: %d", again.status)
	}
	zipped := b.get("/openapi.json", "Accept-Encoding", "br, gzip;q=0.8")
	if zipped.header.Get("Content-Encoding") != "gzip" || zipped.header.Get("ETag") == a.header.Get("ETag") || unzip(t, zipped.body) != a.body {
		t.Errorf("compressed: %v", zipped.header)
	}
	for _, refused := range []string{"gzip;q=0", "gzip; q=0.0", "br"} {
		if a := b.get("/openapi.json", "Accept-Encoding", refused); a.header.Get("Content-Encoding") != "" {
			t.Errorf("%s got %s", refused, a.header.Get("Content-Encoding"))
		}
	}
}

func unzip(t *testing.T, body string) string {
	t.Helper()
	r, err := gzip.NewReader(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestLivenessTouchesNothing(t *testing.T) {
	b := newBench(t, withDeps(func(d *gateway.Deps) {
		d.Ready = func(context.Context) map[string]error { t.Error("liveness asked for readiness"); return nil }
	}))
	if a := b.get("/healthz"); a.status != 200 || !strings.Contains(a.body, `"ok"`) {
		t.Errorf("%d %s", a.status, a.body)
	}
}

func TestReadinessNamesWhatIsNotReady(t *testing.T) {
	broken := errors.New("open /var/lib/otklik/scoring.db: disk full")
	b := newBench(t, withDeps(func(d *gateway.Deps) {
		d.Ready = func(ctx context.Context) map[string]error {
			if _, ok := ctx.Deadline(); !ok {
				t.Error("the check has no deadline")
			}
			return map[string]error{"survey": nil, "scoring": broken}
		}
	}))
	a := b.get("/readyz")
	var got struct {
		Status string
		Parts  map[string]string
	}
	if err := json.Unmarshal([]byte(a.body), &got); err != nil {
		t.Fatal(err)
	}
	if a.status != 503 || got.Parts["survey"] != "ok" || got.Parts["scoring"] != "not ready" || strings.Contains(a.body, "/var/lib") {
		t.Errorf("%d %s", a.status, a.body)
	}
	broken = nil
	if a := b.get("/readyz"); a.status != 200 {
		t.Errorf("%d %s", a.status, a.body)
	}
}

// publicError has words for everybody beside those for the log.
type publicError struct{ error }

func (publicError) Public() string {
	return "nothing listens at the address in peers.survey: start the survey service"
}

func TestReadinessSaysHowToMendWhatMayBeShown(t *testing.T) {
	b := newBench(t, withDeps(func(d *gateway.Deps) {
		d.Ready = func(context.Context) map[string]error {
			return map[string]error{"survey": fmt.Errorf("ask: %w", publicError{errors.New("dial tcp 10.0.0.7:9090: connection refused")})}
		}
	}))
	a := b.get("/readyz")
	if a.status != 503 || !strings.Contains(a.body, `"survey":"not ready: nothing listens at the address in peers.survey: start the survey service"`) || strings.Contains(a.body, "10.0.0.7") {
		t.Errorf("%d %s", a.status, a.body)
	}
}

func TestReadinessTurnsOffBeforeRequestsAreRefused(t *testing.T) {
	b := newBench(t, withConfig(func(c *gateway.Config) { c.DrainLinger = time.Hour }))
	ctx, cancel := context.WithCancel(context.Background())
	drained := make(chan error, 1)
	go func() { drained <- b.gateway.Drain(ctx) }()
	for b.get("/readyz").status == 200 {
	}
	if a := b.get("/readyz"); a.status != 503 || !strings.Contains(a.body, "stopping") {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := b.get("/healthz"); a.status != 200 {
		t.Errorf("%d %s", a.status, a.body)
	}
	cancel()
	if err := <-drained; err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("drain: %v", err)
	}
}

func TestEveryAnswerCarriesSafeHeaders(t *testing.T) {
	b := newBench(t)
	for _, path := range []string{"/", "/docs", "/openapi.json", "/healthz", "/v1/surveys", "/nothing"} {
		h := b.get(path).header
		policy := h.Get("Content-Security-Policy")
		if h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Referrer-Policy") != "no-referrer" || h.Get("X-Request-Id") == "" || !strings.Contains(policy, "frame-ancestors 'none'") {
			t.Errorf("%s: %v", path, h)
		}
		if !strings.HasPrefix(policy, "default-src 'self'") && !strings.HasPrefix(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") || strings.Contains(policy, "http") {
			t.Errorf("%s: policy %s", path, policy)
		}
	}
}

// A reference that a browser would follow by itself, as against a link that a person may click.
var loads = regexp.MustCompile(`(?i)(?:\b(?:src|srcset|action|poster|data)\s*=\s*["']|<link[^>]+href\s*=\s*["']|url\(\s*["']?|@import\s*["'])\s*(?:https?:)?//[^"')\s>]+`)

func TestPagesReferToNothingOutside(t *testing.T) {
	files := builtFiles(t)
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !(strings.HasSuffix(name, ".html") || strings.HasSuffix(name, ".css")) {
			return err
		}
		data, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		for _, found := range loads.FindAllString(string(data), -1) {
			t.Errorf("%s loads %s", name, found)
		}
		if strings.HasSuffix(name, ".html") && regexp.MustCompile(`<script(?:[^>]*)>[^<]|<style| style=| on[a-z]+=`).Match(data) {
			t.Errorf("%s holds inline code or style, which the policy forbids", name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestPagesAndAssets(t *testing.T) {
	files := builtFiles(t)
	b := newBench(t)
	for _, path := range []string{"/", "/docs", "/docs/", "/?survey=surveys/a"} {
		a := b.get(path)
		if a.status != 200 || !strings.HasPrefix(a.header.Get("Content-Type"), "text/html") || a.header.Get("Cache-Control") != "no-cache" {
			t.Errorf("%s: %d %v", path, a.status, a.header)
		}
		if again := b.get(path, "If-None-Match", a.header.Get("ETag")); again.status != http.StatusNotModified {
			t.Errorf("%s: the same ETag: %d", path, again.status)
		}
	}
	assets, err := fs.Glob(files, "assets/*.js")
	if err != nil || len(assets) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, name := range assets {
		want, err := fs.ReadFile(files, name)
		if err != nil {
			t.Fatal(err)
		}
		a := b.get("/" + name)
		if a.status != 200 || a.body != string(want) || !strings.Contains(a.header.Get("Cache-Control"), "immutable") || !strings.HasPrefix(a.header.Get("Content-Type"), "text/javascript") {
			t.Errorf("%s: %d %v", name, a.status, a.header)
		}
		zipped := b.get("/"+name, "Accept-Encoding", "gzip")
		if len(want) >= 1024 && (zipped.header.Get("Content-Encoding") != "gzip" || zipped.header.Get("Vary") != "Accept-Encoding" || unzip(t, zipped.body) != string(want)) {
			t.Errorf("%s compressed: %v", name, zipped.header)
		}
	}
	for _, path := range []string{"/.gitkeep", "/assets/", "/assets/none.js", "/index.html.gz", "/docs/none", "/../gateway.go"} {
		if a := b.get(path); a.status != 404 || a.err.reason() != "gateway.otklik/ROUTE_NOT_FOUND" {
			t.Errorf("%s: %d", path, a.status)
		}
	}
}

func TestMetricsAreServedWhereThereAreSome(t *testing.T) {
	if a := newBench(t).get("/metrics"); a.status != 404 {
		t.Errorf("without: %d", a.status)
	}
	b := newBench(t, withDeps(func(d *gateway.Deps) {
		d.Metrics = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "up 1\n") })
	}))
	if a := b.get("/metrics"); a.status != 200 || a.body != "up 1\n" {
		t.Errorf("with: %d %s", a.status, a.body)
	}
}

func TestRequestsAreMeasuredByRoute(t *testing.T) {
	reader := sdkmetric.NewManualReader()
	b := newBench(t, withDeps(func(d *gateway.Deps) { d.Meters = sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader)) }))
	b.survey.list = func(context.Context, *surveyv1.ListSurveysRequest) (*surveyv1.ListSurveysResponse, error) {
		return &surveyv1.ListSurveysResponse{}, nil
	}
	b.survey.submit = echo
	b.get("/v1/surveys")
	for range 3 {
		b.do(request{method: "POST", path: submitPath, body: submitBody})
	}
	b.do(request{method: "POST", path: submitPath, body: "{"})
	b.do(request{method: "MAKEUP", path: "/v1/none"})

	var got metricdata.ResourceMetrics
	if err := reader.Collect(context.Background(), &got); err != nil {
		t.Fatal(err)
	}
	counts := map[string]uint64{}
	for _, m := range got.ScopeMetrics[0].Metrics {
		if histogram, ok := m.Data.(metricdata.Histogram[float64]); ok {
			for _, point := range histogram.DataPoints {
				var key []string
				for _, name := range []string{"http.request.method", "http.route", "http.response.status_code"} {
					value, _ := point.Attributes.Value(attributeKey(name))
					key = append(key, value.String())
				}
				counts[strings.Join(key, " ")] = point.Count
			}
		}
	}
	want := map[string]uint64{
		"GET /v1/surveys 200":                       1,
		"POST /v1/{parent=surveys/*}/responses 200": 3,
		"POST /v1/{parent=surveys/*}/responses 400": 1,
		"_OTHER  404": 1,
	}
	for key, count := range want {
		if counts[key] != count {
			t.Errorf("%s: %d, want %d; all: %v", key, counts[key], count, counts)
		}
	}
}

func TestConfigThatCannotWorkIsRefused(t *testing.T) {
	b := newBench(t)
	config := gateway.DefaultConfig()
	config.MaxBodyBytes, config.CallTimeout, config.DrainLinger = 0, -1, -1
	_, err := gateway.New(config, b.deps)
	for _, name := range []string{"max_body_bytes", "call_timeout", "drain_linger"} {
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s is not named: %v", name, err)
		}
	}
	if _, err := gateway.New(gateway.DefaultConfig(), gateway.Deps{}); err == nil {
		t.Error("missing dependencies were taken")
	}
}

func TestHeadHasNoBody(t *testing.T) {
	b := newBench(t)
	a := b.do(request{method: http.MethodHead, path: "/openapi.json"})
	if a.status != 200 || a.body != "" {
		t.Errorf("%d, %d bytes", a.status, len(a.body))
	}
	if a := b.serve(headRequest("/healthz")); a.status != 200 || bytes.Contains([]byte(a.header.Get("Content-Type")), []byte("html")) {
		t.Errorf("%d %v", a.status, a.header)
	}
}
