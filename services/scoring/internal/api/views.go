package api

import (
	"context"
	"fmt"
	"sync"

	"golang.org/x/sync/singleflight"

	"github.com/otklik/otklik/services/scoring/internal/live"
	"github.com/otklik/otklik/services/scoring/internal/store"
	"github.com/otklik/otklik/services/scoring/internal/view"
)

const (
	// keptViews is how many views are kept: those of a few dashboards.
	keptViews = 16
	// concurrentViews is how many views are made at a time, each of which reads all responses of a survey.
	concurrentViews = 2
)

// views keeps what was made for callers who may not see everything, until the counts of the survey change.
type views struct {
	store   store.Store
	board   *live.Board
	flights singleflight.Group
	slots   chan struct{}

	mu    sync.Mutex
	kept  map[string]kept
	turns uint64
}

// kept is a view with the state of the survey that it is of.
type kept struct {
	version string
	value   any
	// turn is when it was last used.
	turn uint64
}

func newViews(st store.Store, board *live.Board) *views {
	return &views{store: st, board: board, slots: make(chan struct{}, concurrentViews), kept: make(map[string]kept)}
}

// protected counts what is released.
func (v *views) protected(ctx context.Context, org, survey string, r view.Rules) (view.Protected, error) {
	name := fmt.Sprintf("released %d %t %t %d %d %d %s", r.Population, r.ByEmployee, r.Read, r.First, r.Last, len(r.History.Revisions), r.Units)
	value, err := v.get(ctx, org, survey, name, func(ctx context.Context, l ledger) (any, error) {
		return view.Protect(ctx, l, survey, r)
	})
	if err != nil {
		return view.Protected{}, err
	}
	return value.(view.Protected), nil
}

// get returns a view, made if it is not known; callers who ask at the same time share one.
func (v *views) get(ctx context.Context, org, survey, what string, build func(context.Context, ledger) (any, error)) (any, error) {
	version := v.board.Version(org, survey)
	name := fmt.Sprintf("%q %q %s", org, survey, what)
	if value, ok := v.known(name, string(version)); ok && version != nil {
		return value, nil
	}
	shared := v.flights.DoChan(name+string(version), func() (any, error) {
		// It is for all who wait for it: it does not end with the call of the first.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), evaluationTimeout)
		defer cancel()
		select {
		case v.slots <- struct{}{}:
			defer func() { <-v.slots }()
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		value, err := build(ctx, ledger{store: v.store, name: store.Ledger{Organization: org}})
		if err == nil && version != nil {
			v.keep(name, string(version), value)
		}
		return value, err
	})
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case r := <-shared:
		return r.Val, r.Err
	}
}

func (v *views) known(name, version string) (any, bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	k, ok := v.kept[name]
	if !ok || k.version != version {
		return nil, false
	}
	v.turns++
	k.turn = v.turns
	v.kept[name] = k
	return k.value, true
}

// keep keeps a view, and lets the one go that was not used for longest.
func (v *views) keep(name, version string, value any) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.turns++
	v.kept[name] = kept{version: version, value: value, turn: v.turns}
	if len(v.kept) <= keptViews {
		return
	}
	oldest := name
	for other, k := range v.kept {
		if k.turn < v.kept[oldest].turn {
			oldest = other
		}
	}
	delete(v.kept, oldest)
}
