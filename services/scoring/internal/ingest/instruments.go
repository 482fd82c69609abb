package ingest

import (
	"context"
	"fmt"
	"time"

	"go.opentelemetry.io/otel/metric"

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

func (i *Instruments) applied(ctx context.Context, n int) {
	if i != nil {
		i.events.Add(ctx, int64(n))
	}
}

func (i *Instruments) setAside(ctx context.Context) {
	if i != nil {
		i.aside.Add(ctx, 1)
	}
}
