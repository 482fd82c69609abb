package api

import (
	"fmt"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
)

// feedSilence is the silence after which readers hear that there is nothing.
const feedSilence = 5 * time.Second

// feedServer serves EventFeedService.
type feedServer struct {
	segmentationv1.UnimplementedEventFeedServiceServer
	*Server
}

// StreamEvents streams what happens from a position on, until its reader or the server ends it.
func (s *feedServer) StreamEvents(req *segmentationv1.StreamEventsRequest, stream grpc.ServerStreamingServer[segmentationv1.StreamEventsResponse]) error {
	ctx := stream.Context()
	from := req.GetAfterPosition()
	t, err := s.tailAfter(ctx, req.GetOrganization(), &from)
	if err != nil {
		return err
	}
	for {
		events, head, err := t.next(ctx)
		if err != nil {
			return err
		}
		out := &segmentationv1.StreamEventsResponse{HeadPosition: head}
		for _, e := range events {
			p, err := eventToProto(e)
			if err != nil {
				return err
			}
			out.Events = append(out.Events, p)
		}
		if err := stream.Send(out); err != nil {
			return err
		}
		if len(events) > 0 {
			// When nothing is left that is told, too.
			continue
		}
		if err := t.wait(ctx, feedSilence); err != nil {
			return err
		}
	}
}

// positionAhead refuses a reader who has read more than there is.
func positionAhead(position, last int64) error {
	return refuse(codes.OutOfRange, segmentationv1.ErrorReason_ERROR_REASON_POSITION_AHEAD, fmt.Sprintf(
		"position %d lies beyond the last event, %d: these are not the events that were read before; start again from 0", position, last))
}
