package ingest

import (
	"context"
	"fmt"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/otklik/otklik/libs/eventlog"
	"github.com/otklik/otklik/services/scoring/internal/live"
)

// Instruments count what happens to events. A nil pointer counts nothing.
type Instruments struct {
	events, aside metric.Int64Counter
}

// NewInstruments makes the instruments; the age of the watermark is read from the board.
func NewInstruments(meters metric.MeterProvider, board *live.Board, now func() time.Time) (*Instruments, error) {
	meter := meters.Meter("github.com/otklik/otklik/services/scoring")
	i := &Instruments{}
	var err error
	if i.events, err = meter.Int64Counter("otklik.scoring.events", metric.WithDescription("Events of the change log that were applied or set aside.")); err != nil {
		return nil, fmt.Errorf("make instruments: %w", err)
	}
	if i.aside, err = meter.Int64Counter("otklik.scoring.events.set_aside",
		metric.WithDescription("Events that could not be applied. Each is a defect; a rebuild tries them again.")); err != nil {
		return nil, fmt.Errorf("make instruments: %w", err)
	}
	_, err = meter.Float64ObservableGauge("otklik.scoring.watermark.age", metric.WithUnit("s"),
		metric.WithDescription("Time since the moment up to which data was counted."),
		metric.WithFloat64Callback(func(_ context.Context, o metric.Float64Observer) error {
			if w := board.Watermark(); !w.IsZero() {
				o.Observe(now().Sub(w).Seconds())
			}
			return nil
		}))
	if err != nil {
		return nil, fmt.Errorf("make instruments: %w", err)
	}
	return i, nil
}

// ObserveFeed makes the instruments that tell how far the partitions that fall to this process are followed; head minus position is at most
// what is still to be counted: the head is that of the whole log.
func ObserveFeed(meters metric.MeterProvider, status func() map[int]eventlog.Status) error {
	meter := meters.Meter("github.com/otklik/otklik/services/scoring")
	for _, g := range []struct {
		name, description string
		value             func(eventlog.Status) int64
	}{
		{"otklik.scoring.position", "Position in the change log up to which events were applied.", func(s eventlog.Status) int64 { return s.Position }},
		{"otklik.scoring.head", "Position of the newest event in the change log, as far as known.", func(s eventlog.Status) int64 { return s.Head }},
		{"otklik.scoring.connected", "1 while the change log is followed, 0 while it cannot be read.", func(s eventlog.Status) int64 {
			if s.Connected {
				return 1
			}
			return 0
		}},
	} {
		if _, err := meter.Int64ObservableGauge(g.name, metric.WithDescription(g.description),
			metric.WithInt64Callback(func(_ context.Context, o metric.Int64Observer) error {
				for partition, s := range status() {
					o.Observe(g.value(s), metric.WithAttributes(inPartition(partition)))
				}
				return nil
			})); err != nil {
			return fmt.Errorf("make instruments: %w", err)
		}
	}
	return nil
}

func (i *Instruments) applied(ctx context.Context, partition, n int) {
	if i != nil {
		i.events.Add(ctx, int64(n), metric.WithAttributes(inPartition(partition)))
	}
}

// inPartition names the partition that a number belongs to.
func inPartition(partition int) attribute.KeyValue { return attribute.Int("partition", partition) }

func (i *Instruments) setAside(ctx context.Context) {
	if i != nil {
		i.aside.Add(ctx, 1)
	}
}
