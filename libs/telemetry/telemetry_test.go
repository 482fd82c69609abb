package telemetry_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http/httptest"
	"strings"
	"testing"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/otklik/otklik/libs/telemetry"
)

func none(string) string { return "" }

func TestLogIsJSONWithServiceAndTrace(t *testing.T) {
	var out bytes.Buffer
	tel, err := telemetry.New(t.Context(), telemetry.DefaultConfig(), telemetry.Identity{Service: "survey", Version: "1.2"},
		telemetry.WithLogWriter(&out), telemetry.WithGetenv(none))
	if err != nil {
		t.Fatal(err)
	}
	provider := sdktrace.NewTracerProvider()
	ctx, span := provider.Tracer("test").Start(t.Context(), "work")
	tel.Logger.With("a", 1).WithGroup("g").InfoContext(ctx, "hello", "b", 2)
	tel.Logger.Debug("not shown")
	span.End()

	var line map[string]any
	if err := json.Unmarshal(out.Bytes(), &line); err != nil {
		t.Fatalf("not one line of JSON: %v\n%s", err, out.String())
	}
	if line["service"] != "survey" || line["version"] != "1.2" || line["msg"] != "hello" || line["a"] != 1.0 {
		t.Errorf("line %v", line)
	}
	if g, _ := line["g"].(map[string]any); g["trace_id"] != span.SpanContext().TraceID().String() {
		t.Errorf("no trace in %v", line)
	}
}

func TestMetricsAreServed(t *testing.T) {
	tel, err := telemetry.New(t.Context(), telemetry.DefaultConfig(), telemetry.Identity{Service: "survey"},
		telemetry.WithLogWriter(io.Discard), telemetry.WithGetenv(none))
	if err != nil {
		t.Fatal(err)
	}
	counter, err := tel.Meters.Meter("test").Int64Counter("answers")
	if err != nil {
		t.Fatal(err)
	}
	counter.Add(t.Context(), 3)
	rec := httptest.NewRecorder()
	tel.MetricsHandler().ServeHTTP(rec, httptest.NewRequest("GET", "/metrics", nil))
	for _, want := range []string{"answers_total 3", "go_goroutines", `service_name="survey"`} {
		if !strings.Contains(rec.Body.String(), want) {
			t.Errorf("no %q in\n%s", want, rec.Body)
		}
	}
	if err := tel.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if err := tel.Shutdown(t.Context()); err != nil {
		t.Errorf("second shutdown: %v", err)
	}
}

func TestTracesOnlyWithCollector(t *testing.T) {
	tel, err := telemetry.New(t.Context(), telemetry.DefaultConfig(), telemetry.Identity{}, telemetry.WithLogWriter(io.Discard), telemetry.WithGetenv(none))
	if err != nil {
		t.Fatal(err)
	}
	if _, span := tel.Tracers.Tracer("test").Start(t.Context(), "work"); span.IsRecording() {
		t.Error("spans are recorded though nobody collects them")
	}
	tel, err = telemetry.New(t.Context(), telemetry.DefaultConfig(), telemetry.Identity{}, telemetry.WithLogWriter(io.Discard),
		telemetry.WithGetenv(func(name string) string {
			return map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"}[name]
		}))
	if err != nil {
		t.Fatal(err)
	}
	// Not ended, so that shutting down has nothing to send to the collector that does not exist.
	if _, span := tel.Tracers.Tracer("test").Start(t.Context(), "work"); !span.IsRecording() {
		t.Error("spans are not recorded though a collector is named")
	}
	if err := tel.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestConfigIsChecked(t *testing.T) {
	for _, c := range []telemetry.Config{{LogLevel: "loud", LogFormat: "json"}, {LogLevel: "info", LogFormat: "xml"}} {
		if _, err := telemetry.New(t.Context(), c, telemetry.Identity{}, telemetry.WithLogWriter(io.Discard), telemetry.WithGetenv(none)); err == nil {
			t.Errorf("%+v was accepted", c)
		}
	}
}
