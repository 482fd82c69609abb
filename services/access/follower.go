package access

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/otklik/otklik/libs/eventlog"
	"github.com/otklik/otklik/libs/pause"
	"github.com/otklik/otklik/services/access/internal/store"
	"github.com/otklik/otklik/services/access/internal/webhook"
)

const (
	// feedLease is how long the feed is this process's when it says nothing, feedHold how often it says something.
	feedLease = 30 * time.Second
	feedHold  = 5 * time.Second
	// feedPause is how often is looked whether a webhook wants the feed, and the wait after a failure.
	feedPause = time.Second
)

// batch is what was read of a log at a time.
type batch struct {
	// last is the position of the last event, 0 when there is none; head is where the log ends.
	last, head  int64
	occurrences []webhook.Occurrence
}

// opener opens a log of another service after a position; the result reads it on.
type opener func(ctx context.Context, after int64) (next func() (batch, error), err error)

// follower reads a log of another service while a webhook wants events of it, from where the log ended when the first one did. One process of the service
// follows a log at a time.
type follower struct {
	feed store.Feed
	log  webhook.Log
	open opener
	// told is called when there is something to send.
	told   func()
	holder string
	logger *slog.Logger
	now    func() time.Time
	// forgotten tells that no position is kept, as far as this process knows.
	forgotten bool
}

// run follows until ctx ends.
func (f *follower) run(ctx context.Context) {
	complained := false
	for {
		err := f.session(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err == nil || errors.Is(err, store.ErrLost):
			complained = false
		case !complained:
			complained = true
			f.logger.WarnContext(ctx, "a log of events cannot be read for webhooks; trying again", slog.Int("log", int(f.log)), slog.Any("error", err))
		}
		if pause.For(ctx, feedPause) != nil {
			return
		}
	}
}

// session follows for as long as the feed is wanted and this process's. Errors: store.ErrLost when it is another's.
func (f *follower) session(ctx context.Context) error {
	wanted, err := f.feed.WantsFeed(ctx, f.log)
	if err != nil || !wanted && f.forgotten {
		return err
	}
	now := f.now()
	position, begun, err := f.feed.HoldFeed(ctx, f.log, f.holder, now, now.Add(feedLease))
	if err != nil {
		f.forgotten = false
		return err
	}
	defer f.leave(ctx)
	if !wanted {
		// Whoever wants it next hears of what happens then.
		if err := f.feed.PlaceFeed(ctx, f.log, f.holder, nil); err != nil {
			return err
		}
		f.forgotten = true
		return nil
	}
	f.forgotten = false
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go f.hold(ctx, cancel)
	if !begun {
		if position, err = f.head(ctx); err != nil {
			return err
		}
		if err := f.feed.PlaceFeed(ctx, f.log, f.holder, &position); err != nil {
			return err
		}
	}
	return f.follow(ctx, position)
}

// leave lets another process follow, also when ctx has ended.
func (f *follower) leave(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), feedHold)
	defer cancel()
	if err := f.feed.LeaveFeed(ctx, f.log, f.holder); err != nil {
		f.logger.DebugContext(ctx, "the feed of webhooks cannot be left; its lease ends by itself", slog.Any("error", err))
	}
}

// hold keeps the feed until ctx ends, and calls stop when it is lost or not wanted any more.
func (f *follower) hold(ctx context.Context, stop func()) {
	for failures := 0; pause.For(ctx, feedHold) == nil; {
		now := f.now()
		_, _, err := f.feed.HoldFeed(ctx, f.log, f.holder, now, now.Add(feedLease))
		wanted := true
		if err == nil {
			wanted, err = f.feed.WantsFeed(ctx, f.log)
		}
		switch {
		case err == nil && wanted:
			failures = 0
			continue
		case err != nil && !errors.Is(err, store.ErrLost) && failures < int(feedLease/feedHold)-2:
			failures++
			continue
		}
		stop()
		return
	}
}

// head is the position at which the log ends now.
func (f *follower) head(ctx context.Context) (int64, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	next, err := f.open(ctx, 0)
	if err != nil {
		return 0, fmt.Errorf("find end of log: %w", err)
	}
	first, err := next()
	if err != nil {
		return 0, fmt.Errorf("find end of log: %w", err)
	}
	return first.head, nil
}

func (f *follower) follow(ctx context.Context, position int64) error {
	next, err := f.open(ctx, position)
	for err == nil {
		var b batch
		if b, err = next(); err != nil {
			break
		}
		if b.last == 0 {
			continue
		}
		if err := f.feed.AdvanceFeed(ctx, f.log, f.holder, position, b.last, b.occurrences); err != nil {
			return err
		}
		position = b.last
		f.told()
	}
	if eventlog.Ahead(err) {
		// It is another log than before, such as one that was restored from a backup.
		f.logger.WarnContext(ctx, "a log of events ends before what was read of it for webhooks: going on at its end", slog.Int("log", int(f.log)), slog.Int64("position", position))
		return f.feed.PlaceFeed(ctx, f.log, f.holder, nil)
	}
	if err != nil && ctx.Err() == nil {
		return fmt.Errorf("follow log: %w", err)
	}
	return nil
}
