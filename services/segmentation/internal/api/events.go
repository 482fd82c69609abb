package api

import (
	"time"

	"google.golang.org/grpc"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/services/segmentation/internal/store"

	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
)

// watchHeartbeat is the silence after which those who watch hear that there is nothing.
const watchHeartbeat = 15 * time.Second

// eventServer serves EventService.
type eventServer struct {
	segmentationv1.UnimplementedEventServiceServer
	*Server
}

// WatchEvents sends what happens to those who may know.
func (s *eventServer) WatchEvents(req *segmentationv1.WatchEventsRequest, stream grpc.ServerStreamingServer[segmentationv1.WatchEventsResponse]) error {
	ctx := stream.Context()
	org, err := authn.Organization(ctx)
	if err != nil {
		return err
	}
	units, persons := unitsOf(ctx), seesPersons(ctx)
	t, err := s.tailAfter(ctx, org, req.AfterPosition)
	if err != nil {
		return err
	}
	var sent time.Time
	for {
		events, _, err := t.next(ctx)
		if err != nil {
			return err
		}
		for _, e := range events {
			if !isPublic(e.Kind) || !units.Within(e.Place()) {
				continue
			}
			p, err := eventToProto(e)
			if err != nil {
				return err
			}
			if !persons && e.Kind != store.LightChanged {
				// From what is told of cases anybody would work out how employees are rated who are rated too seldom for a light.
				p.GetUnit().Employee = ""
			}
			if err := stream.Send(&segmentationv1.WatchEventsResponse{Event: p, Position: e.Position}); err != nil {
				return err
			}
			sent = s.Now()
		}
		if len(events) == feedBatch {
			continue
		}
		if s.Now().Sub(sent) >= watchHeartbeat {
			if err := stream.Send(&segmentationv1.WatchEventsResponse{Position: t.position}); err != nil {
				return err
			}
			sent = s.Now()
		}
		if err := t.wait(ctx, watchHeartbeat); err != nil {
			return err
		}
	}
}

// isPublic tells whether events of a kind are for others than the services of the suite.
func isPublic(k store.EventKind) bool {
	return k != store.SegmentsOfResponse && k != store.CaseOfResponse
}
