// Package telemetry is how a process tells about itself: structured logs on standard error, metrics for Prometheus, traces to an OTLP
// collector when the environment names one. Nothing is global: what needs a logger or a meter is given it.
package telemetry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	otelprom "go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/propagation"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	tracenoop "go.opentelemetry.io/otel/trace/noop"
	"google.golang.org/grpc/stats"
)

// Config is what a process tells. Start from DefaultConfig.
type Config struct {
	LogLevel  string `koanf:"log_level" doc:"Least level that is logged: debug (with a line for every call), info, warn or error."`
	LogFormat string `koanf:"log_format" doc:"Form of the log: json or text."`
}

// DefaultConfig logs information and worse as JSON.
func DefaultConfig() Config { return Config{LogLevel: "info", LogFormat: "json"} }

// Identity says which process is speaking.
type Identity struct {
	// Service is the name of the service, e.g. survey.
	Service string
	// Version is the version of the program.
	Version string
}

// Telemetry is the telemetry of one process. Shut it down last, so that the stopping of everything else is still told.
type Telemetry struct {
	// Logger is the process's log.
	Logger *slog.Logger
	// Meters make instruments for metrics.
	Meters metric.MeterProvider
	// Tracers make spans; they cost nothing when no collector is named.
	Tracers trace.TracerProvider
	// Propagator carries the trace from process to process: the trace alone, no baggage, since nobody can know what callers put there.
	Propagator propagation.TextMapPropagator

	registry *prometheus.Registry
	shutdown []func(context.Context) error
}

// Option changes where telemetry goes.
type Option func(*options)

type options struct {
	log    io.Writer
	getenv func(string) string
}

// WithLogWriter sends the log to w instead of standard error.
func WithLogWriter(w io.Writer) Option { return func(o *options) { o.log = w } }

// WithGetenv replaces os.Getenv; it decides whether traces are exported, while the exporter itself reads the process's environment.
func WithGetenv(f func(string) string) Option { return func(o *options) { o.getenv = f } }

// New starts telemetry. Traces are exported when OTEL_EXPORTER_OTLP_ENDPOINT or OTEL_EXPORTER_OTLP_TRACES_ENDPOINT is set; the exporter
// follows the other OTEL_EXPORTER_OTLP_… variables too, and which traces are kept follows OTEL_TRACES_SAMPLER (all, unless the caller says no).
func New(ctx context.Context, config Config, id Identity, opts ...Option) (*Telemetry, error) {
	o := options{log: os.Stderr, getenv: os.Getenv}
	for _, opt := range opts {
		opt(&o)
	}
	logger, err := newLogger(config, id, o.log)
	if err != nil {
		return nil, err
	}
	res, err := resource.Merge(resource.Default(), resource.NewSchemaless(
		attribute.String("service.name", id.Service), attribute.String("service.version", id.Version)))
	if err != nil {
		return nil, fmt.Errorf("describe process: %w", err)
	}
	t := &Telemetry{
		Logger:     logger,
		Tracers:    tracenoop.NewTracerProvider(),
		Propagator: propagation.TraceContext{},
		registry:   prometheus.NewRegistry(),
	}
	if err := t.startMetrics(res); err != nil {
		return nil, err
	}
	if o.getenv("OTEL_EXPORTER_OTLP_ENDPOINT") != "" || o.getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") != "" {
		if err := t.startTraces(ctx, res); err != nil {
			return nil, errors.Join(err, t.Shutdown(ctx))
		}
	}
	return t, nil
}

func (t *Telemetry) startMetrics(res *resource.Resource) error {
	t.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	exporter, err := otelprom.New(otelprom.WithRegisterer(t.registry), otelprom.WithoutScopeInfo())
	if err != nil {
		return fmt.Errorf("start metrics: %w", err)
	}
	provider := sdkmetric.NewMeterProvider(sdkmetric.WithReader(exporter), sdkmetric.WithResource(res))
	t.Meters = provider
	t.shutdown = append(t.shutdown, provider.Shutdown)
	return nil
}

func (t *Telemetry) startTraces(ctx context.Context, res *resource.Resource) error {
	exporter, err := otlptracegrpc.New(ctx)
	if err != nil {
		return fmt.Errorf("start traces: %w", err)
	}
	provider := sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter), sdktrace.WithResource(res))
	t.Tracers = provider
	t.shutdown = append(t.shutdown, provider.Shutdown)
	return nil
}

// MetricsHandler serves the metrics in the form that Prometheus reads.
func (t *Telemetry) MetricsHandler() http.Handler {
	return promhttp.HandlerFor(t.registry, promhttp.HandlerOpts{Registry: t.registry})
}

// Register adds a collector of Prometheus metrics, for numbers that are read rather than counted.
func (t *Telemetry) Register(c prometheus.Collector) error {
	if err := t.registry.Register(c); err != nil {
		return fmt.Errorf("register metrics: %w", err)
	}
	return nil
}

// ServerStats counts, times and traces the calls that a gRPC server serves.
func (t *Telemetry) ServerStats() stats.Handler {
	return newCallStats(trace.SpanKindServer, t.Meters, t.Tracers)
}

// ClientStats counts, times and traces the calls of a gRPC client.
func (t *Telemetry) ClientStats() stats.Handler {
	return newCallStats(trace.SpanKindClient, t.Meters, t.Tracers)
}

// Shutdown sends what has not been sent yet. Safe to call twice.
func (t *Telemetry) Shutdown(ctx context.Context) error {
	var errs []error
	for _, f := range t.shutdown {
		errs = append(errs, f(ctx))
	}
	t.shutdown = nil
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("shut telemetry down: %w", err)
	}
	return nil
}

func newLogger(config Config, id Identity, w io.Writer) (*slog.Logger, error) {
	var level slog.Level
	switch strings.ToLower(config.LogLevel) {
	case "debug":
		level = slog.LevelDebug
	case "info":
		level = slog.LevelInfo
	case "warn":
		level = slog.LevelWarn
	case "error":
		level = slog.LevelError
	default:
		return nil, fmt.Errorf("check log_level: %q is none of debug, info, warn, error", config.LogLevel)
	}
	opts := &slog.HandlerOptions{Level: level}
	var h slog.Handler
	switch config.LogFormat {
	case "json":
		h = slog.NewJSONHandler(w, opts)
	case "text":
		h = slog.NewTextHandler(w, opts)
	default:
		return nil, fmt.Errorf("check log_format: %q is neither json nor text", config.LogFormat)
	}
	return slog.New(traceHandler{h}).With("service", id.Service, "version", id.Version), nil
}

// traceHandler adds the trace that a line belongs to.
type traceHandler struct{ slog.Handler }

// Handle writes a line.
func (h traceHandler) Handle(ctx context.Context, r slog.Record) error {
	if sc := trace.SpanContextFromContext(ctx); sc.IsValid() {
		r = r.Clone()
		r.AddAttrs(slog.String("trace_id", sc.TraceID().String()), slog.String("span_id", sc.SpanID().String()))
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs keeps the trace on loggers with attributes.
func (h traceHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return traceHandler{h.Handler.WithAttrs(attrs)}
}

// WithGroup keeps the trace on loggers with groups.
func (h traceHandler) WithGroup(name string) slog.Handler {
	return traceHandler{h.Handler.WithGroup(name)}
}
