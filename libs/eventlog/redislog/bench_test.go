package redislog_test

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/otklik/otklik/libs/eventlog"
	"github.com/otklik/otklik/libs/eventlog/redislog"
	"github.com/otklik/otklik/libs/testkit/redistest"
)

// benchPartitions and benchLoad are what the suite has by default and what an answer weighs.
const (
	benchPartitions = 16
	benchLoad       = 400
)

// countSink counts.
type countSink struct {
	position int64
	n        *atomic.Int64
	seen     func(events []event)
}

// Position is how far it is.
func (s *countSink) Position(context.Context) (int64, error) { return s.position, nil }

// Apply counts.
func (s *countSink) Apply(_ context.Context, events []event) (int64, error) {
	if s.seen != nil {
		s.seen(events)
	}
	s.position = events[len(events)-1].position
	s.n.Add(int64(len(events)))
	return s.position, nil
}

// bench is what benchmarks run.
type bench struct {
	b       *testing.B
	world   *world
	applied atomic.Int64
	seen    func(events []event)
}

func newBench(b *testing.B, addresses ...string) *bench {
	w := newWorld(b, addresses...)
	w.config = redislog.DefaultConfig()
	w.config.Partitions = benchPartitions
	w.config.MaxUnprocessed = 1 << 30
	w.log.load = strings.Repeat("x", benchLoad)
	return &bench{b: b, world: w}
}

// events are n events after a position.
func (x *bench) events(n int) []event {
	out := make([]event, n)
	for i := range out {
		out[i] = event{position: int64(i + 1), key: "person-" + strconv.Itoa(i%1000), load: x.world.log.load}
	}
	return out
}

// source delivers events in large batches and then waits.
type source struct {
	ctx    context.Context
	events []event
	// empty makes it begin with a batch that says that there is nothing.
	empty bool
}

// Open begins.
func (s source) Open(ctx context.Context, after int64) (eventlog.Stream[event], error) {
	s.ctx = ctx
	i, _ := slices.BinarySearchFunc(s.events, after+1, func(e event, p int64) int { return int(e.position - p) })
	s.events = s.events[i:]
	return &s, nil
}

// Recv delivers.
func (s *source) Recv() (eventlog.Batch[event], error) {
	if s.empty {
		s.empty = false
		return eventlog.Batch[event]{AsOf: time.Now()}, nil
	}
	n := min(500, len(s.events))
	if n == 0 {
		<-s.ctx.Done()
		return eventlog.Batch[event]{}, s.ctx.Err()
	}
	batch := eventlog.Batch[event]{Events: s.events[:n]}
	s.events = s.events[n:]
	return batch, nil
}

func (x *bench) publish(ctx context.Context, src eventlog.Source[event]) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	client := x.world.client(nil)
	p, err := redislog.NewPublisher(client, x.world.config, codec, redislog.Options{Prefix: x.world.redis.Prefix, Instance: "p", Logger: x.world.logger})
	if err != nil {
		x.b.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- p.Run(ctx, src) }()
	return func() {
		cancel()
		if err := <-done; err != nil {
			x.b.Error(err)
		}
		_ = client.Close()
	}
}

func (x *bench) subscribe(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	client := x.world.client(nil)
	s, err := redislog.NewSubscriber(client, x.world.config, codec, redislog.SubscriberOptions[event]{
		Prefix: x.world.redis.Prefix, Group: "g", Instance: "s", Refill: x.world.log.part, Logger: x.world.logger,
	})
	if err != nil {
		x.b.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		done <- s.Run(ctx, func(ctx context.Context, _ int, src eventlog.Source[event]) {
			_ = eventlog.New(eventlog.Config{}, src, &countSink{n: &x.applied, seen: x.seen}, codec.Position).Run(ctx)
		})
	}()
	return func() {
		cancel()
		if err := <-done; err != nil {
			x.b.Error(err)
		}
		_ = client.Close()
	}
}

func (x *bench) await(n int64) {
	deadline := time.Now().Add(2 * time.Minute)
	for x.applied.Load() < n {
		if time.Now().After(deadline) {
			x.b.Fatalf("applied %d of %d\n%s", x.applied.Load(), n, x.world.out.tail())
		}
		time.Sleep(200 * time.Microsecond)
	}
}

// startEmpty makes the streams begin at 0.
func (x *bench) startEmpty() {
	stop := x.publish(x.b.Context(), source{empty: true})
	for x.world.plain.Exists(x.b.Context(), x.world.redis.Prefix+":{answers}:tip").Val() == 0 {
		time.Sleep(time.Millisecond)
	}
	stop()
}

func (x *bench) rate(n int) {
	x.b.ReportMetric(float64(n)*float64(x.b.N)/x.b.Elapsed().Seconds(), "events/s")
	x.b.ReportMetric(0, "ns/op")
}

const benchEvents = 100_000

// BenchmarkPublish puts events into Redis.
func BenchmarkPublish(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		x := newBench(b, redistest.Address(b))
		x.startEmpty()
		src := source{events: x.events(benchEvents)}
		b.StartTimer()
		stop := x.publish(b.Context(), src)
		for x.world.entries16() < benchEvents {
			time.Sleep(2 * time.Millisecond)
		}
		b.StopTimer()
		stop()
		x.world.drop()
		b.StartTimer()
	}
	(&bench{b: b}).rate(benchEvents)
}

// BenchmarkRead reads events that are in Redis.
func BenchmarkRead(b *testing.B) { benchRead(b, redistest.Address(b)) }

// BenchmarkReadCluster does so on a Redis Cluster.
func BenchmarkReadCluster(b *testing.B) { benchRead(b, redistest.NewCluster(b).Addresses()...) }

func benchRead(b *testing.B, addresses ...string) {
	for b.Loop() {
		b.StopTimer()
		x := newBench(b, addresses...)
		x.startEmpty()
		stop := x.publish(b.Context(), source{events: x.events(benchEvents)})
		for x.world.entries16() < benchEvents {
			time.Sleep(2 * time.Millisecond)
		}
		stop()
		b.StartTimer()
		stop = x.subscribe(b.Context())
		x.await(benchEvents)
		b.StopTimer()
		stop()
		x.world.drop()
		b.StartTimer()
	}
	(&bench{b: b}).rate(benchEvents)
}

// BenchmarkThrough brings events from publisher to sink, both at work.
func BenchmarkThrough(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		x := newBench(b, redistest.Address(b))
		x.world.config.MaxUnprocessed = redislog.DefaultConfig().MaxUnprocessed
		x.startEmpty()
		src := source{events: x.events(benchEvents)}
		stopSubscriber := x.subscribe(b.Context())
		time.Sleep(300 * time.Millisecond)
		b.StartTimer()
		stop := x.publish(b.Context(), src)
		x.await(benchEvents)
		b.StopTimer()
		stop()
		stopSubscriber()
		x.world.drop()
		b.StartTimer()
	}
	(&bench{b: b}).rate(benchEvents)
}

// BenchmarkLatency brings single events from an idle log to the sink.
func BenchmarkLatency(b *testing.B) { benchLatency(b, redistest.Address(b)) }

// BenchmarkLatencyCluster does so on a Redis Cluster.
func BenchmarkLatencyCluster(b *testing.B) { benchLatency(b, redistest.NewCluster(b).Addresses()...) }

func benchLatency(b *testing.B, addresses ...string) {
	x := newBench(b, addresses...)
	defer x.publish(b.Context(), x.world.log)()
	defer x.subscribe(b.Context())()
	x.world.log.append("person-0")
	x.await(1)
	var took []time.Duration
	n := int64(1)
	for b.Loop() {
		time.Sleep(5 * time.Millisecond)
		begin := time.Now()
		x.world.log.append("person-" + strconv.FormatInt(n, 10))
		n++
		for x.applied.Load() < n {
			time.Sleep(50 * time.Microsecond)
		}
		took = append(took, time.Since(begin))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "ms-median")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "ms-p99")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkIdle measures the processor time of a second in which nothing happens, of publisher and subscriber together.
func BenchmarkIdle(b *testing.B) { benchIdle(b, redistest.Address(b)) }

// BenchmarkIdleCluster does so on a Redis Cluster.
func BenchmarkIdleCluster(b *testing.B) { benchIdle(b, redistest.NewCluster(b).Addresses()...) }

func benchIdle(b *testing.B, addresses ...string) {
	x := newBench(b, addresses...)
	defer x.publish(b.Context(), x.world.log)()
	defer x.subscribe(b.Context())()
	x.world.log.append("person-0")
	x.await(1)
	before := processorTime(b)
	for b.Loop() {
		time.Sleep(time.Second)
	}
	b.ReportMetric(float64((processorTime(b)-before).Microseconds())/1000/float64(b.N), "ms-cpu/s")
	b.ReportMetric(0, "ns/op")
}

// entries16 is the number of entries in all streams.
func (w *world) entries16() int64 {
	pipe := w.plain.Pipeline()
	for p := range benchPartitions {
		pipe.XLen(context.Background(), w.stream(p))
	}
	commands, _ := pipe.Exec(context.Background())
	var n int64
	for _, c := range commands {
		n += c.(interface{ Val() int64 }).Val()
	}
	return n
}

// drop removes the streams.
func (w *world) drop() {
	for p := range benchPartitions {
		w.plain.Del(context.Background(), w.stream(p))
	}
}

// processorTime is what this process has used.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
