// Package ingest takes in what customers wrote: it follows the survey service's change log, opens what is sealed, has it analysed, and stores it without
// personal data. It also analyses anew what another model analysed.
package ingest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/pause"
	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/services/comment/internal/store"

	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

const (
	// lease is how long the feed, or a reanalysis, is this process's when it says nothing; hold is how often it says something.
	lease = 30 * time.Second
	hold  = 5 * time.Second
	// again is the wait after a failure, and between looks at whether the feed is free.
	again = time.Second
	// endPassStep is how many responses are removed at a time that the log no longer knows.
	endPassStep = 500
)

// Follower reads the survey service's change log and stores what customers wrote. One process of the service follows at a time.
type Follower struct {
	o Options
	// reached is what is known of the log.
	reached reached
}

// Options are what a Follower and a Reanalyser work with.
type Options struct {
	Store   store.Store
	Survey  surveyv1.EventFeedServiceClient
	Catalog Catalog
	// Originals seal and open what was written.
	Originals *Originals
	// Aspects are the organisations' own.
	Aspects *AspectBook
	// NewAnalyst makes an analyst; each goroutine has its own.
	NewAnalyst func() Analyst
	// Holder names this process among those that share the store.
	Holder string
	// Leads tells whether this process is the one that analyses anew; nil: it is.
	Leads       func() bool
	Logger      *slog.Logger
	Instruments *Instruments
	Now         func() time.Time
}

// NewFollower makes a follower.
func NewFollower(o Options) *Follower { return &Follower{o: o} }

// Run follows until ctx ends.
func (f *Follower) Run(ctx context.Context) {
	complained := false
	for {
		err := f.session(ctx)
		f.reached.disconnect()
		switch {
		case ctx.Err() != nil:
			return
		case err == nil || errors.Is(err, store.ErrLost):
			complained = false
		case !complained:
			complained = true
			f.o.Logger.WarnContext(ctx, "the change log cannot be followed for comments; trying again", slog.Any("error", err))
		}
		if pause.For(ctx, again) != nil {
			return
		}
	}
}

// session follows for as long as the feed is this process's. Errors: store.ErrLost when it is another's.
func (f *Follower) session(ctx context.Context) error {
	now := f.o.Now()
	cursor, err := f.o.Store.HoldFeed(ctx, f.o.Holder, now, now.Add(lease))
	if err != nil {
		return err
	}
	defer f.leave(ctx)
	f.reached.lead()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go f.hold(ctx, cancel)
	return f.follow(ctx, cursor)
}

// leave lets another process follow, also when ctx has ended.
func (f *Follower) leave(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), hold)
	defer cancel()
	if err := f.o.Store.LeaveFeed(ctx, f.o.Holder); err != nil {
		f.o.Logger.DebugContext(ctx, "the feed of comments cannot be left; its lease ends by itself", slog.Any("error", err))
	}
}

// hold keeps the feed until ctx ends, and calls stop when it is lost.
func (f *Follower) hold(ctx context.Context, stop func()) {
	for failures := 0; pause.For(ctx, hold) == nil; {
		now := f.o.Now()
		_, err := f.o.Store.HoldFeed(ctx, f.o.Holder, now, now.Add(lease))
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

// follow applies the log from a cursor on.
func (f *Follower) follow(ctx context.Context, cursor store.Cursor) error {
	analyst := f.o.NewAnalyst()
	stream, err := f.o.Survey.StreamEvents(ctx, &surveyv1.StreamEventsRequest{AfterPosition: cursor.Position})
	position, swept := cursor.Position, cursor.Pass == 0
	for err == nil {
		var in *surveyv1.StreamEventsResponse
		if in, err = stream.Recv(); err != nil {
			break
		}
		c := converter{
			originals: f.o.Originals, catalog: f.o.Catalog, analyst: analyst, aspects: f.o.Aspects, now: f.o.Now, own: map[string]OwnAspects{},
		}
		b, failed := c.batch(ctx, in.GetEvents())
		if failed != nil {
			return failed
		}
		b.From, b.To = position, position
		if n := len(in.GetEvents()); n > 0 {
			b.To = in.GetEvents()[n-1].GetPosition()
		}
		if in.GetAsOfTime() != nil {
			b.AsOf = in.GetAsOfTime().AsTime()
		}
		if err := f.o.Store.ApplyEvents(ctx, f.o.Holder, b); err != nil {
			return fmt.Errorf("apply events after %d: %w", position, err)
		}
		position = b.To
		f.reached.note(position, in.GetHeadPosition(), b.AsOf)
		f.o.Instruments.applied(ctx, b)
		// Nothing is in an empty log: it is rather a survey service on another database than one that forgot everything.
		if !swept && position >= in.GetHeadPosition() && position > 0 {
			if err := f.endPass(ctx); err != nil {
				return err
			}
			swept = true
		}
	}
	if isAhead(err) {
		// It is another log than before, such as one that was restored from a backup: read it all, and drop what it does not know.
		f.o.Logger.WarnContext(ctx, "the change log ends before what was read of it for comments: reading it anew", slog.Int64("position", position))
		return f.o.Store.RestartFeed(ctx, f.o.Holder)
	}
	if err != nil && ctx.Err() == nil {
		return fmt.Errorf("follow change log: %w", err)
	}
	return nil
}

// endPass removes what a log that was begun anew did not bring.
func (f *Follower) endPass(ctx context.Context) error {
	removed := 0
	for {
		n, err := f.o.Store.EndPass(ctx, f.o.Holder, endPassStep)
		removed += n
		if err == nil && n > 0 {
			continue
		}
		if removed > 0 {
			f.o.Logger.WarnContext(ctx, "comments were removed that the change log no longer knows", slog.Int("responses", removed))
		}
		return err
	}
}

// isAhead tells whether the survey service says that its log ends before a position.
func isAhead(err error) bool {
	const reason = surveyv1.ErrorReason_ERROR_REASON_POSITION_AHEAD
	return rpcerr.Code(err) == codes.OutOfRange && rpcerr.Reason(err) == strings.TrimPrefix(reason.String(), "ERROR_REASON_")
}
