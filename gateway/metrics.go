package gateway

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"

	"github.com/otklik/otklik/libs/telemetry"
)

// metrics measures requests, in the names of OpenTelemetry's semantic conventions.
type metrics struct {
	duration metric.Float64Histogram
	streams  metric.Int64UpDownCounter
	// labels keeps the attributes of each kind of request: making them costs more than using them.
	labels sync.Map // of labelKey to metric.MeasurementOption
}

type labelKey struct {
	method, route string
	status        int
}

func newMetrics(provider metric.MeterProvider) (*metrics, error) {
	if provider == nil {
		provider = noop.NewMeterProvider()
	}
	meter := provider.Meter(scopeName)
	duration, err := meter.Float64Histogram("http.server.request.duration", metric.WithUnit("s"),
		metric.WithDescription("Duration of HTTP requests; of streams, until they end."),
		metric.WithExplicitBucketBoundaries(telemetry.DurationBuckets()...))
	if err != nil {
		return nil, fmt.Errorf("make histogram of durations: %w", err)
	}
	streams, err := meter.Int64UpDownCounter("otklik.gateway.streams", metric.WithUnit("{stream}"),
		metric.WithDescription("Streams that are open: live scores and exports."))
	if err != nil {
		return nil, fmt.Errorf("make counter of streams: %w", err)
	}
	return &metrics{duration: duration, streams: streams}, nil
}

// record takes down a request that has been answered.
func (m *metrics) record(ctx context.Context, x *exchange, method string, start time.Time) {
	key := labelKey{method: knownMethod(method), route: x.label, status: x.status}
	option, ok := m.labels.Load(key)
	if !ok {
		// Routes, methods and statuses are few, so that this does not grow without end.
		option, _ = m.labels.LoadOrStore(key, metric.WithAttributeSet(attribute.NewSet(
			attribute.String("http.request.method", key.method),
			attribute.String("http.route", key.route),
			attribute.Int("http.response.status_code", key.status))))
	}
	m.duration.Record(ctx, time.Since(start).Seconds(), option.(metric.RecordOption))
}

// knownMethod keeps what clients make up out of the attributes.
func knownMethod(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return method
	}
	return "_OTHER"
}
