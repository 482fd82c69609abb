package gateway_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/fullstorydev/grpchan/inprocgrpc"
	"go.opentelemetry.io/otel/attribute"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"

	"github.com/otklik/otklik/gateway"
	accessv1 "github.com/otklik/otklik/proto/gen/go/otklik/access/v1"
	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

// surveyStub answers the calls that a test gives it and UNIMPLEMENTED for the rest.
type surveyStub struct {
	surveyv1.UnimplementedSurveyServiceServer
	create func(context.Context, *surveyv1.CreateSurveyRequest) (*surveyv1.CreateSurveyResponse, error)
	list   func(context.Context, *surveyv1.ListSurveysRequest) (*surveyv1.ListSurveysResponse, error)
	update func(context.Context, *surveyv1.UpdateSurveyRequest) (*surveyv1.UpdateSurveyResponse, error)
	submit func(context.Context, *surveyv1.SubmitResponseRequest) (*surveyv1.SubmitResponseResponse, error)
	batch  func(context.Context, *surveyv1.BatchSubmitResponsesRequest) (*surveyv1.BatchSubmitResponsesResponse, error)
	export func(*surveyv1.StreamResponsesRequest, grpc.ServerStreamingServer[surveyv1.StreamResponsesResponse]) error
}

func (s *surveyStub) CreateSurvey(ctx context.Context, r *surveyv1.CreateSurveyRequest) (*surveyv1.CreateSurveyResponse, error) {
	if s.create == nil {
		return s.UnimplementedSurveyServiceServer.CreateSurvey(ctx, r)
	}
	return s.create(ctx, r)
}

func (s *surveyStub) ListSurveys(ctx context.Context, r *surveyv1.ListSurveysRequest) (*surveyv1.ListSurveysResponse, error) {
	if s.list == nil {
		return s.UnimplementedSurveyServiceServer.ListSurveys(ctx, r)
	}
	return s.list(ctx, r)
}

func (s *surveyStub) UpdateSurvey(ctx context.Context, r *surveyv1.UpdateSurveyRequest) (*surveyv1.UpdateSurveyResponse, error) {
	if s.update == nil {
		return s.UnimplementedSurveyServiceServer.UpdateSurvey(ctx, r)
	}
	return s.update(ctx, r)
}

func (s *surveyStub) SubmitResponse(ctx context.Context, r *surveyv1.SubmitResponseRequest) (*surveyv1.SubmitResponseResponse, error) {
	if s.submit == nil {
		return s.UnimplementedSurveyServiceServer.SubmitResponse(ctx, r)
	}
	return s.submit(ctx, r)
}

func (s *surveyStub) BatchSubmitResponses(ctx context.Context, r *surveyv1.BatchSubmitResponsesRequest) (*surveyv1.BatchSubmitResponsesResponse, error) {
	if s.batch == nil {
		return s.UnimplementedSurveyServiceServer.BatchSubmitResponses(ctx, r)
	}
	return s.batch(ctx, r)
}

func (s *surveyStub) StreamResponses(r *surveyv1.StreamResponsesRequest, out grpc.ServerStreamingServer[surveyv1.StreamResponsesResponse]) error {
	if s.export == nil {
		return s.UnimplementedSurveyServiceServer.StreamResponses(r, out)
	}
	return s.export(r, out)
}

// scoringStub answers the calls that a test gives it and UNIMPLEMENTED for the rest.
type scoringStub struct {
	scoringv1.UnimplementedScoringServiceServer
	query func(context.Context, *scoringv1.QueryScoresRequest) (*scoringv1.QueryScoresResponse, error)
	watch func(*scoringv1.WatchScoresRequest, grpc.ServerStreamingServer[scoringv1.WatchScoresResponse]) error
}

func (s *scoringStub) QueryScores(ctx context.Context, r *scoringv1.QueryScoresRequest) (*scoringv1.QueryScoresResponse, error) {
	if s.query == nil {
		return s.UnimplementedScoringServiceServer.QueryScores(ctx, r)
	}
	return s.query(ctx, r)
}

func (s *scoringStub) WatchScores(r *scoringv1.WatchScoresRequest, out grpc.ServerStreamingServer[scoringv1.WatchScoresResponse]) error {
	if s.watch == nil {
		return s.UnimplementedScoringServiceServer.WatchScores(r, out)
	}
	return s.watch(r, out)
}

// accessStub answers the calls that a test gives it and UNIMPLEMENTED for the rest.
type accessStub struct {
	accessv1.UnimplementedAccessServiceServer
	accessv1.UnimplementedAuditServiceServer
	accessv1.UnimplementedPrivacyServiceServer
	accessv1.UnimplementedWebhookServiceServer
	caller        func(context.Context, *accessv1.GetCallerRequest) (*accessv1.GetCallerResponse, error)
	update        func(context.Context, *accessv1.UpdateApiKeyRequest) (*accessv1.UpdateApiKeyResponse, error)
	createSession func(context.Context, *accessv1.CreateSessionRequest) (*accessv1.CreateSessionResponse, error)
	endSession    func(context.Context, *accessv1.EndSessionRequest) (*accessv1.EndSessionResponse, error)
	entries       func(*accessv1.StreamAuditEntriesRequest, grpc.ServerStreamingServer[accessv1.StreamAuditEntriesResponse]) error
	person        func(*accessv1.ExportPersonDataRequest, grpc.ServerStreamingServer[accessv1.ExportPersonDataResponse]) error
}

func (s *accessStub) register(r grpc.ServiceRegistrar) {
	accessv1.RegisterAccessServiceServer(r, s)
	accessv1.RegisterAuditServiceServer(r, s)
	accessv1.RegisterPrivacyServiceServer(r, s)
	accessv1.RegisterWebhookServiceServer(r, s)
}

func (s *accessStub) GetCaller(ctx context.Context, r *accessv1.GetCallerRequest) (*accessv1.GetCallerResponse, error) {
	if s.caller == nil {
		return s.UnimplementedAccessServiceServer.GetCaller(ctx, r)
	}
	return s.caller(ctx, r)
}

func (s *accessStub) UpdateApiKey(ctx context.Context, r *accessv1.UpdateApiKeyRequest) (*accessv1.UpdateApiKeyResponse, error) { //nolint:revive // the name is that of the proto
	if s.update == nil {
		return s.UnimplementedAccessServiceServer.UpdateApiKey(ctx, r)
	}
	return s.update(ctx, r)
}

func (s *accessStub) CreateSession(ctx context.Context, r *accessv1.CreateSessionRequest) (*accessv1.CreateSessionResponse, error) {
	if s.createSession == nil {
		return s.UnimplementedAccessServiceServer.CreateSession(ctx, r)
	}
	return s.createSession(ctx, r)
}

func (s *accessStub) EndSession(ctx context.Context, r *accessv1.EndSessionRequest) (*accessv1.EndSessionResponse, error) {
	if s.endSession == nil {
		return s.UnimplementedAccessServiceServer.EndSession(ctx, r)
	}
	return s.endSession(ctx, r)
}

func (s *accessStub) StreamAuditEntries(r *accessv1.StreamAuditEntriesRequest, out grpc.ServerStreamingServer[accessv1.StreamAuditEntriesResponse]) error {
	if s.entries == nil {
		return s.UnimplementedAuditServiceServer.StreamAuditEntries(r, out)
	}
	return s.entries(r, out)
}

func (s *accessStub) ExportPersonData(r *accessv1.ExportPersonDataRequest, out grpc.ServerStreamingServer[accessv1.ExportPersonDataResponse]) error {
	if s.person == nil {
		return s.UnimplementedPrivacyServiceServer.ExportPersonData(r, out)
	}
	return s.person(r, out)
}

// bench is a gateway in front of stubs behind a real gRPC connection.
type bench struct {
	t       testing.TB
	survey  *surveyStub
	scoring *scoringStub
	access  *accessStub
	logs    *strings.Builder
	gateway *gateway.Gateway
	conn    *grpc.ClientConn
	config  gateway.Config
	deps    gateway.Deps
	url     string
}

type option func(*bench)

// inProcess puts the stubs behind the in-process channel.
func inProcess(b *bench) {
	channel := &inprocgrpc.Channel{}
	surveyv1.RegisterSurveyServiceServer(channel, b.survey)
	scoringv1.RegisterScoringServiceServer(channel, b.scoring)
	b.access.register(channel)
	b.deps.Survey, b.deps.Scoring, b.deps.Access = channel, channel, channel
}

// overBothChannels runs a test with stubs behind a connection and behind the in-process channel, which differ in streams.
func overBothChannels(t *testing.T, test func(t *testing.T, b *bench), options ...option) {
	t.Run("connection", func(t *testing.T) { test(t, newBench(t, options...)) })
	t.Run("in process", func(t *testing.T) { test(t, newBench(t, append(options, inProcess)...)) })
}

func withConfig(change func(*gateway.Config)) option {
	return func(b *bench) { change(&b.config) }
}

func withDeps(change func(*gateway.Deps)) option {
	return func(b *bench) { change(&b.deps) }
}

func newBench(t testing.TB, options ...option) *bench {
	t.Helper()
	b := &bench{t: t, survey: &surveyStub{}, scoring: &scoringStub{}, access: &accessStub{}, logs: &strings.Builder{}, config: gateway.DefaultConfig()}
	b.conn = dialStubs(t, b.survey, b.scoring, b.access)
	b.deps = gateway.Deps{Survey: b.conn, Scoring: b.conn, Access: b.conn, Comment: b.conn, Segmentation: b.conn, Reporting: b.conn, Logger: slog.New(slog.DiscardHandler)}
	for _, o := range options {
		o(b)
	}
	g, err := gateway.New(b.config, b.deps)
	if err != nil {
		t.Fatalf("build gateway: %v", err)
	}
	b.gateway = g
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("listen: %v", err)
	}
	b.url = "http://" + l.Addr().String()
	served := make(chan error, 1)
	go func() { served <- g.Serve(l) }()
	t.Cleanup(func() {
		if err := g.Close(); err != nil {
			t.Errorf("close gateway: %v", err)
		}
		if err := <-served; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	return b
}

func dialStubs(t testing.TB, survey *surveyStub, scoring *scoringStub, access *accessStub) *grpc.ClientConn {
	t.Helper()
	l := bufconn.Listen(1 << 20)
	server := grpc.NewServer(grpc.MaxRecvMsgSize(64 << 20))
	surveyv1.RegisterSurveyServiceServer(server, survey)
	scoringv1.RegisterScoringServiceServer(server, scoring)
	access.register(server)
	go server.Serve(l) //nolint:errcheck // ends with Stop
	conn, err := grpc.NewClient("passthrough:///stubs",
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return l.DialContext(ctx) }),
		insecureDial)
	if err != nil {
		t.Fatalf("dial stubs: %v", err)
	}
	t.Cleanup(func() {
		conn.Close()
		server.Stop()
	})
	return conn
}

// insecureDial is for connections within a test.
var insecureDial = grpc.WithTransportCredentials(insecure.NewCredentials())

// request is one request of a test.
type request struct {
	method, path, body string
	header             map[string]string
}

// answer is what came back, with the error decoded if it is one.
type answer struct {
	status int
	header http.Header
	body   string
	err    apiError
}

// apiError is the documented shape of errors, as a client would decode it.
type apiError struct {
	Code    int    `json:"code"`
	Status  string `json:"status"`
	Message string `json:"message"`
	Details []struct {
		Type            string            `json:"@type"`
		Reason          string            `json:"reason"`
		Domain          string            `json:"domain"`
		Metadata        map[string]string `json:"metadata"`
		RetryDelay      string            `json:"retryDelay"`
		FieldViolations []violation       `json:"fieldViolations"`
	} `json:"details"`
}

type violation struct {
	Field       string `json:"field"`
	Reason      string `json:"reason"`
	Description string `json:"description"`
}

func (e apiError) reason() string {
	for _, d := range e.Details {
		if d.Type == "type.googleapis.com/google.rpc.ErrorInfo" {
			return d.Domain + "/" + d.Reason
		}
	}
	return ""
}

func (e apiError) violations() []violation {
	for _, d := range e.Details {
		if d.Type == "type.googleapis.com/google.rpc.BadRequest" {
			return d.FieldViolations
		}
	}
	return nil
}

func (b *bench) do(r request) answer {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, r.method, b.url+r.path, strings.NewReader(r.body))
	if err != nil {
		b.t.Fatalf("make request: %v", err)
	}
	if r.body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for name, value := range r.header {
		req.Header.Set(name, value)
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		b.t.Fatalf("%s %s: %v", r.method, r.path, err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatalf("read answer of %s %s: %v", r.method, r.path, err)
	}
	return decode(b.t, resp.StatusCode, resp.Header, string(data))
}

func decode(t testing.TB, status int, header http.Header, body string) answer {
	t.Helper()
	a := answer{status: status, header: header, body: body}
	// /readyz is for probes and has a shape of its own.
	if status >= 400 && strings.HasPrefix(header.Get("Content-Type"), "application/json") && !strings.Contains(body, `"parts"`) {
		var wrapped struct {
			Error *apiError `json:"error"`
		}
		if err := json.Unmarshal([]byte(body), &wrapped); err != nil || wrapped.Error == nil {
			t.Fatalf("status %d without the documented error: %s", status, body)
		}
		a.err = *wrapped.Error
		if a.err.Code != status {
			t.Errorf("error.code is %d, HTTP status %d", a.err.Code, status)
		}
		if a.err.reason() == "" {
			t.Errorf("an error without ErrorInfo: %s", body)
		}
	}
	return a
}

// serve calls the gateway without a network.
func (b *bench) serve(r *http.Request) answer {
	w := httptest.NewRecorder()
	b.gateway.ServeHTTP(w, r)
	return decode(b.t, w.Code, w.Header(), w.Body.String())
}

func envCI() bool { return os.Getenv("CI") == "true" }

func attributeKey(name string) attribute.Key { return attribute.Key(name) }

func headRequest(path string) *http.Request {
	return httptest.NewRequest(http.MethodHead, path, nil)
}
