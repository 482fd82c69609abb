package gateway_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"

	"github.com/otklik/otklik/gateway"
	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/limit"
	"github.com/otklik/otklik/libs/rpcclient"
	"github.com/otklik/otklik/libs/rpcserver"
	"github.com/otklik/otklik/libs/telemetry"
	"github.com/otklik/otklik/libs/testkit"
	"github.com/otklik/otklik/libs/testkit/otlptest"
	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

// chain is a gateway in front of a survey service behind the whole chain of interceptors, each with telemetry of its own.
type chain struct {
	*bench
	gatewayLog, surveyLog         *logBuffer
	gatewayTelemetry, surveyTelem *telemetry.Telemetry
}

// logBuffer is a log that can be read while it is written.
type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

// find returns the first line with a field of a value.
func (l *logBuffer) find(key, value string) map[string]any {
	l.mu.Lock()
	defer l.mu.Unlock()
	for line := range bytes.Lines(l.buf.Bytes()) {
		var fields map[string]any
		if json.Unmarshal(line, &fields) == nil && fields[key] == value {
			return fields
		}
	}
	return nil
}

func newTelemetry(t *testing.T, service string, log *logBuffer) *telemetry.Telemetry {
	t.Helper()
	tel, err := telemetry.New(t.Context(), telemetry.Config{LogLevel: "debug", LogFormat: "json"}, telemetry.Identity{Service: service}, telemetry.WithLogWriter(log))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := tel.Shutdown(context.Background()); err != nil {
			t.Errorf("shut telemetry down: %v", err)
		}
	})
	return tel
}

// newChain makes a chain. In process, gateway and survey are one process with one telemetry.
func newChain(t *testing.T, inProcess bool, limiter limit.Limiter) *chain {
	t.Helper()
	c := &chain{gatewayLog: &logBuffer{}, surveyLog: &logBuffer{}}
	c.gatewayTelemetry = newTelemetry(t, "gateway", c.gatewayLog)
	c.surveyTelem = c.gatewayTelemetry
	if inProcess {
		c.surveyLog = c.gatewayLog
	} else {
		c.surveyTelem = newTelemetry(t, "survey", c.surveyLog)
	}
	ring, err := authn.NewKeyring([]authn.Key{{ID: "app", SHA256: authn.HashKey("secret"), Organization: "org1", Roles: []string{"app"}},
		{ID: "page", SHA256: authn.HashKey("published"), Organization: "org1", Roles: []string{"app"}, Origins: []string{"https://shop.example"}}})
	if err != nil {
		t.Fatal(err)
	}
	server, err := rpcserver.New(rpcserver.DefaultConfig(), rpcserver.Deps{
		Logger: c.surveyTelem.Logger, Keys: ring, Roles: map[string][]string{"app": {"*"}}, Stats: c.surveyTelem.ServerStats(), Limiter: limiter,
	})
	if err != nil {
		t.Fatal(err)
	}
	survey := &surveyStub{submit: echo}
	surveyv1.RegisterSurveyServiceServer(server, survey)
	scoringv1.RegisterScoringServiceServer(server, &scoringStub{})
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	conn := server.InProcess()
	if !inProcess {
		conn = c.dial(t, server)
	}
	t.Cleanup(func() {
		if err := server.Drain(context.Background()); err != nil {
			t.Error(err)
		}
	})
	c.bench = newBench(t, withDeps(func(d *gateway.Deps) {
		d.Survey, d.Scoring, d.Access = conn, conn, conn
		d.Logger, d.Meters, d.Tracers, d.Metrics = c.gatewayTelemetry.Logger, c.gatewayTelemetry.Meters, c.gatewayTelemetry.Tracers, c.gatewayTelemetry.MetricsHandler()
	}))
	c.survey = survey
	return c
}

func (c *chain) dial(t *testing.T, server *rpcserver.Server) grpc.ClientConnInterface {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	t.Cleanup(func() {
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	conn, err := rpcclient.Dial(rpcclient.Peer{Target: l.Addr().String()}, rpcclient.DefaultConfig(), nil, grpc.WithStatsHandler(c.gatewayTelemetry.ClientStats()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	})
	return conn
}

func (c *chain) submit(header map[string]string) answer {
	c.t.Helper()
	all := map[string]string{"Authorization": "Bearer secret"}
	for name, value := range header {
		all[name] = value
	}
	return c.do(request{method: "POST", path: submitPath, body: submitBody, header: all})
}

// overTCPAndInProcess runs a test with the service in a process of its own and in the gateway's.
func overTCPAndInProcess(t *testing.T, test func(t *testing.T, inProcess bool)) {
	t.Run("over TCP", func(t *testing.T) { test(t, false) })
	t.Run("in process", func(t *testing.T) { test(t, true) })
}

// TestOneSubmissionIsOneTrace sends a response over REST and looks at what a collector is told.
func TestOneSubmissionIsOneTrace(t *testing.T) {
	overTCPAndInProcess(t, func(t *testing.T, inProcess bool) {
		collector := otlptest.Start(t)
		t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.Endpoint())
		c := newChain(t, inProcess, nil)
		const clients = "0af7651916cd43dd8448eb211c80319c"
		if a := c.submit(map[string]string{"Traceparent": "00-" + clients + "-b7ad6b7169203331-01", "X-Request-Id": "submission-1"}); a.status != 200 {
			t.Fatalf("%d %s", a.status, a.body)
		}
		want := []string{"POST /v1/{parent=surveys/*}/responses", "otklik.survey.v1.SurveyService/SubmitResponse", "otklik.survey.v1.SurveyService/SubmitResponse"}
		kinds, services := []string{"SERVER", "CLIENT", "SERVER"}, []string{"gateway", "gateway", "survey"}
		if inProcess {
			want, kinds, services = want[:2], []string{"SERVER", "SERVER"}, []string{"gateway", "gateway"}
		}
		var path []otlptest.Span
		testkit.Eventually(t, 30*time.Second, func() error {
			path = follow(collector.Spans(), "b7ad6b7169203331")
			if len(path) < len(want) {
				return errors.New("the trace is not whole")
			}
			return nil
		})
		for i, s := range path {
			if s.Trace != clients || s.Name != want[i] || s.Kind != kinds[i] || s.Service != services[i] || s.Error {
				t.Errorf("hop %d: %+v", i, s)
			}
		}
		if len(collector.Spans()) != len(want) {
			t.Errorf("spans %+v", collector.Spans())
		}
		if path[0].Attributes["http.route"] != "/v1/{parent=surveys/*}/responses" || path[0].Attributes["otklik.request_id"] != "submission-1" {
			t.Errorf("attributes %v", path[0].Attributes)
		}
		line := c.surveyLog.find("request_id", "submission-1")
		if last := path[len(path)-1]; line["trace_id"] != clients || line["span_id"] != last.ID || line["msg"] != "call" {
			t.Errorf("the access log tells %v", line)
		}
	})
}

// follow returns the spans from a parent to the innermost, each the child of the one before.
func follow(spans []otlptest.Span, parent string) []otlptest.Span {
	for _, s := range spans {
		if s.Parent == parent {
			return append([]otlptest.Span{s}, follow(spans, s.ID)...)
		}
	}
	return nil
}

// TestTraceOfTheClientIsPassedOnThoughNobodyCollects: the lines of the log can still be found by it.
func TestTraceOfTheClientIsPassedOnThoughNobodyCollects(t *testing.T) {
	overTCPAndInProcess(t, func(t *testing.T, inProcess bool) {
		c := newChain(t, inProcess, nil)
		c.survey.submit = func(context.Context, *surveyv1.SubmitResponseRequest) (*surveyv1.SubmitResponseResponse, error) {
			return nil, errors.New("broken")
		}
		const clients = "0af7651916cd43dd8448eb211c80319c"
		if a := c.submit(map[string]string{"Traceparent": "00-" + clients + "-b7ad6b7169203331-00"}); a.status != 500 {
			t.Fatalf("%d %s", a.status, a.body)
		}
		for _, message := range []string{"internal error", "call"} {
			testkit.Eventually(t, 10*time.Second, func() error {
				if line := c.surveyLog.find("msg", message); line["trace_id"] != clients || line["span_id"] == "" {
					return errors.New("the log does not tell the trace")
				}
				return nil
			})
		}
	})
}

func TestTooManyCallsAreRefusedWithAdvice(t *testing.T) {
	overTCPAndInProcess(t, func(t *testing.T, inProcess bool) {
		limiter, err := limit.New(limit.Config{PerKey: limit.Quota{Rate: 0.1, Burst: 2}}, nil, limit.RedisOptions{})
		if err != nil {
			t.Fatal(err)
		}
		c := newChain(t, inProcess, limiter)
		for range 2 {
			if a := c.submit(nil); a.status != 200 || !strings.Contains(a.header.Get("RateLimit"), `"key";r=`) {
				t.Fatalf("%d %v %s", a.status, a.header, a.body)
			}
		}
		a := c.submit(nil)
		if a.status != 429 || a.err.Status != "RESOURCE_EXHAUSTED" || a.err.reason() != "otklik/RATE_LIMITED" || a.header.Get("Retry-After") != "10" {
			t.Errorf("%d %v %s", a.status, a.header, a.body)
		}
		if !strings.HasPrefix(a.header.Get("RateLimit-Policy"), `"key";q=`) || !strings.HasPrefix(a.header.Get("RateLimit"), `"key";r=0;t=`) {
			t.Errorf("limits: %v", a.header)
		}
		if !strings.Contains(a.body, `"limit":"key"`) || !strings.Contains(a.body, `"retryDelay":"`) {
			t.Errorf("%s", a.body)
		}
	})
}

// TestPagesNeedACredentialForTheirOrigin: what the gateway says of a page's origin is what the service decides by, and what the service decides is
// what the browser is told.
func TestPagesNeedACredentialForTheirOrigin(t *testing.T) {
	overTCPAndInProcess(t, func(t *testing.T, inProcess bool) {
		c := newChain(t, inProcess, nil)
		if a := c.submit(map[string]string{"Origin": c.url}); a.status != 200 {
			t.Errorf("the gateway's own page: %d %s", a.status, a.body)
		}
		if a := c.submit(map[string]string{"Origin": "https://evil.example"}); a.status != 403 || a.err.reason() != "otklik/"+authn.ReasonOrigin || a.header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("a key that is for no page: %d %v %s", a.status, a.header, a.body)
		}
		page := map[string]string{"Authorization": "Bearer published", "Origin": "https://shop.example"}
		if a := c.submit(page); a.status != 200 || a.header.Get("Access-Control-Allow-Origin") != "https://shop.example" {
			t.Errorf("the page that the key is for: %d %v %s", a.status, a.header, a.body)
		}
		page["Origin"] = "https://evil.example"
		if a := c.submit(page); a.status != 403 || a.header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("another page: %d %v", a.status, a.header)
		}
		delete(page, "Origin")
		page["Otklik-Origin"], page["Grpc-Metadata-Otklik-Origin"] = "https://shop.example", "https://shop.example"
		if a := c.submit(page); a.status != 403 {
			t.Errorf("an origin that no browser named: %d", a.status)
		}
	})
}

// TestCallsAreMeasuredOnBothSides: rate, errors and duration of requests and of calls, in process too, and nothing of single callers.
func TestCallsAreMeasuredOnBothSides(t *testing.T) {
	overTCPAndInProcess(t, func(t *testing.T, inProcess bool) {
		c := newChain(t, inProcess, nil)
		for _, path := range []string{submitPath, "/v1/surveys/other-survey/responses"} {
			if a := c.do(request{method: "POST", path: path, body: submitBody, header: map[string]string{"Authorization": "Bearer secret"}}); a.status != 200 {
				t.Fatalf("%d %s", a.status, a.body)
			}
		}
		if a := c.submit(map[string]string{"Authorization": "Bearer wrong"}); a.status != 401 {
			t.Fatalf("%d %s", a.status, a.body)
		}
		wants := map[*telemetry.Telemetry][]string{
			c.gatewayTelemetry: {`http_server_request_duration_seconds_count{http_request_method="POST",http_response_status_code="200",http_route="/v1/{parent=surveys/*}/responses"`,
				`http_response_status_code="401",http_route="/v1/{parent=surveys/*}/responses"`},
		}
		server := []string{
			`rpc_server_call_duration_seconds_count{`, `rpc_method="otklik.survey.v1.SurveyService/SubmitResponse",rpc_response_status_code="OK"`,
			`rpc_method="otklik.survey.v1.SurveyService/SubmitResponse",rpc_response_status_code="UNAUTHENTICATED"`,
		}
		wants[c.surveyTelem] = append(wants[c.surveyTelem], server...)
		if !inProcess {
			wants[c.gatewayTelemetry] = append(wants[c.gatewayTelemetry], `rpc_client_call_duration_seconds_count{error_type="UNAUTHENTICATED"`)
		}
		for tel, parts := range wants {
			testkit.Eventually(t, 10*time.Second, func() error {
				all := metricsOf(tel)
				for _, part := range parts {
					if !strings.Contains(all, part) {
						return errors.New("no " + part + " in\n" + all)
					}
				}
				if strings.Contains(all, "other-survey") || strings.Contains(all, "127.0.0.1") {
					return errors.New("a label names a single thing:\n" + all)
				}
				return nil
			})
		}
	})
}

func metricsOf(tel *telemetry.Telemetry) string {
	rec := httptest.NewRecorder()
	tel.MetricsHandler().ServeHTTP(rec, httptest.NewRequest("GET", "/metrics", nil))
	return rec.Body.String()
}
