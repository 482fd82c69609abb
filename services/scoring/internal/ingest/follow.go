package ingest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/otklik/otklik/libs/pause"
	"github.com/otklik/otklik/services/scoring/internal/cell"
	"github.com/otklik/otklik/services/scoring/internal/delta"
	"github.com/otklik/otklik/services/scoring/internal/live"
	"github.com/otklik/otklik/services/scoring/internal/store"
)

const (
	// followPause is the least time between two looks at a shared store, however often others wake this process.
	followPause = 20 * time.Millisecond
	// touchInterval is how often the moment up to which a quiet partition was applied is stored for the others.
	touchInterval = time.Second
)

// CatchUp counts what is stored and not counted.
func (a *Applier) CatchUp(ctx context.Context) error {
	a.following.Lock()
	defer a.following.Unlock()
	since := a.Board.Marks()
	deltas, now, err := a.Store.Follow(ctx, since)
	if errors.Is(err, store.ErrBehind) {
		return a.reload(ctx, since)
	}
	if err != nil {
		return fmt.Errorf("catch up: %w", err)
	}
	changes, err := unpack(deltas)
	if err != nil {
		// The sums of all cells may be right all the same.
		a.Board.Forget()
		return fmt.Errorf("catch up: %w", err)
	}
	if err := a.Board.Add(since, now, changes); err != nil {
		return fmt.Errorf("catch up: %w", err)
	}
	return nil
}

func unpack(deltas []store.Delta) ([]live.Change, error) {
	changes := make([]live.Change, len(deltas))
	for i, d := range deltas {
		changes[i] = live.Change{Partition: d.Partition, Version: d.Version, Organization: d.Organization, Delta: &delta.Delta{}}
		if err := cell.Unpack(changes[i].Delta, d.Cells...); err != nil {
			return nil, err
		}
	}
	return changes, nil
}

// reload makes the board anew from the store.
func (a *Applier) reload(ctx context.Context, since store.Marks) error {
	var books map[string]*live.Book
	var marks store.Marks
	var err error
	if a.Store.Shared() {
		// What takes long is done while batches are counted.
		if books, marks, err = live.Load(ctx, a.Store); err != nil {
			return fmt.Errorf("load scores: %w", err)
		}
	}
	replaced, back, err := a.Board.Reload(since, func() (map[string]*live.Book, store.Marks, error) {
		if books != nil {
			now, err := a.extend(ctx, books, marks)
			if err == nil {
				return books, now, nil
			}
			if !errors.Is(err, store.ErrBehind) {
				return nil, store.Marks{}, err
			}
		}
		return live.Load(ctx, a.Store)
	})
	if err != nil {
		return fmt.Errorf("load scores: %w", err)
	}
	if replaced {
		// Perhaps by those of another log: then even published revisions may be others.
		a.Catalog.Clear()
	}
	if back {
		for _, s := range a.sinks {
			s.reopen()
		}
	}
	return nil
}

// extend adds to books that count up to marks what was stored since.
func (a *Applier) extend(ctx context.Context, books map[string]*live.Book, marks store.Marks) (store.Marks, error) {
	deltas, now, err := a.Store.Follow(ctx, marks)
	if err != nil {
		return store.Marks{}, err
	}
	changes, err := unpack(deltas)
	if err != nil {
		return store.Marks{}, err
	}
	for _, c := range changes {
		if books[c.Organization] == nil {
			books[c.Organization] = live.NewBook()
		}
		if err := books[c.Organization].Apply(c.Delta); err != nil {
			return store.Marks{}, fmt.Errorf("count batch: %w", err)
		}
	}
	return now, nil
}

// Run counts what other processes store until ctx ends, and tells them what this one does.
func (a *Applier) Run(ctx context.Context) {
	var parts sync.WaitGroup
	parts.Go(func() { a.follow(ctx) })
	if a.Store.Shared() {
		parts.Go(func() { a.touch(ctx) })
		if a.Signal != nil {
			parts.Go(func() { a.Signal.Listen(ctx, func() { wake(a.wakes) }) })
			parts.Go(func() { a.notify(ctx) })
		}
	}
	parts.Wait()
}

// follow catches up again and again. A store that is not shared is only looked at when something that was stored could not be counted: a look
// at it while a batch is between being stored and being counted would cost a reload.
func (a *Applier) follow(ctx context.Context) {
	var ticks <-chan time.Time
	if a.Store.Shared() {
		ticker := time.NewTicker(a.FollowInterval)
		defer ticker.Stop()
		ticks = ticker.C
	}
	failing := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks:
		case <-a.wakes:
		}
		switch err := a.CatchUp(ctx); {
		case ctx.Err() != nil:
			return
		case err != nil && !failing:
			failing = true
			a.Logger.WarnContext(ctx, "what is stored cannot be counted; trying again", "error", err)
		case err == nil && failing:
			failing = false
			a.Logger.InfoContext(ctx, "what is stored is counted again")
		}
		rest := followPause
		if failing {
			rest = a.FollowInterval
			wake(a.wakes)
		}
		if pause.For(ctx, rest) != nil {
			return
		}
	}
}

// touch stores now and then how far quiet partitions are.
func (a *Applier) touch(ctx context.Context) {
	ticks := time.NewTicker(touchInterval)
	defer ticks.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks.C:
		}
		for _, s := range a.sinks {
			if err := s.touch(ctx); err != nil && ctx.Err() == nil {
				a.Logger.WarnContext(ctx, "how far a partition is could not be stored; it is next time", "partition", s.partition, "error", err)
				break
			}
		}
	}
}

// notify wakes the others when this process has stored something.
func (a *Applier) notify(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-a.stored:
			a.Signal.Notify(ctx)
			if pause.For(ctx, followPause) != nil {
				return
			}
		}
	}
}
