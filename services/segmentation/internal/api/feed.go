package api

import (
	"fmt"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/pause"

	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
)

const (
	// feedBatch is how many events are sent at a time.
	feedBatch = 500
	// feedPause is how often is looked for what other processes told; what this one tells is sent at once.
	feedPause = 100 * time.Millisecond
	// feedSilence is the silence after which readers hear that there is nothing.
	feedSilence = 5 * time.Second
)

// feedServer serves EventFeedService.
type feedServer struct {
	segmentationv1.UnimplementedEventFeedServiceServer
	*Server
}

// StreamEvents streams what happens from a position on, until its reader or the server ends it.
func (s *feedServer) StreamEvents(req *segmentationv1.StreamEventsRequest, stream grpc.ServerStreamingServer[segmentationv1.StreamEventsResponse]) error {
	ctx := stream.Context()
	position := req.GetAfterPosition()
	var sent time.Time
	for begun := false; ; begun = true {
		told := s.Store.Told()
		events, head, err := s.Store.OutboxEvents(ctx, req.GetOrganization(), position, feedBatch)
		if err != nil {
			return storeError(err)
		}
		if !begun && position > head.Last {
			return positionAhead(position, head.Last)
		}
		if len(events) > 0 || s.Now().Sub(sent) >= feedSilence {
			out := &segmentationv1.StreamEventsResponse{HeadPosition: head.Position}
			for _, e := range events {
				p, err := eventToProto(e)
				if err != nil {
					return err
				}
				out.Events = append(out.Events, p)
				position = e.Position
			}
			if err := stream.Send(out); err != nil {
				return err
			}
			if sent = s.Now(); len(events) == feedBatch {
				continue
			}
			if len(events) > 0 {
				// Nothing is left: that is told at once.
				sent = time.Time{}
			}
		}
		if err := pause.Until(ctx, told, feedPause); err != nil {
			return err
		}
	}
}

// positionAhead refuses a reader who has read more than there is.
func positionAhead(position, last int64) error {
	return refuse(codes.OutOfRange, segmentationv1.ErrorReason_ERROR_REASON_POSITION_AHEAD, fmt.Sprintf(
		"position %d lies beyond the last event, %d: these are not the events that were read before; start again from 0", position, last))
}
