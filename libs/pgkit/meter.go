package pgkit

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5/pgxpool"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// observe makes the state of a pool visible: whether its connections suffice. The result ends that.
func observe(meters metric.MeterProvider, pool *pgxpool.Pool, component string) (func() error, error) {
	meter := meters.Meter(scope)
	connections, err := meter.Int64ObservableGauge("otklik.postgres.connections", metric.WithDescription("Connections of the pool by state."))
	if err != nil {
		return nil, fmt.Errorf("make instrument: %w", err)
	}
	limit, err := meter.Int64ObservableGauge("otklik.postgres.connections.limit", metric.WithDescription("Most connections that the pool opens."))
	if err != nil {
		return nil, fmt.Errorf("make instrument: %w", err)
	}
	waited, err := meter.Float64ObservableCounter("otklik.postgres.connections.wait", metric.WithUnit("s"),
		metric.WithDescription("Time that work waited for a free connection."))
	if err != nil {
		return nil, fmt.Errorf("make instrument: %w", err)
	}
	owner := attribute.String("component", component)
	used := metric.WithAttributes(owner, attribute.String("state", "used"))
	idle := metric.WithAttributes(owner, attribute.String("state", "idle"))
	registration, err := meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		s := pool.Stat()
		o.ObserveInt64(connections, int64(s.AcquiredConns()), used)
		o.ObserveInt64(connections, int64(s.IdleConns()), idle)
		o.ObserveInt64(limit, int64(s.MaxConns()), metric.WithAttributes(owner))
		o.ObserveFloat64(waited, s.EmptyAcquireWaitTime().Seconds(), metric.WithAttributes(owner))
		return nil
	}, connections, limit, waited)
	if err != nil {
		return nil, fmt.Errorf("register instruments: %w", err)
	}
	return registration.Unregister, nil
}
