// Package follow applies what other services tell, and what this one told itself: independent followers, each with a position of its own, in the one process
// that leads. An event that a follower cannot apply is set aside, to be seen and replayed, and stops nothing else.
package follow

import (
	"context"
	"log/slog"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/otklik/otklik/libs/eventlog"
	"github.com/otklik/otklik/libs/lead"
	"github.com/otklik/otklik/services/segmentation/internal/store"
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
	*lead.Leader
	o         Options
	followers []Follower
}

// New makes a leader of followers.
func New(o Options, followers ...Follower) *Leader {
	if o.Aside == nil {
		o.Aside = func(context.Context, string) {}
	}
	return &Leader{
		Leader: lead.New(lead.Options{Lease: o.Store, Holder: o.Holder, Complaint: "other services cannot be followed", Log: o.Logger, Now: o.Now}),
		o:      o, followers: followers,
	}
}

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
func (l *Leader) Run(ctx context.Context) { l.Leader.Run(ctx, l.follow) }

// follow runs the followers until ctx ends or one of them fails.
func (l *Leader) follow(ctx context.Context) error {
	if len(l.followers) == 0 {
		<-ctx.Done()
	}
	work, ctx := errgroup.WithContext(ctx)
	for _, f := range l.followers {
		work.Go(func() error { return f.run(ctx, &l.o) })
	}
	return work.Wait()
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
