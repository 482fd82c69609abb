// Package feed tells the other services what becomes of reports that are made by themselves.
package feed

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/libs/pause"
	"github.com/otklik/otklik/services/reporting/internal/api/fault"
	"github.com/otklik/otklik/services/reporting/internal/schedule"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
)

const (
	// batch is how many events are sent at a time.
	batch = 500
	// interval is how often is looked for more.
	interval = 250 * time.Millisecond
	// silence is the silence after which readers hear that there is nothing.
	silence = 5 * time.Second
)

// Events are what is told; store.Schedules keeps them.
type Events interface {
	ReportEvents(ctx context.Context, organization string, after int64, limit int) (events []schedule.Event, head int64, err error)
}

// Server answers the calls of EventFeedService.
type Server struct {
	reportingv1.UnimplementedEventFeedServiceServer
	Events Events
	Now    func() time.Time
}

// Register registers the service's RPCs.
func (s *Server) Register(r grpc.ServiceRegistrar) { reportingv1.RegisterEventFeedServiceServer(r, s) }

// StreamEvents streams what becomes of runs from a position on, until its reader or the server ends it.
func (s *Server) StreamEvents(req *reportingv1.StreamEventsRequest, stream grpc.ServerStreamingServer[reportingv1.StreamEventsResponse]) error {
	ctx := stream.Context()
	position := req.GetAfterPosition()
	var told time.Time
	for begun := false; ; begun = true {
		events, head, err := s.Events.ReportEvents(ctx, req.GetOrganization(), position, batch)
		if err != nil {
			return err
		}
		if !begun && position > head {
			return fault.Refuse(codes.OutOfRange, reportingv1.ErrorReason_ERROR_REASON_POSITION_AHEAD,
				fmt.Sprintf("position %d lies beyond the last event: this is not the log that was read before; start again from 0", position))
		}
		if len(events) > 0 || s.Now().Sub(told) >= silence {
			out := &reportingv1.StreamEventsResponse{HeadPosition: head}
			for _, e := range events {
				out.Events = append(out.Events, toProto(e))
				position = e.Position
			}
			if err := stream.Send(out); err != nil {
				return err
			}
			if told = s.Now(); len(events) == batch {
				continue
			}
			if len(events) > 0 {
				// Nothing is left: that is told at once.
				told = time.Time{}
			}
		}
		if err := pause.For(ctx, interval); err != nil {
			return err
		}
	}
}

func toProto(e schedule.Event) *reportingv1.ScheduleEvent {
	return &reportingv1.ScheduleEvent{
		Position: e.Position, Organization: e.Organization, Time: timestamppb.New(e.Time), Kind: reportingv1.ScheduleEvent_Kind(e.Kind), Run: e.Run, Report: e.Report,
	}
}
