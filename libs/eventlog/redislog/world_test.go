package redislog_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/otel/metric"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/otklik/otklik/libs/eventlog"
	"github.com/otklik/otklik/libs/eventlog/redislog"
	"github.com/otklik/otklik/libs/rediskit"
	"github.com/otklik/otklik/libs/testkit/redistest"
)

// world is a log, a store of effects, and a Redis between them.
type world struct {
	t      tb
	redis  rediskit.Config
	config redislog.Config
	log    *memLog
	store  *memStore
	// plain looks into Redis.
	plain  *rediskit.Client
	logger *slog.Logger
	out    *syncBuffer
	wg     sync.WaitGroup
	ends   []func()
}

// tb is what tests and property tests have in common.
type tb interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
	Logf(format string, args ...any)
}

const testLease = 400 * time.Millisecond

func newWorld(t testing.TB, addresses ...string) *world {
	t.Helper()
	w := makeWorld(t, redistest.Prefix(t), addresses...)
	t.Cleanup(w.end)
	return w
}

func makeWorld(t tb, prefix string, addresses ...string) *world {
	t.Helper()
	w := &world{
		t: t, redis: rediskit.Config{Addresses: addresses, Cluster: len(addresses) > 1, Prefix: prefix},
		config: redislog.Config{Partitions: 8, MaxUnprocessed: 10_000, Lease: testLease},
		log:    newMemLog(), store: newMemStore(), out: &syncBuffer{},
	}
	w.logger = slog.New(slog.NewTextHandler(w.out, nil))
	w.plain = w.client(nil)
	return w
}

// end stops everything that still runs.
func (w *world) end() {
	for _, end := range w.ends {
		end()
	}
	w.wg.Wait()
	_ = w.plain.Close()
}

func (w *world) client(g *gate) *rediskit.Client {
	w.t.Helper()
	c, err := rediskit.New(w.redis)
	if err != nil {
		w.t.Fatalf("connect: %v", err)
	}
	if g != nil {
		c.AddHook(g)
	}
	return c
}

// process is a publisher or a subscriber that runs.
type process struct {
	gate   *gate
	cancel context.CancelFunc
	done   chan struct{}
	err    error
	// reader reads its metrics.
	reader *sdkmetric.ManualReader
	world  *world
}

func (w *world) start(run func(ctx context.Context, client *rediskit.Client, meters metric.MeterProvider) error) *process {
	ctx, cancel := context.WithCancel(context.Background())
	p := &process{gate: &gate{}, cancel: cancel, done: make(chan struct{}), reader: sdkmetric.NewManualReader(), world: w}
	client := w.client(p.gate)
	w.wg.Go(func() {
		defer close(p.done)
		defer client.Close() //nolint:errcheck // it has served
		p.err = run(ctx, client, sdkmetric.NewMeterProvider(sdkmetric.WithReader(p.reader)))
	})
	w.ends = append(w.ends, p.kill)
	return p
}

// stop ends a process in order.
func (p *process) stop() {
	p.gate.set(open)
	p.cancel()
	<-p.done
}

// kill ends a process without a chance to tell anybody.
func (p *process) kill() {
	p.gate.set(cut)
	p.cancel()
	<-p.done
}

// freeze stops a process; thaw lets it go on.
func (p *process) freeze() { p.gate.set(shut) }
func (p *process) thaw()   { p.gate.set(open) }

// count is the sum of a counter over partitions.
func (p *process) count(name string) int64 {
	var all metricdata.ResourceMetrics
	if err := p.reader.Collect(context.Background(), &all); err != nil {
		p.world.t.Fatalf("collect: %v", err)
	}
	var sum int64
	for _, s := range all.ScopeMetrics {
		for _, m := range s.Metrics {
			if m.Name != name {
				continue
			}
			switch data := m.Data.(type) {
			case metricdata.Sum[int64]:
				for _, d := range data.DataPoints {
					sum += d.Value
				}
			case metricdata.Gauge[int64]:
				for _, d := range data.DataPoints {
					sum += d.Value
				}
			}
		}
	}
	return sum
}

// seconds is the least value of a gauge over the partitions that have one.
func (p *process) seconds(name string) float64 {
	var all metricdata.ResourceMetrics
	if err := p.reader.Collect(context.Background(), &all); err != nil {
		p.world.t.Fatalf("collect: %v", err)
	}
	least := -1.0
	for _, s := range all.ScopeMetrics {
		for _, m := range s.Metrics {
			if data, ok := m.Data.(metricdata.Gauge[float64]); ok && m.Name == name {
				for _, d := range data.DataPoints {
					if least < 0 || d.Value < least {
						least = d.Value
					}
				}
			}
		}
	}
	return least
}

var codec = redislog.Codec[event]{
	Log: "answers",
	Encode: func(e event) ([]byte, error) {
		if e.key == "unspeakable" {
			return nil, errors.New("cannot be said")
		}
		return fmt.Appendf(nil, "%d %s %s", e.position, e.key, e.load), nil
	},
	Decode: func(b []byte) (event, error) {
		parts := strings.SplitN(string(b), " ", 3)
		if len(parts) != 3 {
			return event{}, fmt.Errorf("no event: %q", b)
		}
		position, err := strconv.ParseInt(parts[0], 10, 64)
		return event{position: position, key: parts[1], load: parts[2]}, err
	},
	Position: func(e event) int64 { return e.position },
	Key:      func(e event) string { return e.key },
}

// publisher starts a publisher.
func (w *world) publisher(name string) *process {
	config := w.config
	return w.start(func(ctx context.Context, client *rediskit.Client, meters metric.MeterProvider) error {
		p, err := redislog.NewPublisher(client, config, codec, redislog.Options{Prefix: w.redis.Prefix, Instance: name, Logger: w.logger.With("process", name), Meters: meters})
		if err != nil {
			return err
		}
		return p.Run(ctx, w.log)
	})
}

// subscriber starts a member of a group whose effects go to the world's store.
func (w *world) subscriber(name string) *process { return w.subscriberOf("scores", name, w.store) }

func (w *world) subscriberOf(group, name string, store *memStore) *process {
	config := w.config
	var p *process
	ready := make(chan struct{})
	p = w.start(func(ctx context.Context, client *rediskit.Client, meters metric.MeterProvider) error {
		s, err := redislog.NewSubscriber(client, config, codec, redislog.SubscriberOptions[event]{
			Prefix: w.redis.Prefix, Group: group, Instance: name, Refill: w.log.part, Logger: w.logger.With("process", name), Meters: meters,
		})
		if err != nil {
			return err
		}
		<-ready
		return s.Run(ctx, func(ctx context.Context, partition int, source eventlog.Source[event]) {
			store.follow(name, partition)
			sink := &memSink{store: store, partition: partition, gate: p.gate, name: name}
			_ = eventlog.New(eventlog.Config{Name: name, MinBackoff: 10 * time.Millisecond, MaxBackoff: 200 * time.Millisecond, MaxBatch: 200, Logger: w.logger.With("process", name, "partition", partition)},
				restarting{source, store, partition}, sink, codec.Position).Run(ctx)
			store.unfollow(name, partition)
		})
	})
	close(ready)
	return p
}

// restarting begins a partition anew when the log turns out to be another one.
type restarting struct {
	eventlog.Source[event]
	store     *memStore
	partition int
}

func (r restarting) Open(ctx context.Context, after int64) (eventlog.Stream[event], error) {
	s, err := r.Source.Open(ctx, after)
	if err != nil {
		return nil, err
	}
	return &restartingStream{s, r}, nil
}

type restartingStream struct {
	eventlog.Stream[event]
	r restarting
}

func (s *restartingStream) Recv() (eventlog.Batch[event], error) {
	b, err := s.Stream.Recv()
	if eventlog.Ahead(err) {
		s.r.store.clear(s.r.partition)
	}
	return b, err
}

// Committed passes on what is committed.
func (s *restartingStream) Committed(position int64) {
	s.Stream.(eventlog.Committed).Committed(position)
}

// await waits for a condition.
func (w *world) await(what string, ok func() bool) {
	w.t.Helper()
	deadline := time.Now().Add(time.Minute)
	for !ok() {
		if time.Now().After(deadline) {
			w.t.Fatalf("%s did not happen; applied %d of %d\n%s\n%s", what, w.store.count(), w.log.count(), w.store.missing(w.log, w.config.Partitions), w.out.tail())
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// settled waits until every event has had its effect, and checks that each had it once and in order.
func (w *world) settled() {
	w.t.Helper()
	w.await("the effect of all events", func() bool { return w.store.count() >= w.log.count() })
	w.check(w.store)
}

func (w *world) check(store *memStore) {
	w.t.Helper()
	for p := range w.config.Partitions {
		if got, want := store.of(p), w.log.of(p, w.config.Partitions); !slices.Equal(got, want) {
			w.t.Errorf("partition %d: applied %v, want %v", p, got, want)
		}
	}
	if t, ok := w.t.(*testing.T); w.t != nil && (!ok || t.Failed()) && ok {
		w.t.Logf("%s", w.out.tail())
	}
}

// publish appends n events with keys of k people.
func (w *world) publish(n, k int) {
	for i := range n {
		w.log.append("person-" + strconv.Itoa(i%k))
	}
}

// keys of a partition.
func (w *world) stream(p int) string {
	return fmt.Sprintf("%s:{answers.%d}:events", w.redis.Prefix, p)
}
