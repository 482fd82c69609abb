package api

import (
	"fmt"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
)

const (
	// feedBatch is how many events are sent at a time.
	feedBatch = 500
	// feedPause is how often is looked for more.
	feedPause = 250 * time.Millisecond
	// feedSilence is the silence after which readers hear that there is nothing.
	feedSilence = 5 * time.Second
)

// feedServer serves EventFeedService.
type feedServer struct {
	scoringv1.UnimplementedEventFeedServiceServer
	*Server
}

// positionAhead refuses a reader that is ahead of the log. How far the log goes is nothing that readers in one organisation need to know.
func positionAhead(position int64) error {
	return refuse(codes.OutOfRange, scoringv1.ErrorReason_ERROR_REASON_POSITION_AHEAD, fmt.Sprintf(
		"position %d lies beyond the last event: this is not the log that was read before; start again from 0", position))
}

// StreamEvents streams what becomes of alerts from a position on, until its reader or the server ends it.
func (s *feedServer) StreamEvents(req *scoringv1.StreamEventsRequest, stream grpc.ServerStreamingServer[scoringv1.StreamEventsResponse]) error {
	ctx := stream.Context()
	position := req.GetAfterPosition()
	var told time.Time
	for begun := false; ; begun = true {
		events, head, err := s.Store.AlertEvents(ctx, req.GetOrganization(), position, feedBatch)
		if err != nil {
			return err
		}
		if !begun && position > head.Last {
			return positionAhead(position)
		}
		if len(events) > 0 || s.Now().Sub(told) >= feedSilence {
			out := &scoringv1.StreamEventsResponse{HeadPosition: head.Position}
			for i := range events {
				out.Events = append(out.Events, eventToProto(&events[i]))
				position = events[i].Position
			}
			if err := stream.Send(out); err != nil {
				return err
			}
			if told = s.Now(); len(events) == feedBatch {
				continue
			}
			if len(events) > 0 {
				// Nothing is left: that is told at once.
				told = time.Time{}
			}
		}
		if !pause(ctx, feedPause) {
			return ctx.Err()
		}
	}
}
