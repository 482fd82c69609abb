package telemetry_test

import (
	"context"
	"errors"
	"io"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"

	"github.com/otklik/otklik/libs/telemetry"
	"github.com/otklik/otklik/libs/testkit/echo"
)

func newTelemetry(t testing.TB) *telemetry.Telemetry {
	t.Helper()
	echo.Descriptor() // registers it, as linking generated code does
	tel, err := telemetry.New(t.Context(), telemetry.DefaultConfig(), telemetry.Identity{Service: "survey"}, telemetry.WithLogWriter(io.Discard), telemetry.WithGetenv(none))
	if err != nil {
		t.Fatal(err)
	}
	return tel
}

// play shows a call to a handler, and returns its context.
func play(ctx context.Context, h stats.Handler, method string, err error) context.Context {
	ctx = h.TagRPC(ctx, &stats.RPCTagInfo{FullMethodName: method})
	begin := time.Now()
	h.HandleRPC(ctx, &stats.Begin{BeginTime: begin})
	h.HandleRPC(ctx, &stats.End{BeginTime: begin, EndTime: begin.Add(3 * time.Millisecond), Error: err})
	return ctx
}

func TestCallsAreCountedByMethodAndCode(t *testing.T) {
	tel := newTelemetry(t)
	server, client := tel.ServerStats(), tel.ClientStats()
	notFound, internal := status.Error(codes.NotFound, "secret"), status.Error(codes.Internal, "secret")
	for _, err := range []error{nil, nil, notFound, internal, errors.New("secret")} {
		play(t.Context(), server, echo.Echo, err)
	}
	play(t.Context(), client, echo.Echo, notFound)
	// What callers make up, in every shape, is one series.
	for _, made := range []string{"/made.up.Service/Method", "/" + echo.Service + "/Nothing", "/testkit.echo.v1/EchoService.Echo", "/testkit/echo/v1/EchoService/Echo", "", "x"} {
		play(t.Context(), server, made, nil)
	}
	rec := httptest.NewRecorder()
	tel.MetricsHandler().ServeHTTP(rec, httptest.NewRequest("GET", "/metrics", nil))
	all := rec.Body.String()
	name := strings.TrimPrefix(echo.Echo, "/")
	for _, want := range []string{
		`rpc_server_call_duration_seconds_count{rpc_method="` + name + `",rpc_response_status_code="OK",rpc_system_name="grpc"} 2`,
		`rpc_server_call_duration_seconds_count{rpc_method="` + name + `",rpc_response_status_code="NOT_FOUND",rpc_system_name="grpc"} 1`,
		`rpc_server_call_duration_seconds_count{error_type="INTERNAL",rpc_method="` + name + `",rpc_response_status_code="INTERNAL",rpc_system_name="grpc"} 1`,
		`rpc_server_call_duration_seconds_count{error_type="UNKNOWN",rpc_method="` + name + `",rpc_response_status_code="UNKNOWN",rpc_system_name="grpc"} 1`,
		`rpc_server_call_duration_seconds_count{rpc_method="_OTHER",rpc_response_status_code="OK",rpc_system_name="grpc"} 6`,
		`rpc_server_call_duration_seconds_bucket{rpc_method="` + name + `",rpc_response_status_code="OK",rpc_system_name="grpc",le="0.005"} 2`,
		`rpc_server_call_duration_seconds_bucket{rpc_method="` + name + `",rpc_response_status_code="OK",rpc_system_name="grpc",le="0.0025"} 0`,
		`rpc_client_call_duration_seconds_count{error_type="NOT_FOUND",rpc_method="` + name + `",rpc_response_status_code="NOT_FOUND",rpc_system_name="grpc"} 1`,
	} {
		if !strings.Contains(all, want) {
			t.Errorf("no %s", want)
		}
	}
	if t.Failed() || strings.Contains(all, "secret") {
		t.Log(all)
	}
}

func TestProbesMakeNoSpans(t *testing.T) {
	spans := tracetest.NewInMemoryExporter()
	tel := newTelemetry(t)
	tel.Tracers = sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans))
	for _, h := range []stats.Handler{tel.ServerStats(), tel.ClientStats()} {
		play(t.Context(), h, "/grpc.health.v1.Health/Check", nil)
		play(t.Context(), h, "/grpc.health.v1.Health/Watch", nil)
	}
	if got := spans.GetSpans(); len(got) != 0 {
		t.Errorf("spans %v", got)
	}
}

// TestTraceGoesFromCallerToServer hands over what a client sends to a server.
func TestTraceGoesFromCallerToServer(t *testing.T) {
	spans := tracetest.NewInMemoryExporter()
	tel := newTelemetry(t)
	tel.Tracers = sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans))
	ctx := metadata.AppendToOutgoingContext(t.Context(), "x", "kept", "traceparent", "that of somebody else")
	ctx = play(ctx, tel.ClientStats(), echo.Echo, status.Error(codes.NotFound, "m"))
	sent, _ := metadata.FromOutgoingContext(ctx)
	if len(sent["traceparent"]) != 1 || len(sent["x"]) != 1 {
		t.Fatalf("sent %v", sent)
	}
	play(metadata.NewIncomingContext(t.Context(), sent), tel.ServerStats(), echo.Echo, status.Error(codes.NotFound, "m"))
	all := spans.GetSpans()
	if len(all) != 2 || all[1].Parent.SpanID() != all[0].SpanContext.SpanID() || all[1].SpanContext.TraceID() != all[0].SpanContext.TraceID() {
		t.Fatalf("spans %v", all)
	}
	// The client did not get what it wanted; the server did what it should.
	if all[0].Status.Code.String() != "Error" || all[1].Status.Code.String() != "Unset" {
		t.Errorf("statuses %v and %v", all[0].Status, all[1].Status)
	}
	// Two parents are none.
	spans.Reset()
	sent["traceparent"] = append(sent["traceparent"], sent["traceparent"]...)
	play(metadata.NewIncomingContext(t.Context(), sent), tel.ServerStats(), echo.Echo, nil)
	if all := spans.GetSpans(); len(all) != 1 || all[0].Parent.IsValid() {
		t.Errorf("spans %v", all)
	}
}

func BenchmarkServerStats(b *testing.B) {
	h := newTelemetry(b).ServerStats()
	b.ReportAllocs()
	for b.Loop() {
		play(context.Background(), h, echo.Echo, nil)
	}
}
