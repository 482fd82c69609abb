package access

import (
	"context"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/libs/eventlog"
	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	"github.com/otklik/otklik/services/access/internal/contact"
	"github.com/otklik/otklik/services/access/internal/webhook"
)

// event is one of another service's log.
type event interface{ GetPosition() int64 }

// logOf opens a log by a call of another service; hear tells what webhooks hear of an event, if anything.
func logOf[E event, M eventlog.Message[E], S interface{ Recv() (M, error) }](
	call func(ctx context.Context, after int64) (S, error), hear func(E) (webhook.Occurrence, bool),
) opener {
	return func(ctx context.Context, after int64) (func() (batch, error), error) {
		stream, err := call(ctx, after)
		if err != nil {
			return nil, err
		}
		received := eventlog.Received[E, M](stream)
		return func() (batch, error) {
			read, err := received.Recv()
			if err != nil {
				return batch{}, err
			}
			b := batch{head: read.Head}
			for _, e := range read.Events {
				b.last = e.GetPosition()
				if o, ok := hear(e); ok {
					b.occurrences = append(b.occurrences, o)
				}
			}
			return b, nil
		}, nil
	}
}

// momentOf is a time of an event; now when it states none.
func momentOf(t *timestamppb.Timestamp, now func() time.Time) time.Time {
	if t == nil {
		return now()
	}
	return t.AsTime()
}

// answers opens the survey service's change log.
func answers(survey grpc.ClientConnInterface, now func() time.Time) opener {
	client := surveyv1.NewEventFeedServiceClient(survey)
	return logOf(func(ctx context.Context, after int64) (grpc.ServerStreamingClient[surveyv1.StreamEventsResponse], error) {
		return client.StreamEvents(ctx, &surveyv1.StreamEventsRequest{AfterPosition: after})
	}, func(e *surveyv1.Event) (webhook.Occurrence, bool) { return ofAnswers(e, now) })
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

// alerts opens the scoring service's log of what becomes of alerts.
func alerts(scoring grpc.ClientConnInterface, now func() time.Time) opener {
	client := scoringv1.NewEventFeedServiceClient(scoring)
	return logOf(func(ctx context.Context, after int64) (grpc.ServerStreamingClient[scoringv1.StreamEventsResponse], error) {
		return client.StreamEvents(ctx, &scoringv1.StreamEventsRequest{AfterPosition: after})
	}, func(e *scoringv1.AlertEvent) (webhook.Occurrence, bool) { return ofAlerts(e, now) })
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

// deliveries opens the reporting service's log of what becomes of reports that are made by themselves.
func deliveries(reporting grpc.ClientConnInterface, now func() time.Time) opener {
	client := reportingv1.NewEventFeedServiceClient(reporting)
	return logOf(func(ctx context.Context, after int64) (grpc.ServerStreamingClient[reportingv1.StreamEventsResponse], error) {
		return client.StreamEvents(ctx, &reportingv1.StreamEventsRequest{AfterPosition: after})
	}, func(e *reportingv1.ScheduleEvent) (webhook.Occurrence, bool) { return ofDeliveries(e, now) })
}

// ofDeliveries is what webhooks hear of a run of a schedule.
func ofDeliveries(e *reportingv1.ScheduleEvent, now func() time.Time) (webhook.Occurrence, bool) {
	o := webhook.Occurrence{Organization: e.GetOrganization(), Resource: e.GetRun(), Position: e.GetPosition(), Time: momentOf(e.GetTime(), now)}
	switch e.GetKind() {
	case reportingv1.ScheduleEvent_KIND_DELIVERED:
		o.Event = webhook.ReportDelivered
	case reportingv1.ScheduleEvent_KIND_OVERDUE:
		o.Event = webhook.ReportOverdue
	default:
		return o, false
	}
	return o, true
}

// attention opens the segmentation service's log of cases, lights and segments. Contacts are known by the vault's pseudonyms.
func attention(segmentation grpc.ClientConnInterface, vault contact.Vault, now func() time.Time) opener {
	client := segmentationv1.NewEventFeedServiceClient(segmentation)
	return ofPersons(vault, logOf(func(ctx context.Context, after int64) (grpc.ServerStreamingClient[segmentationv1.StreamEventsResponse], error) {
		return client.StreamEvents(ctx, &segmentationv1.StreamEventsRequest{AfterPosition: after})
	}, func(e *segmentationv1.Event) (webhook.Occurrence, bool) { return ofAttention(e, now) }))
}

// ofPersons opens a log and tells of whom its events are.
func ofPersons(vault contact.Vault, open opener) opener {
	return func(ctx context.Context, after int64) (func() (batch, error), error) {
		next, err := open(ctx, after)
		if err != nil {
			return nil, err
		}
		return func() (batch, error) {
			b, err := next()
			if err != nil {
				return b, err
			}
			for i, o := range b.occurrences {
				if o.Contact == "" {
					continue
				}
				if b.occurrences[i].Person, err = contact.Person(ctx, vault, o.Organization, o.Contact); err != nil {
					return b, err
				}
			}
			return b, nil
		}, nil
	}
}

// Parts of resource names.
const (
	contactsPrefix  = "contacts/"
	employeesPrefix = "employees/"
	membershipsPart = "/memberships/"
)

// ofAttention is what webhooks hear of an event of a case, a light or a segment. Of the lights of staff they hear nothing: a colour is no verdict on somebody
// that is sent about.
func ofAttention(e *segmentationv1.Event, now func() time.Time) (webhook.Occurrence, bool) {
	o := webhook.Occurrence{Organization: e.GetOrganization(), Position: e.GetPosition(), Time: momentOf(e.GetTime(), now)}
	ofCase := func(event webhook.Event, c *segmentationv1.CaseChanged) { o.Event, o.Resource = event, c.GetCase() }
	ofMove := func(event webhook.Event, m *segmentationv1.SegmentMove) {
		o.Contact = strings.TrimPrefix(e.GetUnit().GetContact(), contactsPrefix)
		o.Event, o.Resource = event, m.GetSegment()+membershipsPart+o.Contact
	}
	switch c := e.GetChange().(type) {
	case *segmentationv1.Event_CaseOpened:
		ofCase(webhook.CaseOpened, c.CaseOpened)
	case *segmentationv1.Event_CaseDue:
		ofCase(webhook.CaseDue, c.CaseDue)
	case *segmentationv1.Event_CaseBreached:
		ofCase(webhook.CaseBreached, c.CaseBreached)
	case *segmentationv1.Event_CaseClosed:
		ofCase(webhook.CaseClosed, c.CaseClosed)
	case *segmentationv1.Event_LightChanged:
		o.Event, o.Resource = webhook.LightChanged, c.LightChanged.GetLight()
		if id, ok := strings.CutPrefix(o.Resource, contactsPrefix); ok {
			o.Contact, _, _ = strings.Cut(id, "/")
		}
		return o, !strings.HasPrefix(o.Resource, employeesPrefix)
	case *segmentationv1.Event_SegmentEntered:
		ofMove(webhook.SegmentEntered, c.SegmentEntered)
	case *segmentationv1.Event_SegmentLeft:
		ofMove(webhook.SegmentLeft, c.SegmentLeft)
	default:
		return o, false
	}
	return o, true
}
