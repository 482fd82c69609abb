package ingest

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/eventlog"
	"github.com/otklik/otklik/libs/rpcerr"

	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

// Following is the change log as the applier follows it: when the log turns out to be another one than before, because the survey service's
// data were restored from a backup, everything is counted anew from its beginning. Positions alone tell that only while the log ends before
// the position that was applied.
func (a *Applier) Following(source eventlog.Source[*surveyv1.Event]) eventlog.Source[*surveyv1.Event] {
	return following{applier: a, source: source}
}

type following struct {
	applier *Applier
	source  eventlog.Source[*surveyv1.Event]
}

// Open starts a stream.
func (f following) Open(ctx context.Context, after int64) (eventlog.Stream[*surveyv1.Event], error) {
	s, err := f.source.Open(ctx, after)
	if err != nil {
		return nil, f.applier.startOverIfAhead(ctx, after, err)
	}
	return followingStream{following: f, ctx: ctx, after: after, stream: s}, nil
}

type followingStream struct {
	following
	ctx    context.Context
	after  int64
	stream eventlog.Stream[*surveyv1.Event]
}

// Recv waits for the next batch.
func (s followingStream) Recv() (eventlog.Batch[*surveyv1.Event], error) {
	b, err := s.stream.Recv()
	if err != nil {
		err = s.applier.startOverIfAhead(s.ctx, s.after, err)
	}
	return b, err
}

// startOverIfAhead starts over when the change log says that it ends before `after`. It returns the error, with what went wrong beside it.
func (a *Applier) startOverIfAhead(ctx context.Context, after int64, err error) error {
	const reason = surveyv1.ErrorReason_ERROR_REASON_POSITION_AHEAD
	if rpcerr.Code(err) != codes.OutOfRange || rpcerr.Reason(err) != strings.TrimPrefix(reason.String(), "ERROR_REASON_") {
		return err
	}
	if clearErr := a.startOver(ctx, after); clearErr != nil {
		return errors.Join(err, clearErr)
	}
	return err
}

// startOver removes everything that was counted, so that the change log is applied from its beginning; nothing happens when the store is not at
// `after` any more.
func (a *Applier) startOver(ctx context.Context, after int64) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	cursor, err := a.Store.Cursor(ctx)
	if err != nil {
		return fmt.Errorf("start over: %w", err)
	}
	if cursor.Position != after {
		return nil
	}
	a.Catalog.Clear()
	// Whatever fails from here on, the board is made anew from what the store holds before the next batch.
	a.counted = unknown
	if err := a.Store.Clear(ctx, errOtherLog.Error(), a.Now()); err != nil {
		return fmt.Errorf("start over: %w", err)
	}
	a.translator.stored()
	a.Board.Clear()
	a.counted = 0
	a.Logger.ErrorContext(ctx, "the change log of the survey service ends before what was counted of it: its data must have been restored from a backup;"+
		" all scores are counted anew from the beginning of the log", "counted_position", after)
	return nil
}
