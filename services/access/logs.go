package access

import (
	"context"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/timestamppb"

	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	"github.com/otklik/otklik/services/access/internal/webhook"
)

// answers opens the survey service's change log.
func answers(survey grpc.ClientConnInterface, now func() time.Time) opener {
	client := surveyv1.NewEventFeedServiceClient(survey)
	return func(ctx context.Context, after int64) (func() (batch, error), error) {
		stream, err := client.StreamEvents(ctx, &surveyv1.StreamEventsRequest{AfterPosition: after})
		if err != nil {
			return nil, err
		}
		return func() (batch, error) {
			read, err := stream.Recv()
			if err != nil {
				return batch{}, err
			}
			b := batch{head: read.GetHeadPosition()}
			for _, e := range read.GetEvents() {
				b.last = e.GetPosition()
				if o, ok := ofAnswers(e, now); ok {
					b.occurrences = append(b.occurrences, o)
				}
			}
			return b, nil
		}, nil
	}
}

// ofAnswers is what webhooks hear of an event of the change log. Of a survey of employees they hear nothing: who answered when, of few, is who said what.
func ofAnswers(e *surveyv1.Event, now func() time.Time) (webhook.Occurrence, bool) {
	o := webhook.Occurrence{Organization: e.GetOrganization()}
	switch {
	case e.GetPopulationProtected():
		return o, false
	case e.GetResponse() != nil:
		o.Event, o.Resource, o.Time = webhook.ResponseAccepted, e.GetResponse().GetName(), momentOf(e.GetResponse().GetReceiveTime(), now)
	case e.GetRefusal() != nil:
		o.Event, o.Resource, o.Time = webhook.RefusalRecorded, e.GetRefusal().GetName(), momentOf(e.GetRefusal().GetReceiveTime(), now)
	default:
		return o, false
	}
	return o, true
}

// momentOf is a time of an event; now when it states none.
func momentOf(t *timestamppb.Timestamp, now func() time.Time) time.Time {
	if t == nil {
		return now()
	}
	return t.AsTime()
}

// alerts opens the scoring service's log of what becomes of alerts.
func alerts(scoring grpc.ClientConnInterface, now func() time.Time) opener {
	client := scoringv1.NewEventFeedServiceClient(scoring)
	return func(ctx context.Context, after int64) (func() (batch, error), error) {
		stream, err := client.StreamEvents(ctx, &scoringv1.StreamEventsRequest{AfterPosition: after})
		if err != nil {
			return nil, err
		}
		return func() (batch, error) {
			read, err := stream.Recv()
			if err != nil {
				return batch{}, err
			}
			b := batch{head: read.GetHeadPosition()}
			for _, e := range read.GetEvents() {
				b.last = e.GetPosition()
				if o, ok := ofAlerts(e, now); ok {
					b.occurrences = append(b.occurrences, o)
				}
			}
			return b, nil
		}, nil
	}
}

// ofAlerts is what webhooks hear of an event of an alert.
func ofAlerts(e *scoringv1.AlertEvent, now func() time.Time) (webhook.Occurrence, bool) {
	o := webhook.Occurrence{
		Organization: e.GetOrganization(), Resource: e.GetAlert().GetName(), Position: e.GetPosition(), Time: momentOf(e.GetTime(), now),
	}
	switch e.GetKind() {
	case scoringv1.AlertEvent_KIND_OPENED:
		o.Event = webhook.AlertOpened
	case scoringv1.AlertEvent_KIND_CHANGED:
		o.Event = webhook.AlertChanged
	case scoringv1.AlertEvent_KIND_RESOLVED:
		o.Event = webhook.AlertResolved
	default:
		return o, false
	}
	return o, true
}
