package eventlog_test

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/otklik/otklik/libs/eventlog"
)

// errBroken is a failure that goes away.
var errBroken = errors.New("broken for now")

type event struct {
	seq int64
}

func seqOf(e event) int64 { return e.seq }

// fakeLog is a source whose streams deliver what is appended and break when told to.
type fakeLog struct {
	mu     sync.Mutex
	events []event
	// size is the most events in a batch.
	size int
	// breaks says after how many batches each stream breaks; streams beyond the list do not.
	breaks []int
	// overlap is how many events before the position a new stream delivers again.
	overlap int
	opened  int
	grown   chan struct{}
	openErr error
	// breakErr is what streams break with; nil means errBroken.
	breakErr error
	// committed is what streams were told of.
	committed []int64
}

func newLog(n int, size int) *fakeLog {
	l := &fakeLog{size: size, grown: make(chan struct{})}
	l.append(n)
	return l
}

func (l *fakeLog) append(n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for range n {
		l.events = append(l.events, event{seq: int64(len(l.events) + 1)})
	}
	close(l.grown)
	l.grown = make(chan struct{})
}

func (l *fakeLog) Open(ctx context.Context, after int64) (eventlog.Stream[event], error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.opened++
	if l.openErr != nil {
		return nil, l.openErr
	}
	left := -1
	if l.opened <= len(l.breaks) {
		left = l.breaks[l.opened-1]
	}
	return &fakeStream{ctx: ctx, log: l, next: max(0, int(after)-l.overlap), left: left}, nil
}

type fakeStream struct {
	ctx  context.Context
	log  *fakeLog
	next int
	left int
}

// Committed notes what it is told.
func (s *fakeStream) Committed(position int64) {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	s.log.committed = append(s.log.committed, position)
}

func (s *fakeStream) Recv() (eventlog.Batch[event], error) {
	for {
		s.log.mu.Lock()
		grown, head := s.log.grown, len(s.log.events)
		end := min(head, s.next+s.log.size)
		batch := slices.Clone(s.log.events[min(s.next, end):end])
		s.log.mu.Unlock()
		if len(batch) > 0 {
			if s.left == 0 {
				return eventlog.Batch[event]{}, cmp.Or(s.log.breakErr, errBroken)
			}
			s.left--
			s.next = end
			return eventlog.Batch[event]{Events: batch, Head: int64(head), AsOf: time.Unix(int64(end), 0)}, nil
		}
		select {
		case <-grown:
		case <-s.ctx.Done():
			return eventlog.Batch[event]{}, s.ctx.Err()
		}
	}
}

// fakeSink applies events to a list, all or none, and fails when told to.
type fakeSink struct {
	mu       sync.Mutex
	applied  []int64
	position int64
	batches  []int
	// positions are those after each batch.
	positions []int64
	reached   []time.Time
	// failures counts down transient failures of each method.
	failures int
	// wait, if not nil, is closed when event 10 is applied.
	wait chan struct{}
}

func (s *fakeSink) fail() error {
	if s.failures > 0 {
		s.failures--
		return errBroken
	}
	return nil
}

func (s *fakeSink) Position(context.Context) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.position, s.fail()
}

func (s *fakeSink) Apply(_ context.Context, events []event) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.fail(); err != nil {
		return 0, err
	}
	for _, e := range events {
		s.applied = append(s.applied, e.seq)
	}
	s.batches = append(s.batches, len(events))
	s.position = events[len(events)-1].seq
	s.positions = append(s.positions, s.position)
	if s.wait != nil && s.position == 10 {
		close(s.wait)
	}
	return s.position, nil
}

func (s *fakeSink) Reached(asOf time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reached = append(s.reached, asOf)
}
