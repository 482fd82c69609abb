package ingest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/otklik/otklik/libs/eventlog"
	"github.com/otklik/otklik/libs/pause"
	"github.com/otklik/otklik/services/scoring/internal/cube"
	"github.com/otklik/otklik/services/scoring/internal/live"
	"github.com/otklik/otklik/services/scoring/internal/store"

	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

// errNoProgress is why a rebuild fails that cannot go on.
var errNoProgress = errors.New("the change log of the survey service could not be read to its end")

// errOtherLog tells that the change log ends before what was read of it: it is another one than before, and is followed from its beginning.
var errOtherLog = errors.New("the change log is not the one that was read before")

// maxWaiting is how many events of partitions that are behind a rebuild remembers before it waits for them.
const maxWaiting = 100_000

// rebuild is a rebuild at work.
type rebuild struct {
	*Rebuilder
	ledger     store.Ledger
	source     eventlog.Source[*surveyv1.Event]
	translator *translator
	book       *live.Book
	// cursor is how far the rebuilt ledger is stored, progress when it last moved.
	cursor   store.Cursor
	progress time.Time
	// enriched is the number of the batch of enrichments up to which those of the rebuilt ledger are certain to be known.
	enriched int64
	// read is the position up to which the log was read. Of what was read, the rebuilt ledger holds what the live ledgers hold; waiting are the
	// events that they did not hold when they were read, in the order of the log.
	read    int64
	waiting []*surveyv1.Event
}

// run replays the log beside the live ingestion, until little is missing, and then finishes while live events wait.
func (w *rebuild) run(ctx context.Context) (store.Rebuild, error) {
	for {
		err := w.follow(ctx)
		if err == nil {
			done, finishErr := w.finish(ctx)
			if finishErr == nil {
				return done, nil
			}
			err = finishErr
		}
		if ctx.Err() != nil || errors.Is(err, store.ErrNotRunning) {
			return store.Rebuild{}, err
		}
		if time.Since(w.progress) > patience {
			return store.Rebuild{}, fmt.Errorf("%w: %w", errNoProgress, err)
		}
		w.logger.WarnContext(ctx, "rebuild tries again", "organization", w.ledger.Organization, "position", w.read, "error", err)
		if err := pause.For(ctx, retryPause); err != nil {
			return store.Rebuild{}, err
		}
	}
}

// follow replays the log up to where the live ledgers are or further back, without holding anybody up.
func (w *rebuild) follow(ctx context.Context) error {
	if w.cursor.Version == 0 {
		// Whatever is added from now on is added with what is known by now, at least.
		at, err := w.applier.Store.Enriched(ctx)
		if err != nil {
			return err
		}
		w.enriched = at.Number
	}
	live, err := w.applier.Store.Marks(ctx)
	if err != nil {
		return err
	}
	if err := w.replay(ctx, live); err != nil {
		return err
	}
	return w.enrich(ctx)
}

// finish replays what is missing and puts the rebuilt ledger in the place of the live one, while no live event is applied.
func (w *rebuild) finish(ctx context.Context) (done store.Rebuild, err error) {
	a := w.applier
	var epoch int64
	err = a.Store.Hold(ctx, func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, catchUpTimeout)
		defer cancel()
		// The board must count what the store holds, to be compared with what was rebuilt.
		if err := a.CatchUp(ctx); err != nil {
			return err
		}
		live, err := a.Store.Marks(ctx)
		if err != nil {
			return err
		}
		epoch = live.Epoch
		if err := w.replay(ctx, live); err != nil {
			return fmt.Errorf("catch up: %w", err)
		}
		if err := w.again(ctx); err != nil {
			return fmt.Errorf("try again what was set aside: %w", err)
		}
		if err := w.enrich(ctx); err != nil {
			return fmt.Errorf("catch up with enrichments: %w", err)
		}
		differences := cube.Diff(a.Board.Cube(w.ledger.Organization), w.book.Cube, 0)
		done, err = w.swap(ctx, live, int64(len(differences)))
		return err
	})
	if err == nil {
		for _, s := range a.sinks {
			s.renew(epoch)
		}
		wake(a.stored)
	}
	return done, err
}

// swap makes the rebuilt ledger the live one.
func (w *rebuild) swap(ctx context.Context, live store.Marks, cellsChanged int64) (done store.Rebuild, err error) {
	a := w.applier
	err = a.Board.Replace(w.ledger.Organization, w.book, func() (store.Marks, error) {
		done, err = a.Store.FinishRebuild(ctx, w.ledger, live, cellsChanged, w.now())
		if err != nil {
			// The store may have failed only after it had swapped the ledgers. When that cannot be known, the board is made anew from what the
			// store holds before the next batch.
			known, readErr := a.Store.Rebuild(ctx, w.ledger)
			if readErr != nil {
				a.Board.Forget()
			}
			if readErr != nil || known.State != store.Succeeded {
				return store.Marks{}, err
			}
			done = known
		}
		return live.Next(), nil
	})
	return done, err
}

// replay applies the organisation's events to the rebuilt ledger as far as the live ledgers hold them. It returns when all of them are applied.
func (w *rebuild) replay(ctx context.Context, live store.Marks) error {
	var upTo int64
	for _, c := range live.Cursors {
		upTo = max(upTo, c.Position)
	}
	held := func(e *surveyv1.Event) bool {
		return e.GetPosition() <= live.Cursors[w.applier.partitionOf(e)].Position
	}
	// Those that waited come before those that follow them in their partitions.
	events := slices.DeleteFunc(slices.Clone(w.waiting), func(e *surveyv1.Event) bool { return !held(e) })
	if err := w.apply(ctx, events, nil, w.read, slices.DeleteFunc(slices.Clone(w.waiting), held)); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := w.source.Open(ctx, w.read)
	if err != nil {
		return err
	}
	pending := pending{waiting: w.waiting, read: w.read}
	for {
		batch, err := stream.Recv()
		if err != nil {
			return err
		}
		complete := !batch.AsOf.IsZero() && batch.Head >= upTo
		if !batch.AsOf.IsZero() && batch.Head < upTo {
			return fmt.Errorf("it ends at %d, before %d: %w", batch.Head, upTo, errOtherLog)
		}
		for _, e := range batch.Events {
			if e.GetPosition() > upTo {
				complete = true
				break
			}
			pending.add(e, held(e))
		}
		if len(pending.events) >= rebuildBatch || complete {
			if err := w.apply(ctx, pending.events, nil, pending.read, pending.waiting); err != nil {
				return err
			}
			pending.events = nil
		}
		if complete {
			return nil
		}
		if len(pending.waiting) > maxWaiting {
			return errors.New("partitions of the change log are far behind the others")
		}
	}
}

// pending is what was read of the log and not applied.
type pending struct {
	events, waiting []*surveyv1.Event
	read            int64
}

func (p *pending) add(e *surveyv1.Event, held bool) {
	p.read = e.GetPosition()
	if held {
		p.events = append(p.events, e)
		return
	}
	// What a failed try leaves behind must not be written over.
	p.waiting = append(p.waiting[:len(p.waiting):len(p.waiting)], e)
}

// again tries what the rebuild has set aside once more: it may have been replayed in the live ledger meanwhile.
func (w *rebuild) again(ctx context.Context) error {
	list, err := w.applier.Store.Aside(ctx, w.ledger, 0, rebuildBatch)
	if err != nil {
		return err
	}
	var events []*surveyv1.Event
	for _, s := range list {
		e := &surveyv1.Event{}
		if err := proto.Unmarshal(s.Event, e); err != nil {
			return fmt.Errorf("decode event at %d: %w", s.Position, err)
		}
		one := []*surveyv1.Event{e}
		if _, err := newConverter(w.applier.Catalog, w.ledger.Organization, one, w.now()).record(ctx, e); err == nil {
			events = append(events, e)
		}
	}
	return w.apply(ctx, nil, events, w.read, w.waiting)
}

// apply applies events to the rebuilt ledger, and those that it had set aside before. When they are stored, the log is read up to `read` and
// others wait.
func (w *rebuild) apply(ctx context.Context, events, resolved []*surveyv1.Event, read int64, waiting []*surveyv1.Event) error {
	if len(events)+len(resolved) > 0 {
		if err := w.put(ctx, events, resolved); err != nil {
			return err
		}
	}
	w.read, w.waiting = read, waiting
	return nil
}

// put stores events in the rebuilt ledger and counts them.
func (w *rebuild) put(ctx context.Context, events, resolved []*surveyv1.Event) error {
	to := store.Cursor{Version: w.cursor.Version + 1, Position: w.cursor.Position}
	all := append(slices.Clone(events), resolved...)
	slices.SortFunc(all, func(a, b *surveyv1.Event) int { return int(a.GetPosition() - b.GetPosition()) })
	for _, e := range all {
		to.Position = max(to.Position, e.GetPosition())
	}
	p, err := w.translator.convert(ctx, w.ledger, all)
	if err != nil {
		return err
	}
	for _, e := range resolved {
		p.resolved = append(p.resolved, e.GetPosition())
	}
	batch := store.Batch{From: w.cursor, To: to, Rebuild: w.ledger, Read: int64(len(events))}
	drafts, err := commit(ctx, w.applier.Store, &batch, []part{p})
	if len(drafts) == 0 {
		return err
	}
	if err := w.settle(ctx, to, drafts[0], err); err != nil {
		return err
	}
	w.translator.stored()
	return nil
}

// settle counts what a batch has changed that brought the rebuilt ledger to a cursor, unless the error of storing it says that it did not.
func (w *rebuild) settle(ctx context.Context, to store.Cursor, d draft, err error) error {
	if err != nil {
		// The store may have failed only after it had committed.
		if known, readErr := w.applier.Store.Rebuild(ctx, w.ledger); readErr != nil || known.Version != to.Version {
			return err
		}
	}
	if err := w.book.Apply(d.delta); err != nil {
		return fmt.Errorf("count batch: %w", err)
	}
	w.cursor, w.progress = to, time.Now()
	return nil
}
