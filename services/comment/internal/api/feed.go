package api

import (
	"fmt"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/libs/pause"
	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/services/comment/internal/peers"
	"github.com/otklik/otklik/services/comment/internal/store"

	commentv1 "github.com/otklik/otklik/proto/gen/go/otklik/comment/v1"
)

const (
	// feedBatch is how many events are sent at a time.
	feedBatch = 500
	// feedPause is how often is looked for more.
	feedPause = 100 * time.Millisecond
	// feedSilence is the silence after which readers hear that there is nothing.
	feedSilence = 5 * time.Second

	// reasonAhead is why a reader that is ahead is refused, as in the survey service's log.
	reasonAhead = "POSITION_AHEAD"
)

// feedServer serves EventFeedService.
type feedServer struct {
	commentv1.UnimplementedEventFeedServiceServer
	*Server
}

// StreamEvents streams what comments say from a position on, until its reader or the server ends it.
func (s *feedServer) StreamEvents(req *commentv1.StreamEventsRequest, stream grpc.ServerStreamingServer[commentv1.StreamEventsResponse]) error {
	ctx := stream.Context()
	position := req.GetAfterPosition()
	var told time.Time
	for begun := false; ; begun = true {
		events, head, err := s.Store.OutboxEvents(ctx, req.GetOrganization(), position, feedBatch)
		if err != nil {
			return storeError(err)
		}
		if !begun && position > head.Last {
			return rpcerr.New(codes.OutOfRange, reasonAhead, fmt.Sprintf(
				"position %d lies beyond the last event, %d: this is not the log that was read before; start again from 0", position, head.Last), rpcerr.WithDomain(domain))
		}
		if len(events) > 0 || s.Now().Sub(told) >= feedSilence {
			out := &commentv1.StreamEventsResponse{HeadPosition: head.Position}
			for _, e := range events {
				out.Events = append(out.Events, eventToProto(e))
				position = e.Position
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
		if err := pause.For(ctx, feedPause); err != nil {
			return err
		}
	}
}

func eventToProto(e store.Event) *commentv1.Event {
	return &commentv1.Event{
		Position: e.Position, Organization: e.Organization, Response: peers.ResponseName(e.Survey, e.Response),
		Sentiment: commentv1.Sentiment(e.Sentiment), Aspects: mentionsToProto(e.Aspects), Language: commentv1.Language(e.Language), Removed: e.Removed,
		Model: modelName(e.Model), Time: timestamppb.New(e.Time),
	}
}
