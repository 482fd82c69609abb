package membership

import (
	"context"
	"fmt"

	"go.opentelemetry.io/otel/metric"
)

// Observe makes the instrument that tells for how long comparisons wait, by the process that leads.
func (e *Evaluator) Observe(meters metric.MeterProvider, leads func() bool) error {
	_, err := meters.Meter("github.com/otklik/otklik/services/segmentation").Float64ObservableGauge("otklik.segmentation.comparison.age",
		metric.WithDescription("For how long the comparison of contacts with the rules of segments waits that waits longest; 0 when none does."), metric.WithUnit("s"),
		metric.WithFloat64Callback(func(_ context.Context, o metric.Float64Observer) error {
			if !leads() {
				return nil
			}
			age := 0.0
			if since := e.Oldest(); !since.IsZero() {
				age = max(0, e.now().Sub(since).Seconds())
			}
			o.Observe(age)
			return nil
		}))
	if err != nil {
		return fmt.Errorf("make instruments: %w", err)
	}
	return nil
}
