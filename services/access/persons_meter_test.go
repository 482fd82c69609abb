package access_test

import (
	"path/filepath"
	"testing"
	"time"

	sdk "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/otklik/otklik/services/access"
	"github.com/otklik/otklik/services/access/internal/erasure"
	"github.com/otklik/otklik/services/access/internal/store/sqlite"
)

// TestInstruments: operators see how many keys are outdated and for how long an erasure has been waiting.
func TestInstruments(t *testing.T) {
	data := t.TempDir()
	db, err := sqlite.Open(t.Context(), filepath.Join(data, "access.db"))
	if err != nil {
		t.Fatal(err)
	}
	asked := time.Now().Add(-time.Hour)
	e := erasure.Erasure{Organization: "acme", ID: "e1", State: erasure.Running, CreateTime: asked, Due: time.Now().Add(time.Hour)}
	if _, _, err := db.CreateErasure(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	reader := sdk.NewManualReader()
	s, err := access.New(t.Context(), access.DefaultConfig(), access.Deps{Data: data, Roles: roles{}, Meters: sdk.NewMeterProvider(sdk.WithReader(reader))})
	if err != nil {
		t.Fatal(err)
	}
	var got metricdata.ResourceMetrics
	if err := reader.Collect(t.Context(), &got); err != nil {
		t.Fatal(err)
	}
	values := map[string]float64{}
	for _, scope := range got.ScopeMetrics {
		for _, m := range scope.Metrics {
			switch d := m.Data.(type) {
			case metricdata.Gauge[int64]:
				values[m.Name] = float64(d.DataPoints[0].Value)
			case metricdata.Gauge[float64]:
				values[m.Name] = d.DataPoints[0].Value
			}
		}
	}
	if n, ok := values["otklik.vault.keys.outdated"]; !ok || n != 0 {
		t.Errorf("outdated keys: %v", values)
	}
	if age := values["otklik.erasures.waiting.age"]; age < 3600 || age > 3700 {
		t.Errorf("the oldest erasure was asked for an hour ago: %v", values)
	}
	for range 2 {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	if err := reader.Collect(t.Context(), &got); err != nil {
		t.Errorf("after close: %v", err)
	}
}
