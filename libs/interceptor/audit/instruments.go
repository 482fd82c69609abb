package audit

import (
	"context"

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"
)

const scope = "github.com/otklik/otklik/libs/interceptor/audit"

// instruments count what does not go as it should.
type instruments struct {
	failures, lost metric.Int64Counter
}

// newInstruments cannot fail: the names are sound.
func newInstruments(meters metric.MeterProvider, waiting func() int) instruments {
	if meters == nil {
		meters = noop.NewMeterProvider()
	}
	meter := meters.Meter(scope)
	var i instruments
	i.failures, _ = meter.Int64Counter("otklik.audit.failures",
		metric.WithDescription("Times that entries could not be appended to the audit log. Calls that must be recorded are refused meanwhile."))
	i.lost, _ = meter.Int64Counter("otklik.audit.lost", metric.WithDescription("Entries that will never be in the audit log, since too many waited or they were refused."))
	// Shown from the start, so that the first fault is an increase.
	i.failures.Add(context.Background(), 0)
	i.lost.Add(context.Background(), 0)
	_, _ = meter.Int64ObservableGauge("otklik.audit.waiting", metric.WithDescription("Refusals and outcomes that have yet to be appended to the audit log."),
		metric.WithInt64Callback(func(_ context.Context, o metric.Int64Observer) error {
			o.Observe(int64(waiting()))
			return nil
		}))
	return i
}
