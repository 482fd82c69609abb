package audit_test

import (
	"testing"
	"time"

	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/otklik/otklik/libs/interceptor/audit"
	"github.com/otklik/otklik/libs/testkit"
)

// read is the values of the metrics by name.
func read(t *testing.T, reader *sdkmetric.ManualReader) map[string]int64 {
	t.Helper()
	var all metricdata.ResourceMetrics
	if err := reader.Collect(t.Context(), &all); err != nil {
		t.Fatal(err)
	}
	values := map[string]int64{}
	for _, s := range all.ScopeMetrics {
		for _, m := range s.Metrics {
			switch data := m.Data.(type) {
			case metricdata.Sum[int64]:
				values[m.Name] = data.DataPoints[0].Value
			case metricdata.Gauge[int64]:
				values[m.Name] = data.DataPoints[0].Value
			}
		}
	}
	return values
}

func TestFailuresAreCounted(t *testing.T) {
	reader := sdkmetric.NewManualReader()
	l := &log{fault: errLog}
	clock := testkit.NewClock(time.Unix(1e9, 0))
	r := audit.New(l, rules{}, audit.Options{Most: 2, Gather: time.Hour, Now: clock.Now, Meters: sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader))})
	_, _ = play(as(t), r, "/s/change", nil, nil, nil)
	for range 3 {
		_, _ = play(as(t), r, "/s/plain", errDenied, nil, nil)
	}
	if got := read(t, reader); got["otklik.audit.failures"] != 1 || got["otklik.audit.waiting"] != 2 {
		t.Errorf("while the log is away: %v", got)
	}
	l.fail(nil)
	if err := r.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := read(t, reader); got["otklik.audit.failures"] != 1 || got["otklik.audit.waiting"] != 0 || got["otklik.audit.lost"] != 1 {
		t.Errorf("at the end: %v", got)
	}
}
