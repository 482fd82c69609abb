package redislog

import (
	"context"
	"errors"
	"fmt"

	"github.com/otklik/otklik/libs/eventlog"
)

// refill is the log itself, while events are read from there.
type refill[E any] struct {
	stream eventlog.Stream[E]
	cancel context.CancelFunc
	target int64
	events int
}

// mend finds what is missing: among the entries that were read by somebody who did not process them, or else in the log.
func (s *stream[E]) mend(g gap) error {
	if g.damaged {
		return s.startRefill(s.complete, g.to)
	}
	upTo := g.to
	if len(s.queue) > 0 {
		upTo = s.queue[0].position
	}
	claimed, err := s.claim(s.complete, upTo)
	if err != nil {
		return err
	}
	s.enqueue(claimed)
	if len(s.queue) > 0 && s.queue[0].whole && s.queue[0].prev <= s.complete {
		return nil
	}
	return s.startRefill(s.complete, g.to)
}

// startRefill begins to read the log.
func (s *stream[E]) startRefill(after, target int64) error {
	ctx, cancel := context.WithCancel(s.ctx)
	stream, err := s.member.options.Refill(s.partition, s.member.config.Partitions).Open(ctx, after)
	if err != nil {
		cancel()
		return fmt.Errorf("open log: %w", err)
	}
	s.refill = &refill[E]{stream: stream, cancel: cancel, target: target}
	return nil
}

// endRefill goes back to the stream.
func (s *stream[E]) endRefill() {
	if s.refill != nil {
		s.refill.cancel()
		s.refill = nil
	}
}

// errShort tells that the log does not hold what was published.
var errShort = errors.New("the log ends before what was published of it")

// readRefill delivers what the log delivers, until it is as far as the stream needs it.
func (s *stream[E]) readRefill() (eventlog.Batch[E], bool, error) {
	r := s.refill
	b, err := r.stream.Recv()
	if err != nil {
		return eventlog.Batch[E]{}, false, fmt.Errorf("read log: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var events []E
	for _, e := range b.Events {
		if at := s.member.codec.Position(e); at > s.complete {
			events = append(events, e)
			s.complete, s.delivered = at, at
		}
	}
	r.events += len(events)
	s.member.instruments.refill(s.ctx, s.partition, len(events))
	batch := eventlog.Batch[E]{Events: events}
	if !b.AsOf.IsZero() {
		// The log was read to its end.
		switch {
		case b.Head > 0 && b.Head < s.delivered:
			return batch, false, fmt.Errorf("read log: %w: it ends at %d, but was followed up to %d", eventlog.ErrAhead, b.Head, s.delivered)
		case b.Head > 0 && b.Head < r.target:
			return batch, false, fmt.Errorf("read log: %w: it ends at %d, but was published up to %d", errShort, b.Head, r.target)
		}
		s.complete = max(s.complete, b.Head, r.target)
		if b.AsOf.After(s.asOf) {
			batch.AsOf, s.asOf = b.AsOf, b.AsOf
		}
	}
	batch.Head = s.delivered
	if s.complete >= r.target {
		s.member.logger.InfoContext(s.ctx, "read from the log what Redis did not hold", "partition", s.partition, "events", r.events, "position", s.complete)
		s.endRefill()
	}
	s.acknowledge()
	return batch, len(events) > 0 || !batch.AsOf.IsZero(), nil
}
