package ingest

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/services/scoring/internal/live"
	"github.com/otklik/otklik/services/scoring/internal/store"
)

// Limits of a rebuild.
const (
	// rebuildBatch is about how many events are applied at a time.
	rebuildBatch = 2000
	// catchUpTimeout is how long live events wait for a rebuild to catch up. One that takes longer goes on beside them and tries again.
	catchUpTimeout = 5 * time.Second
	// patience is how long a rebuild goes without progress before it is given up.
	patience = 2 * time.Minute
	// retryPause is the wait before a rebuild tries again.
	retryPause = 100 * time.Millisecond
	// sweepBatch is how many rows of discarded ledgers are removed at a time, so that live batches get their turn in between.
	sweepBatch = 2000
	// sweepInterval is how often discarded ledgers of other processes are looked for.
	sweepInterval = time.Minute
	// failTimeout bounds the recording of a failure while the service stops.
	failTimeout = 5 * time.Second
	// concurrentRebuilds is how many organisations are rebuilt at a time; others wait.
	concurrentRebuilds = 2
)

// errStopped is why a rebuild fails that was at work when the service stopped.
var errStopped = errors.New("the service stopped while the rebuild was at work; start another one")

// Rebuilder makes the scores of an organisation anew from the change log while the live ones go on. Make it with NewRebuilder, call Recover
// before anything else, and Run.
type Rebuilder struct {
	applier *Applier
	logger  *slog.Logger
	now     func() time.Time

	// started carries rebuilds from Start to Run, dirty tells that there are discarded ledgers.
	started chan store.Rebuild
	dirty   chan struct{}
	// ended is closed when Run has returned.
	ended chan struct{}
}

// NewRebuilder makes a rebuilder that works beside an applier.
func NewRebuilder(applier *Applier) *Rebuilder {
	return &Rebuilder{
		applier: applier, logger: applier.Logger, now: applier.Now,
		started: make(chan store.Rebuild), dirty: make(chan struct{}, 1), ended: make(chan struct{}),
	}
}

// errNotRunning tells that nobody would do the work.
var errNotRunning error = rpcerr.New(codes.Unavailable, rpcerr.ReasonShuttingDown, "the service is starting or stopping")

// Start begins a rebuild. store.ErrRunning when the organisation has one.
func (r *Rebuilder) Start(ctx context.Context, organization string) (store.Rebuild, error) {
	b, err := r.applier.Store.StartRebuild(ctx, organization, r.applier.Instance, r.now())
	if err != nil {
		return store.Rebuild{}, err
	}
	select {
	case r.started <- b:
		return b, nil
	case <-r.ended:
		r.fail(ctx, b, errNotRunning)
		return store.Rebuild{}, errNotRunning
	case <-ctx.Done():
		r.fail(ctx, b, errNotRunning)
		return store.Rebuild{}, ctx.Err()
	}
}

// Run works on rebuilds until ctx ends and all of them have come to an end. Call it once.
func (r *Rebuilder) Run(ctx context.Context) error {
	defer close(r.ended)
	var working sync.WaitGroup
	defer working.Wait()
	slots := make(chan struct{}, concurrentRebuilds)
	working.Go(func() { r.sweep(ctx) })
	working.Go(func() { r.mourn(ctx) })
	working.Go(func() { r.complete(ctx) })
	for {
		select {
		case <-ctx.Done():
			return nil
		case b := <-r.started:
			working.Go(func() {
				ctx, end := r.beat(ctx, b)
				defer end()
				select {
				case slots <- struct{}{}:
					defer func() { <-slots }()
				case <-ctx.Done():
				}
				r.work(ctx, b)
			})
		}
	}
}

// work brings one rebuild to its end.
func (r *Rebuilder) work(ctx context.Context, b store.Rebuild) {
	log := r.logger.With("organization", b.Organization, "rebuild", b.Number)
	log.InfoContext(ctx, "rebuild begins")
	w := &rebuild{
		Rebuilder: r, ledger: store.Ledger{Organization: b.Organization, Rebuild: b.Number}, book: live.NewBook(),
		source: r.applier.Log.Of(b.Organization), translator: newTranslator(r.applier.Catalog, r.now), progress: time.Now(),
	}
	done, err := w.run(ctx)
	if err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
			if !errors.Is(err, errGivenUp) {
				err = errStopped
			}
		}
		log.ErrorContext(ctx, "rebuild failed", "error", err)
		r.fail(ctx, b, err)
	} else {
		log.InfoContext(ctx, "rebuild succeeded", "records_read", done.Read, "cells_changed", done.CellsChanged)
	}
	select {
	case r.dirty <- struct{}{}:
	default:
	}
}

// fail records that a rebuild was given up; a rebuild that has ended is left alone.
func (r *Rebuilder) fail(ctx context.Context, b store.Rebuild, cause error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), failTimeout)
	defer cancel()
	reason := "the scores could not be rebuilt; the log of the service says why"
	for _, known := range []error{errStopped, errNotRunning, errNoProgress, errOtherLog, errGivenUp} {
		if errors.Is(cause, known) {
			reason = known.Error()
		}
	}
	l := store.Ledger{Organization: b.Organization, Rebuild: b.Number}
	if _, err := r.applier.Store.FailRebuild(ctx, l, reason, r.now()); err != nil && !errors.Is(err, store.ErrNotRunning) {
		// The next start finds the rebuild and gives it up.
		r.logger.ErrorContext(ctx, "the failure of a rebuild could not be recorded", "error", err)
	}
}

// sweep removes discarded ledgers, at first those of earlier runs, now and then those of processes that have gone.
func (r *Rebuilder) sweep(ctx context.Context) {
	ticks := time.NewTicker(sweepInterval)
	defer ticks.Stop()
	for {
		for {
			more, err := r.applier.Store.Sweep(ctx, sweepBatch)
			if ctx.Err() != nil {
				return
			}
			if err != nil {
				r.logger.WarnContext(ctx, "discarded scores could not be removed; they are next time", "error", err)
				break
			}
			if !more {
				break
			}
		}
		select {
		case <-r.dirty:
		case <-ticks.C:
		case <-ctx.Done():
			return
		}
	}
}
