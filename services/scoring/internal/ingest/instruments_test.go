package ingest_test

import (
	"context"
	"testing"

	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/otklik/otklik/libs/eventlog"
	"github.com/otklik/otklik/services/scoring/internal/ingest"
)

// TestFeedIsObserved reads how far the change log is followed.
func TestFeedIsObserved(t *testing.T) {
	t.Parallel()
	reader := sdkmetric.NewManualReader()
	meters := sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader))
	status := func() map[int]eventlog.Status {
		return map[int]eventlog.Status{3: {Connected: true, Position: 7, Head: 9}}
	}
	if err := ingest.ObserveFeed(meters, status); err != nil {
		t.Fatal(err)
	}
	var out metricdata.ResourceMetrics
	if err := reader.Collect(context.Background(), &out); err != nil {
		t.Fatal(err)
	}
	got := make(map[string]int64)
	for _, scope := range out.ScopeMetrics {
		for _, m := range scope.Metrics {
			if g, ok := m.Data.(metricdata.Gauge[int64]); ok && len(g.DataPoints) == 1 {
				got[m.Name] = g.DataPoints[0].Value
				if p, _ := g.DataPoints[0].Attributes.Value("partition"); p.AsInt64() != 3 {
					t.Errorf("%s is of partition %v, want 3", m.Name, p.AsInt64())
				}
			}
		}
	}
	for name, want := range map[string]int64{"otklik.scoring.position": 7, "otklik.scoring.head": 9, "otklik.scoring.connected": 1} {
		if v, ok := got[name]; !ok || v != want {
			t.Errorf("%s is %d, %v, want %d", name, v, ok, want)
		}
	}
}
