package eventlog

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/otklik/otklik/libs/pause"
	"github.com/otklik/otklik/libs/rpcerr"
)

// Config is how a consumer behaves; the zero value of a field means its default.
type Config struct {
	// Name is for logs.
	Name string
	// MaxBatch is the most events that are applied at a time; a batch of the source is not split, so that it may be larger (default 2000).
	MaxBatch int
	// Queue is how many batches of the source are read ahead (default 16).
	Queue int
	// MinBackoff and MaxBackoff bound the wait after a failure; it doubles from one to the other (defaults 50 ms and 5 s).
	MinBackoff, MaxBackoff time.Duration
	// Logger gets failures; nil logs nothing.
	Logger *slog.Logger
}

func (c Config) withDefaults() Config {
	if c.MaxBatch <= 0 {
		c.MaxBatch = 2000
	}
	if c.Queue <= 0 {
		c.Queue = 16
	}
	if c.MinBackoff <= 0 {
		c.MinBackoff = 50 * time.Millisecond
	}
	if c.MaxBackoff < c.MinBackoff {
		c.MaxBackoff = max(5*time.Second, c.MinBackoff)
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}

// Consumer follows one source into one sink. Make it with New and call Run once.
type Consumer[E any] struct {
	config   Config
	source   Source[E]
	sink     Sink[E]
	sequence func(E) int64

	mu     sync.Mutex
	status Status
}

// New makes a consumer. sequence tells an event's position in the log.
func New[E any](config Config, source Source[E], sink Sink[E], sequence func(E) int64) *Consumer[E] {
	return &Consumer[E]{config: config.withDefaults(), source: source, sink: sink, sequence: sequence}
}

// Status tells where the consumer is. Safe for concurrent use.
func (c *Consumer[E]) Status() Status {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.status
}

func (c *Consumer[E]) update(f func(*Status)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f(&c.status)
}

// Run follows the source until ctx ends and then returns nil. What was received but not applied by then is delivered again next time.
func (c *Consumer[E]) Run(ctx context.Context) error {
	wait := c.newBackoff()
	for ctx.Err() == nil {
		err := c.follow(ctx, wait)
		c.update(func(s *Status) { s.Connected = false })
		if ctx.Err() != nil {
			break
		}
		c.failed("follow", err)
		wait.sleep(ctx)
	}
	return nil //nolint:nilerr // that ctx ended is why it returns
}

// follow opens a stream where the sink is and applies it until it breaks.
func (c *Consumer[E]) follow(ctx context.Context, wait *backoff) error {
	position, err := c.sink.Position(ctx)
	if err != nil {
		return fmt.Errorf("read position: %w", err)
	}
	c.update(func(s *Status) { s.Position = position })

	ctx, cancel := context.WithCancel(ctx)
	stream, err := c.source.Open(ctx, position)
	if err != nil {
		cancel()
		return fmt.Errorf("open source: %w", err)
	}
	queue := make(chan Batch[E], c.config.Queue)
	broken := make(chan error, 1)
	var receiver sync.WaitGroup
	receiver.Go(func() {
		defer close(queue)
		broken <- receive(ctx, stream, queue)
	})
	// The receiver must be gone before the next stream is opened.
	defer receiver.Wait()
	defer cancel()
	c.update(func(s *Status) { s.Connected = true })

	for batch := range queue {
		// A stream that delivers is a good one: the next failure starts with a short wait again.
		wait.reset()
		batch = c.merge(batch, queue)
		if err := c.apply(ctx, batch); err != nil {
			return err
		}
		if s, ok := stream.(Committed); ok && len(batch.Events) > 0 {
			s.Committed(c.Status().Position)
		}
	}
	return <-broken
}

func receive[E any](ctx context.Context, stream Stream[E], queue chan<- Batch[E]) error {
	for {
		batch, err := stream.Recv()
		if err != nil {
			return fmt.Errorf("receive: %w", err)
		}
		select {
		case queue <- batch:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// merge adds what has queued behind first, up to MaxBatch events.
func (c *Consumer[E]) merge(first Batch[E], queue <-chan Batch[E]) Batch[E] {
	merged := first
	owned := false
	for len(merged.Events) < c.config.MaxBatch {
		select {
		case next, ok := <-queue:
			if !ok {
				return merged
			}
			if !owned {
				// The source's slice is not ours to append to.
				merged.Events = append(make([]E, 0, len(merged.Events)+len(next.Events)), merged.Events...)
				owned = true
			}
			merged.Events = append(merged.Events, next.Events...)
			if next.AsOf.After(merged.AsOf) {
				merged.AsOf = next.AsOf
			}
			merged.Head = max(merged.Head, next.Head)
		default:
			return merged
		}
	}
	return merged
}

// apply hands a batch to the sink, however long that takes, and reports the progress. It fails only when ctx ends or the sink was moved.
func (c *Consumer[E]) apply(ctx context.Context, batch Batch[E]) error {
	events := c.fresh(batch.Events)
	c.update(func(s *Status) { s.Head = max(s.Head, batch.Head) })
	if len(events) > 0 {
		if err := c.persist(ctx, events); err != nil {
			return err
		}
	}
	if w, ok := c.sink.(Watermarked); ok && !batch.AsOf.IsZero() {
		w.Reached(batch.AsOf)
	}
	return nil
}

// fresh leaves out events that are applied already: a source may deliver some again.
func (c *Consumer[E]) fresh(events []E) []E {
	position := c.Status().Position
	for i, e := range events {
		if c.sequence(e) > position {
			return events[i:]
		}
	}
	return nil
}

// persist applies events; it tries again until that succeeds, the stream is not the one to follow, or ctx ends.
func (c *Consumer[E]) persist(ctx context.Context, events []E) error {
	wait := c.newBackoff()
	for {
		position, err := c.sink.Apply(ctx, events)
		if err == nil {
			c.update(func(s *Status) {
				s.Position = position
				s.Head = max(s.Head, position)
			})
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if errors.Is(err, ErrMoved) {
			return err
		}
		c.failed("apply", fmt.Errorf("apply %d events from %d: %w", len(events), c.sequence(events[0]), err))
		wait.sleep(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// failed tells people of a failure. That the source is being stopped is none: it comes back, or another one in its place.
func (c *Consumer[E]) failed(what string, err error) {
	level, message := slog.LevelWarn, "event consumer failed, trying again"
	if rpcerr.Reason(err) == rpcerr.ReasonShuttingDown {
		level, message = slog.LevelInfo, "event source is shutting down, trying again"
	}
	if errors.Is(err, ErrTaken) {
		level, message = slog.LevelDebug, "event partition is no longer ours"
	}
	if errors.Is(err, ErrMoved) {
		level, message = slog.LevelInfo, "event sink was moved, following it"
	}
	c.config.Logger.Log(context.Background(), level, message, "consumer", c.config.Name, "step", what, "error", err)
}

// backoff doubles a wait between two bounds; each wait is random between half of it and all of it, so that consumers that lost the same
// source do not come back at the same moment.
type backoff struct {
	min, max, next time.Duration
}

func (c *Consumer[E]) newBackoff() *backoff {
	return &backoff{min: c.config.MinBackoff, max: c.config.MaxBackoff, next: c.config.MinBackoff}
}

func (b *backoff) reset() { b.next = b.min }

func (b *backoff) sleep(ctx context.Context) {
	d := b.next/2 + rand.N(b.next/2+1) //nolint:gosec // a pause needs no secret
	b.next = min(2*b.next, b.max)
	_ = pause.For(ctx, d) // callers look at ctx themselves
}
