package imports

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/otklik/otklik/libs/pause"
	"github.com/otklik/otklik/services/segmentation/internal/store"
)

const (
	// DefaultRows is how many rows are applied at a time.
	DefaultRows = 1000
	// Stale is for how long an import waits for its next part.
	Stale = 24 * time.Hour
	// staleAtOnce is how many imports are cancelled in one transaction.
	staleAtOnce = 20
	// lease is for how long a process has an import to itself without saying that it is still there; hold is how often it says so, whatever the rows take.
	lease = 20 * time.Second
	hold  = lease / 4
	// letGo is the longest time for giving back an import when the process ends.
	letGo = 2 * time.Second
	// mostTries is how many times an import is tried that comes no further, because of an error or because the process dies of it: for about an hour.
	mostTries = 15
	// longestPause bounds for how long an import is put off.
	longestPause = 10 * time.Minute
)

// Runner works on imports.
type Runner struct {
	Store store.Imports
	Kinds map[string]Kind
	// Holder names this process.
	Holder string
	// Rows is how many rows are applied at a time; 0 means DefaultRows.
	Rows int
	Now  func() time.Time
}

// Run works on imports until none waits. One that fails is put off and stops no other one; what failed is told at the end.
func (r *Runner) Run(ctx context.Context) error {
	var errs []error
	for {
		now := r.Now()
		i, err := r.Store.ClaimImport(ctx, r.Holder, now, now.Add(lease))
		if errors.Is(err, store.ErrNotFound) {
			return errors.Join(errs...)
		}
		if err != nil {
			return errors.Join(append(errs, err)...)
		}
		err = r.work(ctx, i)
		switch {
		case err == nil || errors.Is(err, store.ErrLost):
			continue
		case ctx.Err() != nil:
			// The process ends in good order: another one need not wait until the lease is over.
			ending, stop := context.WithTimeout(context.WithoutCancel(ctx), letGo)
			defer stop()
			return errors.Join(ctx.Err(), r.putOff(ending, i, now))
		}
		errs = append(errs, fmt.Errorf("import %s of %s: %w", i.ID, i.Organization, err))
		if err := r.putOff(ctx, i, r.Now().Add(pauseAfter(i.Tries))); err != nil {
			return errors.Join(append(errs, err)...)
		}
	}
}

// putOff lets an import be claimed again from a time on, unless it was lost.
func (r *Runner) putOff(ctx context.Context, i store.Import, until time.Time) error {
	if err := r.Store.PutOffImport(ctx, i.Organization, i.ID, r.Holder, until); err != nil && !errors.Is(err, store.ErrLost) {
		return err
	}
	return nil
}

// keep says again and again that this process works on an import, until done is called. The context that it returns ends when it does not any more.
func (r *Runner) keep(ctx context.Context, i store.Import) (working context.Context, done func()) {
	working, cancel := context.WithCancelCause(ctx)
	kept := make(chan struct{})
	go func() {
		defer close(kept)
		for pause.For(working, hold) == nil {
			// An error that is none of its own may go away before the lease is over.
			if err := r.Store.HoldImport(working, i.Organization, i.ID, r.Holder, r.Now().Add(lease)); errors.Is(err, store.ErrLost) {
				cancel(err)
			}
		}
	}()
	return working, func() {
		cancel(nil)
		<-kept
	}
}

// pauseAfter is for how long an import is put off that failed so many times.
func pauseAfter(tries int) time.Duration {
	return min(time.Second<<min(max(tries-1, 0), 20), longestPause)
}

// Sweep cancels imports whose upload nobody goes on with, so that tables of persons do not lie about.
func (r *Runner) Sweep(ctx context.Context) error {
	for {
		now := r.Now()
		n, err := r.Store.CancelStaleImports(ctx, now.Add(-Stale), now, staleAtOnce)
		if err != nil || n < staleAtOnce {
			return err
		}
	}
}

// work does what is left of an import. Errors: store.ErrLost when it was cancelled, or is another process's by now.
func (r *Runner) work(ctx context.Context, i store.Import) error {
	working, done := r.keep(ctx, i)
	defer done()
	var err error
	if i.Tries > mostTries {
		err = &FileError{fmt.Sprintf("it failed %d times, and the process that worked on it or its log knows why; what was applied stays: import it again", mostTries)}
	} else {
		err = (&pass{Runner: r, of: i}).both(working)
	}
	if lost := context.Cause(working); errors.Is(lost, store.ErrLost) {
		return lost
	}
	var file *FileError
	if errors.As(err, &file) {
		_, err = r.Store.EndImport(ctx, i.Organization, i.ID, store.ImportRefused, file.Description, r.Now())
	}
	return err
}
