package ingest

import (
	"context"
	"fmt"

	"go.opentelemetry.io/otel/metric"

	"github.com/otklik/otklik/services/comment/internal/store"
)

// Instruments count what happens to comments. A nil pointer counts nothing.
type Instruments struct {
	analysed, aside, reanalysed metric.Int64Counter
}

const meterName = "github.com/otklik/otklik/services/comment"

// NewInstruments makes the instruments.
func NewInstruments(meters metric.MeterProvider) (*Instruments, error) {
	meter := meters.Meter(meterName)
	i := &Instruments{}
	for _, c := range []struct {
		into              *metric.Int64Counter
		name, description string
	}{
		{&i.analysed, "otklik.comment.comments", "Comments that were analysed and stored as they came."},
		{&i.aside, "otklik.comment.events.set_aside", "Responses whose comments could not be analysed. Each is a defect; each can be replayed."},
		{&i.reanalysed, "otklik.comment.reanalysed", "Comments that were analysed anew."},
	} {
		var err error
		if *c.into, err = meter.Int64Counter(c.name, metric.WithDescription(c.description)); err != nil {
			return nil, fmt.Errorf("make instruments: %w", err)
		}
	}
	return i, nil
}

// Observe makes the instruments that tell how far the log is followed, by the process that follows it.
func (f *Follower) Observe(meters metric.MeterProvider) error {
	meter := meters.Meter(meterName)
	gauges := map[string]struct {
		description string
		value       func(Status) int64
	}{
		"otklik.comment.position": {"Position in the change log up to which events were applied.", func(s Status) int64 { return s.Position }},
		"otklik.comment.head":     {"Position of the newest event in the change log, as far as known.", func(s Status) int64 { return s.Head }},
	}
	for name, g := range gauges {
		if _, err := meter.Int64ObservableGauge(name, metric.WithDescription(g.description),
			metric.WithInt64Callback(func(_ context.Context, o metric.Int64Observer) error {
				if s := f.Status(); s.Connected {
					o.Observe(g.value(s))
				}
				return nil
			})); err != nil {
			return fmt.Errorf("make instruments: %w", err)
		}
	}
	_, err := meter.Int64ObservableGauge("otklik.comment.connected", metric.WithDescription("1 in the process that follows the change log, 0 in others."),
		metric.WithInt64Callback(func(_ context.Context, o metric.Int64Observer) error {
			var v int64
			if f.Status().Connected {
				v = 1
			}
			o.Observe(v)
			return nil
		}))
	if err != nil {
		return fmt.Errorf("make instruments: %w", err)
	}
	return nil
}

func (i *Instruments) applied(ctx context.Context, b store.Batch) {
	if i == nil {
		return
	}
	for _, r := range b.Responses {
		i.analysed.Add(ctx, int64(len(r.Comments)))
	}
	i.aside.Add(ctx, int64(len(b.DeadLetters)))
}

func (i *Instruments) renewed(ctx context.Context, n int) {
	if i != nil {
		i.reanalysed.Add(ctx, int64(n))
	}
}
