package ingest

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/eventlog"
	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/services/scoring/internal/store"

	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

// Following is a partition of the change log as the sink follows it: when the log turns out to be another one than before, because the survey
// service's data were restored from a backup, everything is counted anew from its beginning. Positions alone tell that only while the log
// ends before the position that was applied.
func (s *Sink) Following(source eventlog.Source[*surveyv1.Event]) eventlog.Source[*surveyv1.Event] {
	return following{sink: s, source: source}
}

type following struct {
	sink   *Sink
	source eventlog.Source[*surveyv1.Event]
}

// Open starts a stream. It ends, too, when everything is counted anew.
func (f following) Open(parent context.Context, after int64) (eventlog.Stream[*surveyv1.Event], error) {
	ctx, cancel := context.WithCancel(parent)
	f.sink.opened(cancel)
	s, err := f.source.Open(ctx, after)
	if err != nil {
		err = f.sink.startOverIfAhead(ctx, after, err)
		cancel()
		return nil, err
	}
	return followingStream{sink: f.sink, ctx: ctx, parent: parent, after: after, stream: s}, nil
}

type followingStream struct {
	sink *Sink
	// ctx is the stream's, which ends before its parent when the sink has moved.
	ctx, parent context.Context
	after       int64
	stream      eventlog.Stream[*surveyv1.Event]
}

// Recv waits for the next batch.
func (s followingStream) Recv() (eventlog.Batch[*surveyv1.Event], error) {
	b, err := s.stream.Recv()
	if err != nil && s.ctx.Err() != nil && s.parent.Err() == nil {
		return b, eventlog.ErrMoved
	}
	if err != nil {
		err = s.sink.startOverIfAhead(s.ctx, s.after, err)
	}
	return b, err
}

var _ eventlog.Committed = followingStream{}

// Committed passes on that events are safe.
func (s followingStream) Committed(position int64) {
	if c, ok := s.stream.(eventlog.Committed); ok {
		c.Committed(position)
	}
}

// opened remembers how to end the stream that is opened.
func (s *Sink) opened(stop context.CancelFunc) {
	s.progress.Lock()
	before := s.stop
	s.stop = stop
	s.progress.Unlock()
	if before != nil {
		before()
	}
}

// reopen ends the stream, so that another one is opened where the partition is now.
func (s *Sink) reopen() {
	s.progress.Lock()
	defer s.progress.Unlock()
	if s.stop != nil {
		s.stop()
	}
}

// isAhead tells whether the survey service says that its log ends before a position.
func isAhead(err error) bool {
	const reason = surveyv1.ErrorReason_ERROR_REASON_POSITION_AHEAD
	return rpcerr.Code(err) == codes.OutOfRange && rpcerr.Reason(err) == strings.TrimPrefix(reason.String(), "ERROR_REASON_")
}

// startOverIfAhead starts over when the change log ends before `after`. It returns the error, with what went wrong beside it.
func (s *Sink) startOverIfAhead(ctx context.Context, after int64, err error) error {
	if !errors.Is(err, eventlog.ErrAhead) && !isAhead(err) {
		return err
	}
	if clearErr := s.startOver(ctx, after); clearErr != nil {
		return errors.Join(err, clearErr)
	}
	return err
}

// startOver removes everything that was counted, so that the change log is applied from its beginning. Nothing happens when the partition is
// not at `after` any more, when the log itself does not say that it ends before it, or when another process has started over meanwhile.
func (s *Sink) startOver(ctx context.Context, after int64) error {
	marks, err := s.Store.Marks(ctx)
	if err != nil {
		return fmt.Errorf("start over: %w", err)
	}
	if marks.Cursors[s.partition].Position != after {
		return nil
	}
	// Whatever brought the partition here, only the survey service knows what was stored.
	ahead, err := s.logEndsBefore(ctx, after)
	if err != nil || !ahead {
		return err
	}
	err = s.Store.Clear(ctx, marks.Epoch, errOtherLog.Error(), s.Now())
	if err != nil && !errors.Is(err, store.ErrConflict) {
		return fmt.Errorf("start over: %w", err)
	}
	if err == nil {
		s.Logger.ErrorContext(ctx, "the change log of the survey service ends before what was counted of it: its data must have been restored from"+
			" a backup; all scores are counted anew from the beginning of the log", "counted_position", after)
	}
	return s.CatchUp(ctx)
}

// logEndsBefore asks the survey service whether its log ends before a position.
func (a *Applier) logEndsBefore(ctx context.Context, position int64) (bool, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := a.Log.Of("").Open(ctx, position)
	if err == nil {
		_, err = stream.Recv()
	}
	if err == nil || isAhead(err) {
		return err != nil, nil
	}
	return false, fmt.Errorf("ask where the change log ends: %w", err)
}
