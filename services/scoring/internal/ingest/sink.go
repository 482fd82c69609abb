package ingest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/otklik/otklik/libs/eventlog"
	"github.com/otklik/otklik/services/scoring/internal/live"
	"github.com/otklik/otklik/services/scoring/internal/store"

	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

// Sink applies the events of one partition, one batch after the other. Other processes may have a sink of the same partition: the version of
// the partition's cursor tells which batches are made from what is stored.
type Sink struct {
	*Applier
	partition int

	// mu is held while a batch is applied.
	mu         sync.Mutex
	translator *translator
	// cursor is how far the partition is stored; known is false when the store must be asked.
	cursor store.Cursor
	known  bool
	// epoch is that in which the stream was opened whose events come; 0 before the first.
	epoch int64

	// progress guards what follows.
	progress sync.Mutex
	// reached is the moment up to which everything was applied, as far as the log has said.
	reached time.Time
	// stop ends the stream.
	stop context.CancelFunc
}

var _ eventlog.Watermarked = (*Sink)(nil)

func newSink(a *Applier, partition int) *Sink {
	return &Sink{Applier: a, partition: partition, translator: newTranslator(a.Catalog, a.Now)}
}

// Position is how far the partition is applied. The log is followed from there.
func (s *Sink) Position(ctx context.Context) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	marks, err := s.look(ctx)
	if err != nil {
		return 0, err
	}
	if s.epoch != marks.Epoch {
		// What was reached was perhaps reached in another log.
		s.progress.Lock()
		s.reached = time.Time{}
		s.progress.Unlock()
	}
	s.epoch, s.known = marks.Epoch, true
	return s.cursor.Position, nil
}

// look asks the store where the partition is, and sees to it that the board counts as far. That the cursor is known is for the caller to say,
// who knows what the events at hand continue.
func (s *Sink) look(ctx context.Context) (store.Marks, error) {
	s.known = false
	marks, err := s.Store.Marks(ctx)
	if err != nil {
		return store.Marks{}, fmt.Errorf("read position: %w", err)
	}
	if s.partition >= len(marks.Cursors) {
		return store.Marks{}, fmt.Errorf("read position of partition %d of %d: %w", s.partition, len(marks.Cursors), store.ErrPartitions)
	}
	s.cursor = marks.Cursors[s.partition]
	if err := s.counted(ctx); err != nil {
		return store.Marks{}, err
	}
	return marks, nil
}

// counted sees to it that the board counts as far as the partition is stored: it does not when the store had committed a batch but failed
// to say so, or when others wrote to it.
func (s *Sink) counted(ctx context.Context) error {
	if s.Board.Counts(s.partition, s.cursor.Version) {
		return nil
	}
	return s.CatchUp(ctx)
}

// Reached tells that everything up to a moment is applied.
func (s *Sink) Reached(asOf time.Time) {
	asOf = s.past(asOf)
	s.mu.Lock()
	epoch := s.epoch
	s.mu.Unlock()
	s.progress.Lock()
	if asOf.After(s.reached) {
		s.reached = asOf
	}
	s.progress.Unlock()
	s.Board.Reached(s.partition, epoch, asOf)
}

// renew tells that the ledgers of the next epoch go on where those of an epoch were: what the stream delivers continues them, too.
func (s *Sink) renew(epoch int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.epoch == epoch {
		s.epoch++
	}
}

// Apply applies events in the order of their positions, exactly once in effect: those at or below the stored position are passed over.
func (s *Sink) Apply(ctx context.Context, events []*surveyv1.Event) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	ctx, end := s.span(ctx, s.partition, events)
	position, err := s.apply(ctx, events)
	end(err)
	if err != nil {
		return 0, fmt.Errorf("apply events of partition %d: %w", s.partition, err)
	}
	return position, nil
}

// maxConflicts is how often in a row a batch is made anew because others stored something for the partition.
const maxConflicts = 16

// apply stores events and counts them. Where others have come first, what they left over is applied.
func (s *Sink) apply(ctx context.Context, events []*surveyv1.Event) (int64, error) {
	for conflicts := 0; ; conflicts++ {
		if err := s.locate(ctx); err != nil {
			return 0, err
		}
		for len(events) > 0 && events[0].GetPosition() <= s.cursor.Position {
			events = events[1:]
		}
		if len(events) == 0 {
			return s.cursor.Position, nil
		}
		err := s.put(ctx, events)
		switch {
		case err == nil:
			return s.cursor.Position, nil
		case !errors.Is(err, store.ErrConflict) || conflicts >= maxConflicts:
			return 0, err
		}
	}
}

// locate sees to it that the store's cursor is known and counted. ErrMoved when other ledgers took the place of those that the stream was
// opened for: the events may be those of another log, and must be read again from where the partition is now.
func (s *Sink) locate(ctx context.Context) error {
	if s.known {
		return s.counted(ctx)
	}
	marks, err := s.look(ctx)
	if err != nil {
		return err
	}
	if s.epoch == 0 {
		s.epoch = marks.Epoch
	}
	if marks.Epoch != s.epoch {
		return eventlog.ErrMoved
	}
	s.known = true
	return nil
}

// put stores a batch and then counts it.
func (s *Sink) put(ctx context.Context, events []*surveyv1.Event) error {
	last := events[len(events)-1]
	batch := store.Batch{
		Partition: s.partition, From: s.cursor, Read: int64(len(events)),
		To: store.Cursor{Position: last.GetPosition(), AsOf: s.asOf(received(last)), Version: s.cursor.Version + 1},
	}
	parts, err := s.translator.split(ctx, events)
	if err != nil {
		return err
	}
	s.known = false
	drafts, err := commit(ctx, s.Store, &batch, parts)
	if err != nil {
		return err
	}
	s.translator.stored()
	s.cursor, s.known = batch.To, true
	for _, d := range drafts {
		for _, aside := range d.changes.Aside {
			s.report(ctx, aside)
		}
	}
	s.Instruments.applied(ctx, s.partition, len(events))
	return s.count(ctx, &batch, drafts)
}

// asOf is the moment up to which everything is applied after a batch of which the last event arrived at a moment.
func (s *Sink) asOf(received time.Time) time.Time {
	s.progress.Lock()
	defer s.progress.Unlock()
	known := s.past(received)
	for _, t := range []time.Time{s.reached, s.cursor.AsOf} {
		if t.After(known) {
			known = t
		}
	}
	return known
}

// count counts a batch that was stored and wakes the others.
func (a *Applier) count(ctx context.Context, batch *store.Batch, drafts []draft) error {
	defer wake(a.stored)
	changes := make([]live.Change, len(drafts))
	for i, d := range drafts {
		changes[i] = live.Change{
			Partition: batch.Partition, Version: batch.To.Version, Organization: d.changes.Ledger.Organization, Delta: d.delta,
		}
	}
	done, err := a.Board.Count(batch.Partition, batch.From, batch.To, changes)
	if err == nil && !done {
		err = a.CatchUp(ctx)
	}
	if err != nil {
		wake(a.wakes)
	}
	return err
}

// touch stores the moment up to which everything was applied when no batch has said so for a while: other processes know it from nowhere
// else.
func (s *Sink) touch(ctx context.Context) error {
	if !s.mu.TryLock() {
		// A batch is at work, and will say so.
		return nil
	}
	defer s.mu.Unlock()
	s.progress.Lock()
	reached := s.reached
	s.progress.Unlock()
	if !reached.After(s.cursor.AsOf) {
		return nil
	}
	if err := s.locate(ctx); err != nil {
		if errors.Is(err, eventlog.ErrMoved) {
			// No event has told the stream so yet.
			s.reopen()
			err = nil
		}
		return err
	}
	if !reached.After(s.cursor.AsOf) {
		return nil
	}
	to := s.cursor
	to.AsOf, to.Version = reached, to.Version+1
	batch := store.Batch{Partition: s.partition, From: s.cursor, To: to}
	s.known = false
	if err := s.Store.Apply(ctx, batch); err != nil {
		if errors.Is(err, store.ErrConflict) {
			// Somebody else was faster. If he has not said as much, there is another time.
			err = nil
		}
		return err
	}
	s.cursor, s.known = to, true
	return s.count(ctx, &batch, nil)
}

// wake leaves a signal, unless one is there.
func wake(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// received is when an event was accepted; zero when it does not say.
func received(e *surveyv1.Event) time.Time {
	if r := e.GetResponse(); r != nil {
		return moment(r.GetReceiveTime())
	}
	return moment(e.GetRefusal().GetReceiveTime())
}
