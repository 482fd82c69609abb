package follow

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/otklik/otklik/libs/eventlog"
	"github.com/otklik/otklik/libs/pause"
	"github.com/otklik/otklik/services/segmentation/internal/store"
)

const (
	// tries is how often an event is tried that fails by itself for a reason that is not known to stay.
	tries = 3
	// tryAgain is the wait before it is tried again.
	tryAgain = 100 * time.Millisecond
)

// sink applies what a feed brings. It is used by one goroutine at a time.
type sink[E any] struct {
	// ctx is what the feed is followed with.
	ctx  context.Context
	feed *Feed[E]
	o    *Options
	// at is the position of the last event that was applied or set aside.
	at int64
}

var (
	_ eventlog.Sink[int]   = (*sink[int])(nil)
	_ eventlog.Watermarked = (*sink[int])(nil)
)

// Reached implements eventlog.Watermarked.
func (s *sink[E]) Reached(asOf time.Time) {
	if s.feed.Reached != nil {
		s.feed.Reached(s.ctx, asOf)
	}
}

// Position implements eventlog.Sink.
func (s *sink[E]) Position(ctx context.Context) (position int64, err error) {
	s.at, err = s.o.Store.FollowerPosition(ctx, s.feed.Called)
	return s.at, err
}

// Apply implements eventlog.Sink.
func (s *sink[E]) Apply(ctx context.Context, events []E) (int64, error) {
	// What was applied before something failed is not applied again.
	fresh := events
	for len(fresh) > 0 && s.feed.Position(fresh[0]) <= s.at {
		fresh = fresh[1:]
	}
	if err := s.apply(ctx, fresh); err != nil {
		if errors.Is(err, store.ErrLost) {
			return 0, eventlog.ErrMoved
		}
		return 0, err
	}
	return s.at, s.forget(ctx, events)
}

// apply applies events together, or those that can be where one cannot.
func (s *sink[E]) apply(ctx context.Context, events []E) error {
	if len(events) == 0 {
		return nil
	}
	if len(events) == 1 {
		return s.applyOne(ctx, events[0])
	}
	to := s.feed.Position(events[len(events)-1])
	err := s.feed.apply(ctx, events, s.at, to)
	if err == nil {
		s.at = to
		return nil
	}
	if passes(ctx, err) {
		return err
	}
	half := len(events) / 2
	if err := s.apply(ctx, events[:half]); err != nil {
		return err
	}
	return s.apply(ctx, events[half:])
}

// applyOne applies an event, or sets it aside.
func (s *sink[E]) applyOne(ctx context.Context, e E) error {
	to := s.feed.Position(e)
	for try := 1; ; try++ {
		err := s.feed.apply(ctx, []E{e}, s.at, to)
		var known *Unfit
		switch {
		case err == nil:
			s.at = to
			return nil
		case passes(ctx, err):
			return err
		case try < tries && !errors.As(err, &known):
			if err := pause.For(ctx, tryAgain); err != nil {
				return err
			}
			continue
		}
		return s.setAside(ctx, e, to, err)
	}
}

func (s *sink[E]) setAside(ctx context.Context, e E, to int64, err error) error {
	reason := unfit(err)
	letter := s.feed.Letter(e)
	letter.Follower, letter.Position, letter.Reason, letter.CreateTime = s.feed.Called, to, reason.Reason, s.o.Now()
	if err := s.o.Store.SetAside(ctx, s.at, to, letter); err != nil {
		return err
	}
	s.at = to
	s.o.Aside(ctx, s.feed.Called)
	s.o.Logger.ErrorContext(ctx, "an event could not be applied and was set aside", slog.String("follower", s.feed.Called), slog.String("organization", letter.Organization),
		slog.String("resource", letter.Resource), slog.Int64("position", to), slog.String("reason", reason.Reason), slog.Any("error", reason.Err))
	return nil
}

// forget drops the dead letters about what is gone.
func (s *sink[E]) forget(ctx context.Context, events []E) error {
	if s.feed.Removed == nil {
		return nil
	}
	for _, e := range events {
		organization, resource := s.feed.Removed(e)
		if resource == "" {
			continue
		}
		if err := s.o.Store.DropDeadLettersOf(ctx, organization, resource); err != nil {
			return err
		}
	}
	return nil
}
