package redislog

import (
	"context"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/otklik/otklik/libs/eventlog"
)

// partitionSource is one partition of the log.
type partitionSource[E any] struct {
	member    *member[E]
	partition int
}

// Open starts a stream of the partition's events after a position. What was delivered before and is pending comes again, whoever it was
// delivered to.
func (p partitionSource[E]) Open(ctx context.Context, after int64) (eventlog.Stream[E], error) {
	s := &stream[E]{
		member: p.member, ctx: ctx, partition: p.partition, reader: p.member.readerOf[p.partition], woken: make(chan struct{}, 1),
		complete: after, delivered: after, committed: after, fresh: true,
	}
	claimed, err := s.claim(0, math.MaxInt64)
	if err != nil {
		return nil, fmt.Errorf("open partition %d: %w", p.partition, err)
	}
	s.enqueue(claimed)
	p.member.desk.open(s)
	context.AfterFunc(ctx, func() { p.member.desk.close(s.partition, s) })
	s.reader.wake()
	return s, nil
}

// mark is the tip as one partition sees it.
type mark struct {
	position   int64
	asOf       time.Time
	last       int64
	generation int64
}

// stream delivers one partition's events in order and without a gap. Readers bring what Redis holds; what it does not hold is read from the
// log itself.
type stream[E any] struct {
	member    *member[E]
	ctx       context.Context
	partition int
	reader    *reader[E]

	// The following are Recv's own.

	// queue is what was taken from the inbox and not looked at yet.
	queue []item
	// refill is the log, while events are read from there, up to target.
	refill *refill[E]
	// pending is the oldest mark that is not reached.
	pending mark
	// suspect is the time of a mark that lies before what was delivered.
	suspect time.Time

	mu sync.Mutex
	// complete is a position up to which all events are delivered, delivered that of the newest one, committed that up to which the sink is done.
	complete, delivered, committed int64
	// unacked are the positions of entries that Redis believes to be pending.
	unacked []int64
	// asOf is the source's time up to which everything is delivered.
	asOf time.Time
	// inbox is what readers brought.
	inbox []item
	// fresh tells that the stream was not read yet; drained is the generation of a tip after which a read found nothing more.
	fresh   bool
	drained int64
	mark    mark
	woken   chan struct{}
}

// wake makes Recv look again.
func (s *stream[E]) wake() {
	select {
	case s.woken <- struct{}{}:
	default:
	}
}

// tipped tells of a new mark.
func (s *stream[E]) tipped(m mark) {
	s.mu.Lock()
	s.mark = m
	s.mu.Unlock()
	s.wake()
}

// deliver brings items; drained tells that there were no more, after a tip of a generation.
func (s *stream[E]) deliver(items []item, drained bool, generation int64) {
	s.mu.Lock()
	s.inbox = append(s.inbox, items...)
	s.fresh = false
	if drained {
		s.drained = generation
	}
	// One who waits for a missing entry wants to know that it did not come.
	look := len(items) > 0 || s.mark.last > s.complete
	s.mu.Unlock()
	if look {
		s.wake()
	}
}

// room tells whether there is room in the inbox, and whether the stream was never read.
func (s *stream[E]) room() (room, fresh bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.inbox) < roomFor, s.fresh
}

// Recv waits for the next batch.
func (s *stream[E]) Recv() (eventlog.Batch[E], error) {
	for {
		if err := s.ctx.Err(); err != nil {
			s.endRefill()
			return eventlog.Batch[E]{}, err
		}
		batch, found, err := s.look()
		if err != nil {
			s.endRefill()
			return eventlog.Batch[E]{}, fmt.Errorf("follow partition %d: %w", s.partition, err)
		}
		if found {
			return batch, nil
		}
	}
}

// look finds what is to be delivered next, mends a gap, or waits for news.
func (s *stream[E]) look() (eventlog.Batch[E], bool, error) {
	if s.refill != nil {
		return s.readRefill()
	}
	m, drained := s.collect()
	events, g := s.advance()
	batch := eventlog.Batch[E]{Events: events, AsOf: s.reach(m)}
	if len(events) > 0 || !batch.AsOf.IsZero() {
		batch.Head = s.head()
		return batch, true, nil
	}
	if g.to == 0 && s.pending.last > s.complete && drained >= s.pending.generation && len(s.queue) == 0 {
		// It was published before the stream was read to its end, and is not there.
		g.to = s.pending.last
	}
	if g.to > 0 {
		return eventlog.Batch[E]{}, false, s.mend(g)
	}
	if s.shrunk(m) {
		return eventlog.Batch[E]{}, false, s.startRefill(s.delivered, s.delivered)
	}
	select {
	case <-s.woken:
	case <-s.ctx.Done():
	}
	return eventlog.Batch[E]{}, false, nil
}

// collect takes what readers brought.
func (s *stream[E]) collect() (m mark, drained int64) {
	s.mu.Lock()
	inbox := s.inbox
	s.inbox = nil
	m, drained = s.mark, s.drained
	s.mu.Unlock()
	if len(s.queue) == 0 {
		s.queue = inbox
	} else {
		s.queue = append(s.queue, inbox...)
	}
	if len(inbox) > 0 {
		s.reader.wake()
	}
	return m, drained
}

// gap is where something is missing.
type gap struct {
	// to is a position up to which something is missing; 0 means that nothing is.
	to int64
	// damaged tells that the entry is there but of no use.
	damaged bool
}

// advance takes from the queue what follows without a gap.
func (s *stream[E]) advance() (events []E, g gap) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, it := range s.queue {
		if it.position > s.complete {
			if !it.whole {
				g = gap{to: it.position, damaged: true}
				break
			}
			if it.prev > s.complete {
				g = gap{to: it.prev}
				break
			}
			e, err := s.member.codec.Decode([]byte(it.data))
			if err != nil || s.member.codec.Position(e) != it.position {
				s.member.logger.ErrorContext(s.ctx, "an entry cannot be understood; the event is read from the log", "partition", s.partition, "position", it.position, "error", err)
				g = gap{to: it.position, damaged: true}
				break
			}
			events = append(events, e)
			s.complete, s.delivered = it.position, it.position
		}
		s.unacked = append(s.unacked, it.position)
		n++
	}
	s.queue = s.queue[n:]
	s.acknowledge()
	return events, g
}

// reach returns the time up to which everything is delivered by now, according to the marks; zero when that is nothing new.
func (s *stream[E]) reach(newest mark) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	var asOf time.Time
	switch {
	case newest.generation == 0:
	case newest.last <= s.complete:
		asOf, s.pending = newest.asOf, mark{}
	case s.pending.generation == 0:
		s.pending = newest
	case s.pending.last <= s.complete:
		asOf, s.pending = s.pending.asOf, newest
	}
	if !asOf.After(s.asOf) {
		return time.Time{}
	}
	s.asOf = asOf
	s.observe()
	return asOf
}

// head is the position of the newest event that is known of.
func (s *stream[E]) head() int64 {
	head := s.delivered
	for _, it := range s.queue {
		head = max(head, it.position)
	}
	return head
}

// shrinkPatience is how much newer the log has to be, while it still ends before what was delivered, to be taken for another log. What was
// read from the log itself may be ahead of what is published.
const shrinkPatience = 2 * time.Second

// shrunk tells whether the log seems to end before what was delivered. The log itself then says whether it does.
func (s *stream[E]) shrunk(m mark) bool {
	if m.generation == 0 || m.position >= s.delivered || m.asOf.IsZero() {
		s.suspect = time.Time{}
		return false
	}
	if s.suspect.IsZero() {
		s.suspect = m.asOf
		return false
	}
	if m.asOf.Sub(s.suspect) < shrinkPatience {
		return false
	}
	s.suspect = time.Time{}
	return true
}

var _ eventlog.Committed = (*stream[int])(nil)

// Committed acknowledges what the sink has committed.
func (s *stream[E]) Committed(position int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.committed = max(s.committed, position)
	s.acknowledge()
	s.observe()
}

// acknowledge gives the acker what is committed. The caller holds the lock.
func (s *stream[E]) acknowledge() {
	upTo := s.committed
	if s.committed >= s.delivered {
		upTo = s.complete
	}
	n := 0
	for n < len(s.unacked) && s.unacked[n] <= upTo {
		n++
	}
	if n > 0 {
		s.member.acker.add(s.partition, s.unacked[:n:n])
		s.unacked = s.unacked[n:]
	}
}

// observe tells how far the sink is. The caller holds the lock.
func (s *stream[E]) observe() {
	if s.committed >= s.delivered {
		s.member.instruments.reach(s.partition, s.asOf)
	}
}
