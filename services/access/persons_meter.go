package access

import (
	"context"
	"fmt"
	"time"

	"go.opentelemetry.io/otel/metric"

	"github.com/otklik/otklik/services/access/internal/store"
)

// meterScope names the instruments of the service.
const meterScope = "github.com/otklik/otklik/services/access"

// meterTimeout bounds what the store is asked when metrics are read.
const meterTimeout = 2 * time.Second

// observe tells how many keys are outdated and how long the oldest erasure has been waiting. The result ends that.
func (p *persons) observe(meters metric.MeterProvider, erasures store.Erasures, now func() time.Time) (func() error, error) {
	if meters == nil {
		return func() error { return nil }, nil
	}
	meter := meters.Meter(meterScope)
	outdated, err := meter.Int64ObservableGauge("otklik.vault.keys.outdated", metric.WithUnit("{key}"),
		metric.WithDescription("Keys that are wrapped by another key-encryption key than the first."))
	if err != nil {
		return nil, fmt.Errorf("make instrument: %w", err)
	}
	waiting, err := meter.Float64ObservableGauge("otklik.erasures.waiting.age", metric.WithUnit("s"),
		metric.WithDescription("Time since the oldest erasure was asked for that is not done; 0 when all are."))
	if err != nil {
		return nil, fmt.Errorf("make instrument: %w", err)
	}
	registration, err := meter.RegisterCallback(func(ctx context.Context, o metric.Observer) error {
		o.ObserveInt64(outdated, p.outdated.Load())
		ctx, cancel := context.WithTimeout(ctx, meterTimeout)
		defer cancel()
		oldest, err := erasures.OldestErasure(ctx)
		if err != nil {
			return err
		}
		age := 0.0
		if !oldest.IsZero() {
			age = max(0, now().Sub(oldest).Seconds())
		}
		o.ObserveFloat64(waiting, age)
		return nil
	}, outdated, waiting)
	if err != nil {
		return nil, fmt.Errorf("register instruments: %w", err)
	}
	return registration.Unregister, nil
}
