package follow

import (
	"context"
	"fmt"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/otklik/otklik/libs/eventlog"
)

const meterName = "github.com/otklik/otklik/services/segmentation"

// CountAside makes what Options.Aside counts with.
func CountAside(meters metric.MeterProvider) (func(ctx context.Context, follower string), error) {
	counter, err := meters.Meter(meterName).Int64Counter("otklik.segmentation.events.set_aside",
		metric.WithDescription("Events that could not be applied, by follower. Each is a defect; each can be replayed."))
	if err != nil {
		return nil, fmt.Errorf("make instruments: %w", err)
	}
	return func(ctx context.Context, follower string) {
		counter.Add(ctx, 1, metric.WithAttributes(attribute.String("follower", follower)))
	}, nil
}

// Observe makes the instruments that tell how far followers have come, by the process that leads.
func (l *Leader) Observe(meters metric.MeterProvider) error {
	meter := meters.Meter(meterName)
	for name, g := range map[string]struct {
		description string
		value       func(eventlog.Status) int64
	}{
		"otklik.segmentation.position": {"Position up to which a follower applied the events of its log.", func(s eventlog.Status) int64 { return s.Position }},
		"otklik.segmentation.head":     {"Position of the newest event in the log of a follower, as far as known.", func(s eventlog.Status) int64 { return s.Head }},
		"otklik.segmentation.connected": {"1 while a follower reads its log, 0 while it cannot.", func(s eventlog.Status) int64 {
			if s.Connected {
				return 1
			}
			return 0
		}},
	} {
		_, err := meter.Int64ObservableGauge(name, metric.WithDescription(g.description), metric.WithInt64Callback(func(_ context.Context, o metric.Int64Observer) error {
			if !l.Leads() {
				return nil
			}
			for _, f := range l.followers {
				o.Observe(g.value(f.Status()), metric.WithAttributes(attribute.String("follower", f.Name())))
			}
			return nil
		}))
		if err != nil {
			return fmt.Errorf("make instruments: %w", err)
		}
	}
	_, err := meter.Int64ObservableGauge("otklik.segmentation.leads", metric.WithDescription("1 in the process that leads, 0 in others."),
		metric.WithInt64Callback(l.Leader.Observe))
	if err != nil {
		return fmt.Errorf("make instruments: %w", err)
	}
	return nil
}
