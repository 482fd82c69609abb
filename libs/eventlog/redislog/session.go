package redislog

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/otklik/otklik/libs/eventlog"
	"github.com/otklik/otklik/libs/rediskit"
)

const (
	// queueLength is how many batches of the source are read ahead.
	queueLength = 16
	// mergeEvents is the most events that are published at a time, unless a batch of the source is larger.
	mergeEvents = 4000
	// trimEvery is between the rounds in which processed entries are removed.
	trimEvery = 500 * time.Millisecond
)

// errMoved tells that a stream is not where it was left: another publisher wrote to it, or Redis lost some of it. Where to go on has to be
// found out anew.
var errMoved = errors.New("a stream is not where it was left")

// session publishes from one opening of the source until something fails.
type session[E any] struct {
	*Publisher[E]
	lease  *rediskit.Lease
	source eventlog.Source[E]
	lanes  []*lane
	// position is one up to which everything is published, asOf the source's time of that.
	position int64
	asOf     time.Time
	// rounded is when all lanes were last trimmed.
	rounded time.Time
	// published tells that the session has done something useful.
	published bool
}

func newSession[E any](p *Publisher[E], lease *rediskit.Lease, source eventlog.Source[E]) *session[E] {
	s := &session[E]{Publisher: p, lease: lease, source: source, lanes: make([]*lane, p.config.Partitions)}
	for i := range s.lanes {
		s.lanes[i] = &lane{partition: i, stream: p.keys.stream(i)}
	}
	return s
}

func (s *session[E]) run(ctx context.Context) error {
	if err := s.begin(ctx); err != nil {
		return err
	}
	err := s.follow(ctx)
	if ctx.Err() == nil && eventlog.Ahead(err) {
		return errors.Join(err, s.startOver(ctx))
	}
	return err
}

// follow publishes what the source delivers.
func (s *session[E]) follow(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	queue := make(chan eventlog.Batch[E], queueLength)
	broken := make(chan error, 1)
	var receiver sync.WaitGroup
	// The receiver must be gone before the source is opened again.
	defer receiver.Wait()
	defer cancel()
	stream, err := s.source.Open(ctx, s.position)
	if err != nil {
		return fmt.Errorf("open log: %w", err)
	}
	receiver.Go(func() {
		defer close(queue)
		broken <- receive(ctx, stream, queue)
	})
	tick := time.NewTicker(trimEvery)
	defer tick.Stop()
	for first := true; ; first = false {
		select {
		case batch, ok := <-queue:
			if !ok {
				return <-broken
			}
			if first && batch.Head > 0 && batch.Head < s.position {
				return fmt.Errorf("read log: %w: it ends at %d, but was published up to %d", eventlog.ErrAhead, batch.Head, s.position)
			}
			if err := s.publish(ctx, merge(batch, queue)); err != nil {
				return err
			}
			s.published = true
			s.trouble.fine(ctx)
		case <-tick.C:
			if err := s.trim(ctx, s.lanes); err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func receive[E any](ctx context.Context, stream eventlog.Stream[E], queue chan<- eventlog.Batch[E]) error {
	for {
		batch, err := stream.Recv()
		if err != nil {
			return fmt.Errorf("read log: %w", err)
		}
		select {
		case queue <- batch:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// chunk is what was read of the log at a time.
type chunk[E any] struct {
	batches []eventlog.Batch[E]
	// reach is one up to which the batches hold all events; 0 when only the events tell.
	reach int64
	asOf  time.Time
}

// merge adds what has queued behind a batch.
func merge[E any](first eventlog.Batch[E], queue <-chan eventlog.Batch[E]) chunk[E] {
	var out chunk[E]
	n := 0
	add := func(b eventlog.Batch[E]) {
		out.batches = append(out.batches, b)
		n += len(b.Events)
		if !b.AsOf.IsZero() {
			out.asOf, out.reach = b.AsOf, b.Head
		}
	}
	add(first)
	for n < mergeEvents {
		select {
		case next, ok := <-queue:
			if !ok {
				return out
			}
			add(next)
		default:
			return out
		}
	}
	return out
}

// publish appends what was read and then tells that it is there.
func (s *session[E]) publish(ctx context.Context, c chunk[E]) error {
	position := s.position
	for _, b := range c.batches {
		for _, e := range b.Events {
			at := s.codec.Position(e)
			if at <= position {
				// A source may deliver some again.
				continue
			}
			position = at
			s.take(ctx, at, e)
		}
	}
	if err := s.flush(ctx); err != nil {
		return err
	}
	s.position = max(position, c.reach)
	if !c.asOf.IsZero() {
		s.asOf = c.asOf
	}
	return s.tell(ctx)
}

// take puts an event in line for its stream.
func (s *session[E]) take(ctx context.Context, at int64, e E) {
	l := s.lanes[eventlog.Partition(s.codec.Key(e), len(s.lanes))]
	before := l.seen
	l.seen = max(l.seen, at)
	if at <= l.last || l.skipping {
		return
	}
	data, err := s.codec.Encode(e)
	if err != nil {
		// Subscribers notice that it is missing and read it from the log.
		s.logger.ErrorContext(ctx, "an event cannot be encoded for Redis and has to be read from the log", "position", at, "error", err)
		return
	}
	l.waiting = append(l.waiting, entry{position: at, prev: before, data: data})
}

// tell writes the tip.
func (s *session[E]) tell(ctx context.Context) error {
	t := tip{position: s.position, asOf: s.asOf, last: make([]int64, len(s.lanes))}
	for i, l := range s.lanes {
		t.last[i] = l.seen
	}
	call := &rediskit.Call{Script: s.scripts.tip, Keys: []string{s.keys.publisher(), s.keys.tip()}, Args: append([]any{s.lease.Token}, t.fields()...)}
	if err := rediskit.RunScripts(ctx, s.client, call); err != nil {
		return fmt.Errorf("write tip: %w", err)
	}
	if call.Result != int64(1) {
		return errNotLeader
	}
	return nil
}
