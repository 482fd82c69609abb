package api

import (
	"context"
	"errors"
	"fmt"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/libs/pause"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	"github.com/otklik/otklik/services/survey/internal/store"
)

// feedOptions are how StreamEvents behaves.
type feedOptions struct {
	linger, heartbeat time.Duration
}

// feedBatch is the greatest number of changes of a message; pageBytes bounds their size.
const feedBatch = 500

// StreamEvents streams the change log from a position on, until its reader or the server ends it.
func (s *feedServer) StreamEvents(req *surveyv1.StreamEventsRequest, stream grpc.ServerStreamingServer[surveyv1.StreamEventsResponse]) error {
	ctx := stream.Context()
	q := store.ChangeQuery{
		After: req.GetAfterPosition(), Organization: req.GetOrganization(), Page: store.Page{Limit: feedBatch, Bytes: pageBytes},
	}
	for first := true; ; first = false {
		// Taken before the log is read: whatever was acknowledged until then is in what is read.
		asOf := s.now()
		b, err := s.store.ReadChanges(ctx, q)
		if err != nil {
			return storeError(err)
		}
		if first && q.After > b.Head {
			return refuse(codes.OutOfRange, surveyv1.ErrorReason_ERROR_REASON_POSITION_AHEAD,
				fmt.Sprintf("position %d lies beyond the last change, %d: this is not the log that was read before; start again from 0", q.After, b.Head))
		}
		out := &surveyv1.StreamEventsResponse{HeadPosition: b.Head, Events: make([]*surveyv1.Event, len(b.Changes))}
		for i, c := range b.Changes {
			if out.Events[i], err = eventFromRecord(c); err != nil {
				return err
			}
			q.After = c.Position
		}
		if !b.More {
			out.AsOfTime = timestamppb.New(asOf)
			q.After = b.Head
		}
		if err := stream.Send(out); err != nil {
			return err
		}
		if b.More {
			continue
		}
		if err := s.idle(ctx, q.After); err != nil {
			return storeError(err)
		}
	}
}

// idle waits for a change after the position, or for the time of the next heartbeat.
func (s *feedServer) idle(ctx context.Context, after int64) error {
	waitCtx, cancel := context.WithTimeout(ctx, s.feed.heartbeat)
	defer cancel()
	err := s.store.AwaitChange(waitCtx, after)
	if err != nil {
		if ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded) {
			return nil
		}
		return err
	}
	// One change seldom comes alone: those who commit together are woken together, and so are the next ones. A reader whose every batch costs
	// it a commit is better served with fewer, larger batches.
	return pause.For(ctx, s.feed.linger)
}

func eventFromRecord(c store.Change) (*surveyv1.Event, error) {
	out := &surveyv1.Event{Position: c.Position, Organization: c.Submission.Organization}
	switch c.Submission.Kind {
	case store.KindResponse:
		m, err := responseFromRecord(c.Submission)
		if err != nil {
			return nil, err
		}
		out.Change = &surveyv1.Event_Response{Response: m}
	case store.KindRefusal:
		m, err := refusalFromRecord(c.Submission)
		if err != nil {
			return nil, err
		}
		out.Change = &surveyv1.Event_Refusal{Refusal: m}
	default:
		return nil, fmt.Errorf("read change %d: kind %d is not known", c.Position, c.Submission.Kind)
	}
	return out, nil
}
