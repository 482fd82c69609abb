// Package follow applies what other services tell, and what this one told itself: independent followers, each with a position of its own, in the one process
// that leads. An event that a follower cannot apply is set aside, to be seen and replayed, and stops nothing else.
package follow

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/otklik/otklik/libs/eventlog"
	"github.com/otklik/otklik/libs/pause"
	"github.com/otklik/otklik/services/segmentation/internal/store"
)

const (
	// lease is how long this process leads when it says nothing; hold is how often it says something.
	lease = 30 * time.Second
	hold  = 5 * time.Second
	// again is the wait between looks at whether the lead is free.
	again = time.Second
)

// Follower applies one log. *Feed is one.
type Follower interface {
	// Name is what the follower is called in the store, in dead letters and in logs.
	Name() string
	// Status tells how far it has come; of use in the process that leads.
	Status() eventlog.Status
	// OfSurvey tells whether it follows the survey service's change log.
	OfSurvey() bool
	run(ctx context.Context, o *Options) error
	replay(ctx context.Context, letter store.DeadLetter) error
}

// Options are what a Leader works with.
type Options struct {
	Store store.Store
	// Holder names this process among those that share the store.
	Holder string
	Logger *slog.Logger
	Now    func() time.Time
	// Aside counts events that were set aside, by follower; nil counts nothing.
	Aside func(ctx context.Context, follower string)
}

// Leader runs followers for as long as its process leads.
type Leader struct {
	o         Options
	followers []Follower
	leads     atomic.Bool
}

// New makes a leader of followers.
func New(o Options, followers ...Follower) *Leader {
	if o.Aside == nil {
		o.Aside = func(context.Context, string) {}
	}
	return &Leader{o: o, followers: followers}
}

// Leads tells whether this process leads.
func (l *Leader) Leads() bool { return l.leads.Load() }

// OfSurveys names the followers of the survey service's change log.
func (l *Leader) OfSurveys() (names []string) {
	for _, f := range l.followers {
		if f.OfSurvey() {
			names = append(names, f.Name())
		}
	}
	return names
}

// Run leads whenever it can until ctx ends.
func (l *Leader) Run(ctx context.Context) {
	complained := false
	for {
		err := l.session(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err == nil || errors.Is(err, store.ErrLost):
			complained = false
		case !complained:
			complained = true
			l.o.Logger.WarnContext(ctx, "other services cannot be followed; trying again", slog.Any("error", err))
		}
		if pause.For(ctx, again) != nil {
			return
		}
	}
}

// session leads for as long as it can. Errors: store.ErrLost when another process leads.
func (l *Leader) session(ctx context.Context) error {
	now := l.o.Now()
	if err := l.o.Store.Lead(ctx, l.o.Holder, now, now.Add(lease)); err != nil {
		return err
	}
	defer l.stepDown(ctx)
	l.leads.Store(true)
	defer l.leads.Store(false)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go l.hold(ctx, cancel)
	work, ctx := errgroup.WithContext(ctx)
	for _, f := range l.followers {
		work.Go(func() error { return f.run(ctx, &l.o) })
	}
	if len(l.followers) == 0 {
		<-ctx.Done()
	}
	return work.Wait()
}

// stepDown lets another process lead, also when ctx has ended.
func (l *Leader) stepDown(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), hold)
	defer cancel()
	if err := l.o.Store.StepDown(ctx, l.o.Holder); err != nil {
		l.o.Logger.DebugContext(ctx, "the lead cannot be given up; its lease ends by itself", slog.Any("error", err))
	}
}

// hold keeps the lead until ctx ends, and calls stop when it is lost.
func (l *Leader) hold(ctx context.Context, stop func()) {
	for failures := 0; pause.For(ctx, hold) == nil; {
		now := l.o.Now()
		err := l.o.Store.Lead(ctx, l.o.Holder, now, now.Add(lease))
		switch {
		case err == nil:
			failures = 0
		case errors.Is(err, store.ErrLost) || failures >= int(lease/hold)-2:
			stop()
			return
		default:
			failures++
		}
	}
}

// Replay applies a dead letter again and removes it. Errors: store.ErrNotFound; *Unfit when it still cannot be applied; others may not come again.
func (l *Leader) Replay(ctx context.Context, organization string, id int64) (store.DeadLetter, error) {
	letter, err := l.o.Store.GetDeadLetter(ctx, organization, id)
	if err != nil {
		return letter, err
	}
	for _, f := range l.followers {
		if f.Name() != letter.Follower {
			continue
		}
		if err := f.replay(ctx, letter); err != nil {
			return letter, err
		}
		return letter, l.o.Store.DropDeadLetter(ctx, organization, id)
	}
	return letter, &Unfit{Reason: "nothing follows as " + letter.Follower + " any more"}
}
