package ingest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/otklik/otklik/libs/eventlog"
	"github.com/otklik/otklik/libs/pause"
	"github.com/otklik/otklik/services/scoring/internal/cube"
	"github.com/otklik/otklik/services/scoring/internal/store"

	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

// errNoProgress is why a rebuild fails that cannot go on.
var errNoProgress = errors.New("the change log of the survey service could not be read to its end")

// errOtherLog tells that the change log ends before what was read of it: it is another one than before, and is followed from its beginning.
var errOtherLog = errors.New("the change log is not the one that was read before")

// rebuild is a rebuild at work.
type rebuild struct {
	*Rebuilder
	ledger     store.Ledger
	source     eventlog.Source[*surveyv1.Event]
	translator *translator
	cube       *cube.Cube
	// position is how far the rebuilt ledger is, progress when it last moved.
	position int64
	progress time.Time
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
		if w.now().Sub(w.progress) > patience {
			return store.Rebuild{}, fmt.Errorf("%w: %w", errNoProgress, err)
		}
		w.logger.WarnContext(ctx, "rebuild tries again", "organization", w.ledger.Organization, "position", w.position, "error", err)
		if err := pause.For(ctx, retryPause); err != nil {
			return store.Rebuild{}, err
		}
	}
}

// follow replays the log up to where the live ledgers are or further back, without holding anybody up.
func (w *rebuild) follow(ctx context.Context) error {
	live, err := w.applier.Position(ctx)
	if err != nil {
		return err
	}
	return w.replay(ctx, live)
}

// finish replays what is missing and puts the rebuilt ledger in the place of the live one, while no live event is applied.
func (w *rebuild) finish(ctx context.Context) (store.Rebuild, error) {
	a := w.applier
	a.mu.Lock()
	defer a.mu.Unlock()
	cursor, err := a.cursor(ctx)
	if err != nil {
		return store.Rebuild{}, err
	}
	catchUp, cancel := context.WithTimeout(ctx, catchUpTimeout)
	defer cancel()
	if err := w.replay(catchUp, cursor.Position); err != nil {
		return store.Rebuild{}, fmt.Errorf("catch up: %w", err)
	}
	before := a.Board.Cube(w.ledger.Organization)
	differences := cube.Diff(before, w.cube, 0)
	// Put in place first: whoever sees that the rebuild has succeeded must see its scores.
	a.Board.Put(w.ledger.Organization, w.cube)
	done, err := a.Store.FinishRebuild(ctx, w.ledger, cursor.Position, int64(len(differences)), w.now())
	if err != nil {
		// The store may have failed only after it had swapped the ledgers. When that cannot be known, the board is made anew from what the
		// store holds before the next batch.
		var readErr error
		if done, readErr = a.Store.Rebuild(ctx, w.ledger); readErr != nil {
			a.counted = unknown
		}
		if readErr != nil || done.State != store.Succeeded {
			a.Board.Put(w.ledger.Organization, before)
			return store.Rebuild{}, err
		}
	}
	return done, nil
}

// replay applies the organisation's events up to a position to the rebuilt ledger. It returns when all of them are applied.
func (w *rebuild) replay(ctx context.Context, upTo int64) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := w.source.Open(ctx, w.position)
	if err != nil {
		return err
	}
	var events []*surveyv1.Event
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
			events = append(events, e)
		}
		if len(events) >= rebuildBatch || complete && len(events) > 0 {
			if err := w.apply(ctx, events); err != nil {
				return err
			}
			events = nil
		}
		if complete {
			return nil
		}
	}
}

// apply applies events to the rebuilt ledger.
func (w *rebuild) apply(ctx context.Context, events []*surveyv1.Event) error {
	st := w.applier.Store
	records, aside, err := w.translator.convert(ctx, w.ledger, events)
	if err != nil {
		return err
	}
	last := events[len(events)-1]
	batch := store.Batch{From: w.position, To: store.Cursor{Position: last.GetPosition()}, Rebuild: w.ledger, Read: int64(len(events))}
	d, err := commit(ctx, st, &batch, []part{{ledger: w.ledger, records: records, aside: aside}})
	if err != nil {
		// The store may have failed only after it had committed.
		if known, readErr := st.Rebuild(ctx, w.ledger); readErr != nil || known.Position != batch.To.Position {
			return err
		}
	}
	if err := w.cube.Apply(d[0].delta); err != nil {
		return fmt.Errorf("count batch: %w", err)
	}
	w.translator.stored()
	w.position, w.progress = batch.To.Position, w.now()
	return nil
}
