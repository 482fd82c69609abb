package redislog

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// scope names the instruments' origin.
const scope = "github.com/otklik/otklik/libs/eventlog/redislog"

// labels are the attributes of each partition, made once.
func labels(partitions int, common ...attribute.KeyValue) []metric.MeasurementOption {
	out := make([]metric.MeasurementOption, partitions)
	for p := range out {
		out[p] = metric.WithAttributeSet(attribute.NewSet(append([]attribute.KeyValue{attribute.Int("partition", p)}, common...)...))
	}
	return out
}

// publisherInstruments count what a publisher does.
type publisherInstruments struct {
	labels             []metric.MeasurementOption
	log                metric.MeasurementOption
	published, trimmed metric.Int64Counter
	unprocessed, full  metric.Int64Gauge
	waits              metric.Int64Counter
	leading            atomic.Int64
}

func newPublisherInstruments(meters metric.MeterProvider, log string, partitions int) (*publisherInstruments, error) {
	meter := meters.Meter(scope)
	name := attribute.String("log", log)
	i := &publisherInstruments{labels: labels(partitions, name), log: metric.WithAttributeSet(attribute.NewSet(name))}
	var errs [6]error
	i.published, errs[0] = meter.Int64Counter("otklik.eventlog.published", metric.WithDescription("Events put into Redis."))
	i.trimmed, errs[1] = meter.Int64Counter("otklik.eventlog.trimmed", metric.WithDescription("Events removed from Redis because everybody has processed them."))
	i.unprocessed, errs[2] = meter.Int64Gauge("otklik.eventlog.unprocessed", metric.WithDescription("Events in Redis that somebody has not processed."))
	i.full, errs[3] = meter.Int64Gauge("otklik.eventlog.backpressure",
		metric.WithDescription("1 while a partition gets no more events because too many are not processed, 0 otherwise."))
	i.waits, errs[4] = meter.Int64Counter("otklik.eventlog.backpressure.waits", metric.WithDescription("Times that publishing waited for room in a partition."))
	_, errs[5] = meter.Int64ObservableGauge("otklik.eventlog.publishing", metric.WithDescription("1 in the process that publishes, 0 in those that stand by."),
		metric.WithInt64Callback(func(_ context.Context, o metric.Int64Observer) error {
			o.Observe(i.leading.Load(), i.log)
			return nil
		}))
	if err := errors.Join(errs[:]...); err != nil {
		return nil, fmt.Errorf("make instruments: %w", err)
	}
	return i, nil
}

func (i *publisherInstruments) lead(leads bool) { i.leading.Store(number(leads)) }

func (i *publisherInstruments) publish(ctx context.Context, partition, n int) {
	i.published.Add(ctx, int64(n), i.labels[partition])
}

func (i *publisherInstruments) held(ctx context.Context) { i.waits.Add(ctx, 1, i.log) }

// left tells what a round of trimming left behind.
func (i *publisherInstruments) left(ctx context.Context, l *lane, trimmed int64, full bool) {
	if trimmed > 0 {
		i.trimmed.Add(ctx, trimmed, i.labels[l.partition])
	}
	i.unprocessed.Record(ctx, int64(l.length), i.labels[l.partition])
	i.full.Record(ctx, number(full), i.labels[l.partition])
}

func number(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// subscriberInstruments count what a subscriber does and tell how far it is behind. Safe for concurrent use.
type subscriberInstruments struct {
	labels              []metric.MeasurementOption
	now                 func() time.Time
	reclaimed, refilled metric.Int64Counter

	mu   sync.Mutex
	lags map[int]*lag
}

// lag is how far a partition that is followed here is behind.
type lag struct {
	events int64
	asOf   time.Time
}

func newSubscriberInstruments(meters metric.MeterProvider, log, group string, partitions int, now func() time.Time) (*subscriberInstruments, error) {
	meter := meters.Meter(scope)
	i := &subscriberInstruments{
		labels: labels(partitions, attribute.String("log", log), attribute.String("group", group)), now: now, lags: make(map[int]*lag),
	}
	var errs [4]error
	i.reclaimed, errs[0] = meter.Int64Counter("otklik.eventlog.reclaimed",
		metric.WithDescription("Events taken over that were read before, here or by another process, and not processed."))
	i.refilled, errs[1] = meter.Int64Counter("otklik.eventlog.refilled", metric.WithDescription("Events read from the log itself because Redis did not hold them."))
	_, errs[2] = meter.Int64ObservableGauge("otklik.eventlog.lag.events", metric.WithDescription("Published events that are not processed, of partitions followed here."),
		metric.WithInt64Callback(func(_ context.Context, o metric.Int64Observer) error {
			i.each(func(l *lag, label metric.MeasurementOption) { o.Observe(l.events, label) })
			return nil
		}))
	_, errs[3] = meter.Float64ObservableGauge("otklik.eventlog.lag", metric.WithUnit("s"),
		metric.WithDescription("Age of the moment up to which everything is processed, of partitions followed here."),
		metric.WithFloat64Callback(func(_ context.Context, o metric.Float64Observer) error {
			i.each(func(l *lag, label metric.MeasurementOption) {
				if !l.asOf.IsZero() {
					o.Observe(max(0, i.now().Sub(l.asOf).Seconds()), label)
				}
			})
			return nil
		}))
	if err := errors.Join(errs[:]...); err != nil {
		return nil, fmt.Errorf("make instruments: %w", err)
	}
	return i, nil
}

func (i *subscriberInstruments) each(f func(l *lag, label metric.MeasurementOption)) {
	i.mu.Lock()
	defer i.mu.Unlock()
	for p, l := range i.lags {
		f(l, i.labels[p])
	}
}

// hold tells that a partition is followed here, or not any more.
func (i *subscriberInstruments) hold(partition int, held bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if held {
		i.lags[partition] = &lag{}
	} else {
		delete(i.lags, partition)
	}
}

func (i *subscriberInstruments) backlog(partition int, events int64) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if l := i.lags[partition]; l != nil {
		l.events = events
	}
}

func (i *subscriberInstruments) reach(partition int, asOf time.Time) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if l := i.lags[partition]; l != nil && asOf.After(l.asOf) {
		l.asOf = asOf
	}
}

func (i *subscriberInstruments) reclaim(ctx context.Context, partition, n int) {
	if n > 0 {
		i.reclaimed.Add(ctx, int64(n), i.labels[partition])
	}
}

func (i *subscriberInstruments) refill(ctx context.Context, partition, n int) {
	if n > 0 {
		i.refilled.Add(ctx, int64(n), i.labels[partition])
	}
}
