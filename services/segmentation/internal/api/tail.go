package api

import (
	"context"
	"math"
	"time"

	"github.com/otklik/otklik/libs/pause"
	"github.com/otklik/otklik/services/segmentation/internal/store"
)

const (
	// feedBatch is how many events are read at a time.
	feedBatch = 500
	// feedPause is how often is looked for what other processes told; what this one tells is read at once.
	feedPause = 100 * time.Millisecond
)

// tail reads the events of an organisation, or of all, as they come.
type tail struct {
	s   *Server
	org string
	// position is that of the last event that was read.
	position int64
	// seen is where the events of all organisations ended when they were all read; told is closed when there is more of this process.
	seen int64
	told <-chan struct{}
}

// tailAfter reads what comes after a position; nil: what comes from now on. A position beyond the end is refused.
func (s *Server) tailAfter(ctx context.Context, org string, position *int64) (*tail, error) {
	// seen is less than any end: the first look is into the store.
	t := &tail{s: s, org: org, seen: -1, told: s.Store.Told()}
	after := int64(math.MaxInt64)
	if position != nil {
		after = *position
	}
	_, head, err := s.Store.OutboxEvents(ctx, org, after, 1)
	switch {
	case err != nil:
		return nil, storeError(err)
	case position == nil:
		t.position = head.Position
		return t, nil
	case after > head.Last:
		return nil, positionAhead(after, head.Last)
	}
	t.position = after
	return t, nil
}

// next returns the events that have come, feedBatch at most, and where they end. It does not wait; it may find none.
func (t *tail) next(ctx context.Context) (events []store.Event, head int64, err error) {
	told := t.s.Store.Told()
	read, end, err := t.s.Store.OutboxEvents(ctx, t.org, t.position, feedBatch)
	if err != nil {
		return nil, 0, storeError(err)
	}
	t.told = told
	if n := len(read); n > 0 {
		t.position = read[n-1].Position
	}
	if len(read) < feedBatch {
		t.seen = end.Last
	}
	return read, end.Position, nil
}

// wait waits until there may be more, for most at most.
func (t *tail) wait(ctx context.Context, most time.Duration) error {
	for until := t.s.Now().Add(most); ; {
		if err := pause.Until(ctx, t.told, feedPause); err != nil {
			return err
		}
		select {
		case <-t.told:
			return nil
		default:
		}
		// Where the end is the store is asked once for all who wait.
		last, err := t.s.end.Get(ctx, t.s.Now())
		if err != nil {
			return storeError(err)
		}
		if last > t.seen || !t.s.Now().Before(until) {
			return nil
		}
	}
}

// endOfOutbox looks where the outbox ends.
func (s *Server) endOfOutbox(ctx context.Context) (int64, error) {
	_, head, err := s.Store.OutboxEvents(ctx, "", math.MaxInt64, 1)
	return head.Last, err
}
