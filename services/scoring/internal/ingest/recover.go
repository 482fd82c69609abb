package ingest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/otklik/otklik/services/scoring/internal/store"
)

const (
	// beatInterval is how often a rebuild at work gives a sign of life.
	beatInterval = 3 * time.Second
	// deadAfter is how long a rebuild of another process may go without a sign of life before it is given up.
	deadAfter = 15 * time.Second
	// mournInterval is how often rebuilds of other processes are looked at.
	mournInterval = 4 * time.Second
)

// errGivenUp is why a rebuild ends that others took for dead.
var errGivenUp = errors.New("the process that was at work on the rebuild gave no sign of life; start another one")

// Recover gives up the rebuilds that were at work when the service last stopped: all of them where nobody else uses the store, otherwise those
// of a process of this name.
func (r *Rebuilder) Recover(ctx context.Context) error {
	list, err := r.applier.Store.RunningRebuilds(ctx)
	if err != nil {
		return fmt.Errorf("recover rebuilds: %w", err)
	}
	for _, b := range list {
		if r.applier.Store.Shared() && b.Owner != r.applier.Instance {
			continue
		}
		if err := r.giveUp(ctx, b, errStopped); err != nil {
			return fmt.Errorf("recover rebuilds: %w", err)
		}
	}
	return nil
}

// giveUp ends a rebuild that nobody works on; others may have done so.
func (r *Rebuilder) giveUp(ctx context.Context, b store.Rebuild, why error) error {
	_, err := r.applier.Store.FailRebuild(ctx, store.Ledger{Organization: b.Organization, Rebuild: b.Number}, why.Error(), r.now())
	if errors.Is(err, store.ErrNotRunning) {
		return nil
	}
	return err
}

// beat gives signs of life of a rebuild until end is called. The context ends, too, when others have given the rebuild up.
func (r *Rebuilder) beat(ctx context.Context, b store.Rebuild) (alive context.Context, end func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		ticks := time.NewTicker(beatInterval)
		defer ticks.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticks.C:
			}
			err := r.applier.Store.BeatRebuild(ctx, store.Ledger{Organization: b.Organization, Rebuild: b.Number}, r.now())
			switch {
			case errors.Is(err, store.ErrNotRunning):
				cancel(errGivenUp)
			case err != nil && ctx.Err() == nil:
				r.logger.WarnContext(ctx, "a sign of life of a rebuild could not be stored", "organization", b.Organization, "rebuild", b.Number, "error", err)
			}
		}
	}()
	return ctx, func() {
		cancel(context.Canceled)
		<-done
	}
}

// sign is what was last seen of a rebuild of another process, and since when nothing else was. Clocks of processes differ: only that a sign
// changes says that somebody is alive.
type sign struct {
	beat    time.Time
	version int64
	since   time.Time
}

// mourn gives up rebuilds of other processes that give no sign of life any more.
func (r *Rebuilder) mourn(ctx context.Context) {
	if !r.applier.Store.Shared() {
		return
	}
	signs := make(map[store.Ledger]sign)
	ticks := time.NewTicker(mournInterval)
	defer ticks.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks.C:
		}
		list, err := r.applier.Store.RunningRebuilds(ctx)
		if err != nil {
			// Where the store cannot be read, no sign can be stored either.
			clear(signs)
			continue
		}
		for _, b := range r.silent(list, signs, time.Now()) {
			r.logger.WarnContext(ctx, "giving up a rebuild of a process that gives no sign of life",
				"organization", b.Organization, "rebuild", b.Number, "instance", b.Owner)
			if err := r.giveUp(ctx, b, errGivenUp); err != nil && ctx.Err() == nil {
				r.logger.WarnContext(ctx, "a rebuild could not be given up; it is next time", "organization", b.Organization, "rebuild", b.Number, "error", err)
			}
		}
	}
}

// silent lists the rebuilds of other processes that have given no sign of life for too long, and brings signs up to date.
func (r *Rebuilder) silent(list []store.Rebuild, signs map[store.Ledger]sign, now time.Time) []store.Rebuild {
	var dead []store.Rebuild
	seen := make(map[store.Ledger]bool, len(list))
	for _, b := range list {
		if b.Owner == r.applier.Instance {
			continue
		}
		l := store.Ledger{Organization: b.Organization, Rebuild: b.Number}
		seen[l] = true
		known, ok := signs[l]
		if !ok || !known.beat.Equal(b.Beat) || known.version != b.Version {
			signs[l] = sign{beat: b.Beat, version: b.Version, since: now}
			continue
		}
		if now.Sub(known.since) >= deadAfter {
			dead = append(dead, b)
		}
	}
	for l := range signs {
		if !seen[l] {
			delete(signs, l)
		}
	}
	return dead
}
