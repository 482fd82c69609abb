package pgkit_test

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/otklik/otklik/libs/pgkit"
	"github.com/otklik/otklik/libs/testkit/pgtest"
)

// TestStatementsOfTracedCallsAreTraced: the statements of a call that is traced become spans without values; others become none.
func TestStatementsOfTracedCallsAreTraced(t *testing.T) {
	t.Parallel()
	recorder := tracetest.NewSpanRecorder()
	tracers := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(recorder))
	db, err := pgkit.Open(t.Context(), configFor(pgtest.Database(t)), pgkit.Options{Component: "shop", Tracers: tracers})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close() //nolint:errcheck // the test is over
	if _, err := db.Pool.Exec(t.Context(), `SELECT 1`); err != nil {
		t.Fatal(err)
	}
	if n := len(recorder.Ended()); n != 0 {
		t.Errorf("%d spans without a trace", n)
	}
	ctx, call := tracers.Tracer("test").Start(t.Context(), "call")
	if _, err := db.Pool.Exec(ctx, `SELECT $1::text`, "personal"); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Pool.Exec(ctx, `SELECT nonsense`); err == nil {
		t.Fatal("nonsense was taken")
	}
	batch := &pgx.Batch{}
	batch.Queue(`SELECT 1`)
	if err := db.Pool.SendBatch(ctx, batch).Close(); err != nil {
		t.Fatal(err)
	}
	call.End()
	var names []string
	for _, s := range recorder.Ended() {
		names = append(names, s.Name()+" "+s.Status().Description)
		for _, a := range s.Attributes() {
			if strings.Contains(a.Value.String(), "personal") {
				t.Errorf("%s holds a value: %v", s.Name(), a)
			}
		}
		if s.Name() != "call" && s.Parent().SpanID() != call.SpanContext().SpanID() {
			t.Errorf("%s is not part of the call", s.Name())
		}
	}
	if got, want := strings.Join(names, ", "), "postgresql SELECT , postgresql SELECT 42703, postgresql BATCH , call "; got != want {
		t.Errorf("spans %s, want %s", got, want)
	}
}

func TestConnectionsAreMeasured(t *testing.T) {
	t.Parallel()
	reader := sdkmetric.NewManualReader()
	db, err := pgkit.Open(t.Context(), configFor(pgtest.Database(t)), pgkit.Options{Component: "shop", Meters: sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader))})
	if err != nil {
		t.Fatal(err)
	}
	conn, err := db.Pool.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var read metricdata.ResourceMetrics
	if err := reader.Collect(t.Context(), &read); err != nil {
		t.Fatal(err)
	}
	conn.Release()
	values := make(map[string]int64)
	for _, scope := range read.ScopeMetrics {
		for _, m := range scope.Metrics {
			if gauge, ok := m.Data.(metricdata.Gauge[int64]); ok {
				for _, p := range gauge.DataPoints {
					state, _ := p.Attributes.Value("state")
					values[m.Name+"/"+state.AsString()] = p.Value
				}
			}
		}
	}
	if values["otklik.postgres.connections/used"] != 1 || values["otklik.postgres.connections.limit/"] != pgkit.DefaultMaxConnections {
		t.Errorf("values %v", values)
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
}
