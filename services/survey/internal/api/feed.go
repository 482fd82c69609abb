package api

import (
	"fmt"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/timestamppb"

	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	"github.com/otklik/otklik/services/survey/internal/store"
)

// StreamEvents streams the change log from a position on, until its reader or the server ends it.
func (s *feedServer) StreamEvents(req *surveyv1.StreamEventsRequest, stream grpc.ServerStreamingServer[surveyv1.StreamEventsResponse]) error {
	ctx := stream.Context()
	part := partition{number: int(req.GetPartition()), count: max(int(req.GetPartitionCount()), 1)}
	if part.number >= part.count {
		return malformed("partition", "PARTITION_UNKNOWN", fmt.Sprintf("must be less than the number of partitions, %d", part.count))
	}
	tail := s.newTail(req.GetAfterPosition(), req.GetOrganization(), part)
	for {
		batch, err := tail.next(ctx)
		if err != nil {
			return err
		}
		out := &surveyv1.StreamEventsResponse{Events: batch.Events, HeadPosition: batch.Head}
		if !batch.AsOf.IsZero() {
			out.AsOfTime = timestamppb.New(batch.AsOf)
		}
		if err := stream.Send(out); err != nil {
			return err
		}
	}
}

func eventFromRecord(c store.Change) (*surveyv1.Event, error) {
	v := c.Submission
	out := &surveyv1.Event{Position: c.Position, Organization: v.Organization, Traceparent: v.Trace}
	switch v.Kind {
	case store.KindResponse:
		m, err := responseFromRecord(v)
		if err != nil {
			return nil, err
		}
		out.Change, out.Key = &surveyv1.Event_Response{Response: m}, eventKey(v, m.GetInvitation(), responsesCollection)
	case store.KindRefusal:
		m, err := refusalFromRecord(v)
		if err != nil {
			return nil, err
		}
		out.Change, out.Key = &surveyv1.Event_Refusal{Refusal: m}, eventKey(v, m.GetInvitation(), refusalsCollection)
	default:
		return nil, fmt.Errorf("read change %d: kind %d is not known", c.Position, v.Kind)
	}
	return out, nil
}

// eventKey is what the order of changes is kept by. All outcomes of an invitation share one, since the last of them is the one that counts; what
// belongs to no invitation stands alone.
func eventKey(v store.Submission, invitation, collection string) string {
	if invitation != "" {
		return v.Organization + "/" + v.Survey + "/invitations/" + invitation
	}
	return v.Organization + "/" + v.Survey + collection + v.ID
}
