package api

import (
	"context"
	"time"

	"google.golang.org/grpc"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/authz"
	"github.com/otklik/otklik/services/segmentation/internal/light"
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
	persons, may := seesPersons(ctx), watched(ctx)
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
		// Anew each time: locations come to regions, and leave them, while somebody watches.
		units, err := s.reach(ctx, org)
		if err != nil {
			return err
		}
		for _, e := range events {
			if !may[e.Kind] || !units.Within(e.Place()) || !seesLightOf(ctx, e) {
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

// listing is what lets a caller list the things that events of a kind are about. Who may not list them is not told of them. What is told of responses is for the
// services of the suite.
func listing() map[store.EventKind]string {
	const cases, lights, members = "segmentation.cases.list", "segmentation.lights.list", "segmentation.segments.list_members"
	return map[store.EventKind]string{
		store.CaseOpened: cases, store.CaseDue: cases, store.CaseBreached: cases, store.CaseClosed: cases, store.LightChanged: lights,
		store.SegmentEntered: members, store.SegmentLeft: members,
	}
}

// seesLightOf tells whether an event is of no light of an employee, or of one that the caller may see: watching tells nobody what listing does not.
func seesLightOf(ctx context.Context, e store.Event) bool {
	unit, ok := light.ParseName(e.Resource)
	return e.Kind != store.LightChanged || ok && seesStaff(ctx, unit.Kind, unit.ID) == nil
}

// watched are the kinds of events that a caller is told of.
func watched(ctx context.Context) map[store.EventKind]bool {
	out := map[store.EventKind]bool{}
	for kind, permission := range listing() {
		out[kind] = authz.FromContext(ctx).Holds(permission)
	}
	return out
}
