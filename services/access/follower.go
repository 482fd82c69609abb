package access

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/libs/eventlog"
	"github.com/otklik/otklik/libs/pause"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
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

// follower reads the survey service's change log while a webhook wants responses or refusals, from where the log ended when the first one did. One
// process of the service follows at a time.
type follower struct {
	feed   store.Feed
	survey surveyv1.EventFeedServiceClient
	// told is called when there is something to send.
	told   func()
	holder string
	log    *slog.Logger
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
			f.log.WarnContext(ctx, "the change log cannot be read for webhooks; trying again", slog.Any("error", err))
		}
		if pause.For(ctx, feedPause) != nil {
			return
		}
	}
}

// session follows for as long as the feed is wanted and this process's. Errors: store.ErrLost when it is another's.
func (f *follower) session(ctx context.Context) error {
	wanted, err := f.feed.WantsFeed(ctx)
	if err != nil || !wanted && f.forgotten {
		return err
	}
	now := f.now()
	position, begun, err := f.feed.HoldFeed(ctx, f.holder, now, now.Add(feedLease))
	if err != nil {
		f.forgotten = false
		return err
	}
	defer f.leave(ctx)
	if !wanted {
		// Whoever wants it next hears of what happens then.
		if err := f.feed.PlaceFeed(ctx, f.holder, nil); err != nil {
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
		if err := f.feed.PlaceFeed(ctx, f.holder, &position); err != nil {
			return err
		}
	}
	return f.follow(ctx, position)
}

// leave lets another process follow, also when ctx has ended.
func (f *follower) leave(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), feedHold)
	defer cancel()
	if err := f.feed.LeaveFeed(ctx, f.holder); err != nil {
		f.log.DebugContext(ctx, "the feed of webhooks cannot be left; its lease ends by itself", slog.Any("error", err))
	}
}

// hold keeps the feed until ctx ends, and calls stop when it is lost or not wanted any more.
func (f *follower) hold(ctx context.Context, stop func()) {
	for failures := 0; pause.For(ctx, feedHold) == nil; {
		now := f.now()
		_, _, err := f.feed.HoldFeed(ctx, f.holder, now, now.Add(feedLease))
		wanted := true
		if err == nil {
			wanted, err = f.feed.WantsFeed(ctx)
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
	stream, err := f.survey.StreamEvents(ctx, &surveyv1.StreamEventsRequest{})
	if err != nil {
		return 0, fmt.Errorf("find end of change log: %w", err)
	}
	batch, err := stream.Recv()
	if err != nil {
		return 0, fmt.Errorf("find end of change log: %w", err)
	}
	return batch.GetHeadPosition(), nil
}

func (f *follower) follow(ctx context.Context, position int64) error {
	stream, err := f.survey.StreamEvents(ctx, &surveyv1.StreamEventsRequest{AfterPosition: position})
	for err == nil {
		var batch *surveyv1.StreamEventsResponse
		if batch, err = stream.Recv(); err != nil {
			break
		}
		events := batch.GetEvents()
		if len(events) == 0 {
			continue
		}
		next := events[len(events)-1].GetPosition()
		if err := f.feed.AdvanceFeed(ctx, f.holder, position, next, f.occurrences(events)); err != nil {
			return err
		}
		position = next
		f.told()
	}
	if eventlog.Ahead(err) {
		// It is another log than before, such as one that was restored from a backup.
		f.log.WarnContext(ctx, "the change log ends before what was read of it for webhooks: going on at its end", slog.Int64("position", position))
		return f.feed.PlaceFeed(ctx, f.holder, nil)
	}
	if err != nil && ctx.Err() == nil {
		return fmt.Errorf("follow change log: %w", err)
	}
	return nil
}

// occurrences are what webhooks hear of events. Of a survey of employees they hear nothing: who answered when, of few, is who said what.
func (f *follower) occurrences(events []*surveyv1.Event) []webhook.Occurrence {
	var out []webhook.Occurrence
	for _, e := range events {
		o := webhook.Occurrence{Organization: e.GetOrganization()}
		var at *timestamppb.Timestamp
		switch {
		case e.GetPopulationProtected():
			continue
		case e.GetResponse() != nil:
			o.Event, o.Resource, at = webhook.ResponseAccepted, e.GetResponse().GetName(), e.GetResponse().GetReceiveTime()
		case e.GetRefusal() != nil:
			o.Event, o.Resource, at = webhook.RefusalRecorded, e.GetRefusal().GetName(), e.GetRefusal().GetReceiveTime()
		default:
			continue
		}
		if o.Time = at.AsTime(); at == nil {
			o.Time = f.now()
		}
		out = append(out, o)
	}
	return out
}
