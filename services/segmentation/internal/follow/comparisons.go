package follow

import (
	"context"
	"fmt"
	"time"

	"go.opentelemetry.io/otel/metric"
)

// ObserveComparisons makes the instrument that tells for how long contacts wait to be compared with the rules of segments, by the process that leads. oldest is
// since when the comparison waits that waits longest; zero when none does.
func (l *Leader) ObserveComparisons(meters metric.MeterProvider, oldest func() time.Time) error {
	_, err := meters.Meter(meterName).Float64ObservableGauge("otklik.segmentation.comparison.age", metric.WithUnit("s"),
		metric.WithDescription("For how long the comparison of contacts with the rules of segments waits that waits longest; 0 when none does."),
		metric.WithFloat64Callback(func(_ context.Context, o metric.Float64Observer) error {
			if !l.Leads() {
				return nil
			}
			age := 0.0
			if since := oldest(); !since.IsZero() {
				age = max(0, l.o.Now().Sub(since).Seconds())
			}
			o.Observe(age)
			return nil
		}))
	if err != nil {
		return fmt.Errorf("make instruments: %w", err)
	}
	return nil
}
