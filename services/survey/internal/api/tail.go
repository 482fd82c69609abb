package api

import (
	"context"
	"errors"
	"fmt"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/eventlog"
	"github.com/otklik/otklik/libs/pause"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	"github.com/otklik/otklik/services/survey/internal/store"
)

// feedBatch is the greatest number of changes that are read at a time; pageBytes bounds their size.
const feedBatch = 500

// partition is a part of the change log; the zero value is the whole.
type partition struct{ number, count int }

func (p partition) holds(key string) bool {
	return p.count <= 1 || eventlog.Partition(key, p.count) == p.number
}

// tail reads the change log from a position on and goes on as it grows. Not safe for concurrent use.
type tail struct {
	server *Server
	query  store.ChangeQuery
	part   partition
	// begun tells that the log was read, drained that nothing was left when it was read last.
	begun, drained bool
}

func (s *Server) newTail(after int64, organization string, part partition) *tail {
	return &tail{
		server: s, part: part,
		query: store.ChangeQuery{After: after, Organization: organization, Page: store.Page{Limit: feedBatch, Bytes: pageBytes}},
	}
}

// next waits for the next batch: changes, or none as a heartbeat when nothing was left. AsOf is set when the log has been read to its end.
func (t *tail) next(ctx context.Context) (eventlog.Batch[*surveyv1.Event], error) {
	if t.drained {
		if err := t.idle(ctx); err != nil {
			return eventlog.Batch[*surveyv1.Event]{}, storeError(err)
		}
	}
	for {
		batch, err := t.read(ctx)
		// What lies in other partitions is passed over in silence while there is more to read.
		if err != nil || len(batch.Events) > 0 || t.drained {
			return batch, err
		}
	}
}

func (t *tail) read(ctx context.Context) (eventlog.Batch[*surveyv1.Event], error) {
	// Taken before the log is read: whatever was acknowledged until then is in what is read.
	asOf := t.server.now()
	b, err := t.server.store.ReadChanges(ctx, t.query)
	if err != nil {
		return eventlog.Batch[*surveyv1.Event]{}, storeError(err)
	}
	if !t.begun && t.query.After > b.Head {
		return eventlog.Batch[*surveyv1.Event]{}, refuse(codes.OutOfRange, surveyv1.ErrorReason_ERROR_REASON_POSITION_AHEAD, fmt.Sprintf(
			"position %d lies beyond the last change, %d: this is not the log that was read before; start again from 0", t.query.After, b.Head))
	}
	t.begun, t.drained = true, !b.More
	out := eventlog.Batch[*surveyv1.Event]{Head: b.Head, Events: make([]*surveyv1.Event, 0, len(b.Changes))}
	protection := protection{server: t.server, known: make(map[surveyKey]bool)}
	for _, c := range b.Changes {
		event, err := t.server.eventFromRecord(ctx, c)
		if err != nil {
			return eventlog.Batch[*surveyv1.Event]{}, err
		}
		if event.PopulationProtected, err = protection.of(ctx, c.Submission); err != nil {
			return eventlog.Batch[*surveyv1.Event]{}, err
		}
		if t.part.holds(event.GetKey()) {
			out.Events = append(out.Events, event)
		}
		t.query.After = c.Position
	}
	if t.drained {
		out.AsOf, t.query.After = asOf, b.Head
	}
	return out, nil
}

// idle waits for a change, or for the time of the next heartbeat.
func (t *tail) idle(ctx context.Context) error {
	waitCtx, cancel := context.WithTimeout(ctx, t.server.feed.heartbeat)
	defer cancel()
	err := t.server.store.AwaitChange(waitCtx, t.query.After)
	if err != nil {
		if ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded) {
			return nil
		}
		return err
	}
	// One change seldom comes alone: those who commit together are woken together, and so are the next ones. A reader whose every batch costs
	// it a commit is better served with fewer, larger batches.
	return pause.For(ctx, t.server.feed.linger)
}

// feedOptions are how the change log is told to readers.
type feedOptions struct {
	linger, heartbeat time.Duration
}

// Events is the change log for readers in this process that pass it on.
func (s *Server) Events() eventlog.Source[*surveyv1.Event] { return ownLog{s} }

// ownLog opens tails of the whole log.
type ownLog struct{ server *Server }

// Open implements eventlog.Source.
func (l ownLog) Open(ctx context.Context, after int64) (eventlog.Stream[*surveyv1.Event], error) {
	return &ownStream{ctx: ctx, tail: l.server.newTail(after, "", partition{})}, nil
}

// ownStream is a tail with the life of the stream that it belongs to.
type ownStream struct {
	ctx  context.Context
	tail *tail
}

// Recv implements eventlog.Stream.
func (s *ownStream) Recv() (eventlog.Batch[*surveyv1.Event], error) { return s.tail.next(s.ctx) }
