package rpcserver_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/limit"
	"github.com/otklik/otklik/libs/rpcclient"
	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/libs/rpcserver"
	"github.com/otklik/otklik/libs/telemetry"
	"github.com/otklik/otklik/libs/testkit"
	"github.com/otklik/otklik/libs/testkit/echo"
)

// observed is a server whose calls are measured and, if asked for, traced.
type observed struct {
	*harness
	telemetry *telemetry.Telemetry
	spans     *tracetest.InMemoryExporter
	log       *logBuffer
}

func startObserved(t testing.TB, traced bool, change ...func(*rpcserver.Deps)) *observed {
	t.Helper()
	o := &observed{harness: &harness{log: &logBuffer{}, served: make(chan error, 1)}, spans: tracetest.NewInMemoryExporter(), log: &logBuffer{}}
	var err error
	o.telemetry, err = telemetry.New(t.Context(), telemetry.Config{LogLevel: "debug", LogFormat: "json"}, telemetry.Identity{Service: "test"},
		telemetry.WithLogWriter(o.log), telemetry.WithGetenv(func(string) string { return "" }))
	if err != nil {
		t.Fatal(err)
	}
	if traced {
		o.telemetry.Tracers = sdktrace.NewTracerProvider(sdktrace.WithSyncer(o.spans))
	}
	d := deps(t, io.Discard)
	d.Logger, d.Stats = o.telemetry.Logger, o.telemetry.ServerStats()
	for _, c := range change {
		c(&d)
	}
	if o.server, err = rpcserver.New(testConfig(), d); err != nil {
		t.Fatal(err)
	}
	(&echo.Server{Actions: actions()}).Register(o.server)
	if err := o.server.Start(); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { o.served <- o.server.Serve(l) }()
	conn, err := rpcclient.Dial(rpcclient.Peer{Target: l.Addr().String(), Key: appKey}, rpcclient.DefaultConfig(), nil, grpc.WithStatsHandler(o.telemetry.ClientStats()))
	if err != nil {
		t.Fatal(err)
	}
	o.conns = map[string]grpc.ClientConnInterface{"tcp": conn, "inproc": rpcclient.WithKey(o.server.InProcess(), appKey, "")}
	t.Cleanup(func() {
		_ = conn.Close()
		if err := o.server.Drain(context.Background()); err != nil {
			t.Error(err)
		}
		if err := <-o.served; err != nil {
			t.Error(err)
		}
	})
	return o
}

func (o *observed) metrics() string {
	rec := httptest.NewRecorder()
	o.telemetry.MetricsHandler().ServeHTTP(rec, httptest.NewRequest("GET", "/metrics", nil))
	return rec.Body.String()
}

// counted is the number of calls of a method that the server has counted with a code.
func (o *observed) counted(method, code string) string {
	for line := range strings.Lines(o.metrics()) {
		if strings.HasPrefix(line, "rpc_server_call_duration_seconds_count{") && strings.Contains(line, `rpc_method="`+method+`"`) &&
			strings.Contains(line, `rpc_response_status_code="`+code+`"`) {
			return strings.TrimSpace(line[strings.LastIndex(line, "}")+1:])
		}
	}
	return "0"
}

// TestCallsAreCountedAlike plays the same calls over each transport.
func TestCallsAreCountedAlike(t *testing.T) {
	for _, transport := range []string{"tcp", "inproc"} {
		t.Run(transport, func(t *testing.T) {
			o := startObserved(t, false)
			conn := o.conns[transport]
			for range 3 {
				if _, err := echo.Call(t.Context(), conn, echo.New("a")); err != nil {
					t.Fatal(err)
				}
			}
			for _, call := range []func() error{
				func() error { _, err := echo.Call(t.Context(), conn, echo.New("")); return err },
				func() error { _, err := echo.Call(t.Context(), conn, echo.New("a").WithAction("panic")); return err },
				func() error { _, err := echo.CallSplit(t.Context(), conn, echo.New("a", 99)); return err },
				func() error {
					return conn.Invoke(t.Context(), "/made.up.Service/Method", echo.New("a").Message, echo.Empty().Message)
				},
			} {
				if err := call(); err == nil {
					t.Error("a call that should fail did not")
				}
			}
			if _, err := echo.CallSplit(t.Context(), conn, echo.New("a", 1)); err != nil {
				t.Error(err)
			}
			name := func(method string) string { return strings.TrimPrefix(method, "/") }
			// grpc tells its statistics after the answer has gone out.
			testkit.Eventually(t, testTimeout, func() error {
				for _, want := range []struct{ method, code, count string }{
					{name(echo.Echo), "OK", "3"}, {name(echo.Echo), "INVALID_ARGUMENT", "1"}, {name(echo.Echo), "INTERNAL", "1"},
					{name(echo.Split), "OK", "1"}, {name(echo.Split), "INVALID_ARGUMENT", "1"},
				} {
					if got := o.counted(want.method, want.code); got != want.count {
						return fmt.Errorf("%s %s: %s calls, want %s", want.method, want.code, got, want.count)
					}
				}
				return nil
			})
			if all := o.metrics(); strings.Contains(all, "made.up") {
				t.Errorf("what a caller made up is a label:\n%s", all)
			}
		})
	}
}

// TestTraceReachesTheHandler: the spans of the server are children of the caller's, over each transport and for both kinds of calls, and
// the log tells the trace.
func TestTraceReachesTheHandler(t *testing.T) {
	o := startObserved(t, true)
	o.both(t, func(t *testing.T, conn grpc.ClientConnInterface) {
		for name, call := range map[string]func(context.Context) error{
			echo.Echo:  func(ctx context.Context) error { _, err := echo.Call(ctx, conn, echo.New("a")); return err },
			echo.Split: func(ctx context.Context) error { _, err := echo.CallSplit(ctx, conn, echo.New("a", 1)); return err },
			// An option that only a channel has takes the other way in process.
			echo.Repeat: func(ctx context.Context) error {
				_, err := echo.CallRepeat(ctx, conn, echo.New("a"), grpc.MaxCallRecvMsgSize(1<<20))
				return err
			},
		} {
			o.spans.Reset()
			ctx, parent := o.telemetry.Tracers.Tracer("test").Start(t.Context(), "parent")
			if err := call(ctx); err != nil {
				t.Fatal(err)
			}
			var server tracetest.SpanStub
			testkit.Eventually(t, testTimeout, func() error {
				for _, s := range o.spans.GetSpans() {
					if s.SpanKind == trace.SpanKindServer {
						server = s
						return nil
					}
				}
				return fmt.Errorf("no span of the server for %s", name)
			})
			if server.Name != strings.TrimPrefix(name, "/") || server.SpanContext.TraceID() != parent.SpanContext().TraceID() || !server.Parent.IsRemote() {
				t.Errorf("%s: span %s of trace %s, remote parent %v", name, server.Name, server.SpanContext.TraceID(), server.Parent.IsRemote())
			}
			parent.End()
			if !o.logged(t, name, server.SpanContext) {
				t.Errorf("%s: no line of the log tells the span", name)
			}
		}
	})
}

// logged tells whether the access log has a line of a call with its trace.
func (o *observed) logged(t *testing.T, method string, sc trace.SpanContext) bool {
	t.Helper()
	return slices.ContainsFunc(bytes.Split([]byte(o.log.String()), []byte("\n")), func(line []byte) bool {
		var fields map[string]any
		return json.Unmarshal(line, &fields) == nil && fields["msg"] == "call" && fields["method"] == method &&
			fields["trace_id"] == sc.TraceID().String() && fields["span_id"] == sc.SpanID().String()
	})
}

// TestTraceOfTheCallerIsLoggedThoughNobodyCollects: who traces elsewhere finds the lines here.
func TestTraceOfTheCallerIsLoggedThoughNobodyCollects(t *testing.T) {
	o := startObserved(t, false)
	sc := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1, 2}, SpanID: trace.SpanID{3}, TraceFlags: trace.FlagsSampled})
	o.both(t, func(t *testing.T, conn grpc.ClientConnInterface) {
		if _, err := echo.Call(trace.ContextWithSpanContext(t.Context(), sc), conn, echo.New("a")); err != nil {
			t.Fatal(err)
		}
		testkit.Eventually(t, testTimeout, func() error {
			if !o.logged(t, echo.Echo, sc) {
				return fmt.Errorf("no line with the trace in %s", o.log)
			}
			return nil
		})
	})
}

func TestRatesAreLimitedOverBothTransports(t *testing.T) {
	for _, transport := range []string{"tcp", "inproc"} {
		t.Run(transport, func(t *testing.T) {
			limiter, err := limit.New(limit.Config{PerKey: limit.Quota{Rate: 0.001, Burst: 2}}, nil, limit.RedisOptions{})
			if err != nil {
				t.Fatal(err)
			}
			o := startObserved(t, false, func(d *rpcserver.Deps) { d.Limiter = limiter })
			conn := o.conns[transport]
			if _, err := echo.Call(t.Context(), conn, echo.New("a")); err != nil {
				t.Error(err)
			}
			// A stream is one call, however many messages it has.
			if got, err := echo.CallSplit(t.Context(), conn, echo.New("a", 1, 2, 3)); err != nil || len(got) != 3 {
				t.Error(err)
			}
			_, err = echo.Call(t.Context(), conn, echo.New("a"))
			checkError(t, err, codes.ResourceExhausted, "RATE_LIMITED", nil)
			if after := rpcerr.RetryAfter(err); after < 900e9 || after > 1000e9 {
				t.Errorf("advice to come again after %v", after)
			}
			_, err = echo.CallSplit(t.Context(), conn, echo.New("a", 1))
			checkError(t, err, codes.ResourceExhausted, "RATE_LIMITED", nil)
		})
	}
}
