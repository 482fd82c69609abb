package follow

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"github.com/otklik/otklik/libs/eventlog"
	"github.com/otklik/otklik/libs/pause"
	"github.com/otklik/otklik/libs/seal"
	"github.com/otklik/otklik/services/segmentation/internal/store"

	commentv1 "github.com/otklik/otklik/proto/gen/go/otklik/comment/v1"
	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

// open is an eventlog.Source.
type open[E any] func(ctx context.Context, after int64) (eventlog.Stream[E], error)

// Open implements eventlog.Source.
func (o open[E]) Open(ctx context.Context, after int64) (eventlog.Stream[E], error) {
	return o(ctx, after)
}

// message is an event as services send it.
type message interface {
	proto.Message
	GetPosition() int64
	GetOrganization() string
}

// ofMessages is a feed whose events are messages. empty makes one to parse into, about tells what one is about.
func ofMessages[E message](
	name string, source open[E], empty func() E, apply func(ctx context.Context, events []E, from, to int64) error, about func(E) (resource string, person []byte),
) *Feed[E] {
	return &Feed[E]{
		Called: name, Source: source, Position: E.GetPosition, Apply: apply,
		Letter: func(e E) store.DeadLetter {
			// A message that was received can be sent.
			raw, _ := proto.Marshal(e)
			resource, person := about(e)
			return store.DeadLetter{Organization: e.GetOrganization(), Resource: resource, Person: person, Event: raw}
		},
		Parse: func(raw []byte) (E, error) {
			e := empty()
			return e, proto.Unmarshal(raw, e)
		},
	}
}

// Survey is a follower of the survey service's change log. conn calls with the role service. Events of surveys that ask employees come, too: they are to be
// passed over (PopulationProtected).
func Survey(name string, conn grpc.ClientConnInterface, apply func(ctx context.Context, events []*surveyv1.Event, from, to int64) error) *Feed[*surveyv1.Event] {
	client := surveyv1.NewEventFeedServiceClient(conn)
	f := ofMessages(name, func(ctx context.Context, after int64) (eventlog.Stream[*surveyv1.Event], error) {
		s, err := client.StreamEvents(ctx, &surveyv1.StreamEventsRequest{AfterPosition: after})
		if err != nil {
			return nil, fmt.Errorf("open change log: %w", err)
		}
		return eventlog.Received[*surveyv1.Event](s), nil
	}, func() *surveyv1.Event { return &surveyv1.Event{} }, apply, surveySubject)
	f.ofSurvey = true
	f.Removed = func(e *surveyv1.Event) (organization, resource string) {
		return e.GetOrganization(), e.GetRemoved().GetName()
	}
	return f
}

// surveySubject is what an event of the survey service is about.
func surveySubject(e *surveyv1.Event) (resource string, person []byte) {
	respondent := ""
	switch c := e.GetChange().(type) {
	case *surveyv1.Event_Response:
		resource, respondent = c.Response.GetName(), c.Response.GetRespondent()
	case *surveyv1.Event_Refusal:
		resource, respondent = c.Refusal.GetName(), c.Refusal.GetRespondent()
	case *surveyv1.Event_Removed:
		resource = c.Removed.GetName()
	}
	person, _ = seal.ParsePseudonym(respondent)
	return resource, person
}

// Comments is a follower of what the comment service finds out about responses. conn calls with the role service.
func Comments(name string, conn grpc.ClientConnInterface, apply func(ctx context.Context, events []*commentv1.Event, from, to int64) error) *Feed[*commentv1.Event] {
	client := commentv1.NewEventFeedServiceClient(conn)
	f := ofMessages(name, func(ctx context.Context, after int64) (eventlog.Stream[*commentv1.Event], error) {
		s, err := client.StreamEvents(ctx, &commentv1.StreamEventsRequest{AfterPosition: after})
		if err != nil {
			return nil, fmt.Errorf("open log of comments: %w", err)
		}
		return eventlog.Received[*commentv1.Event](s), nil
	}, func() *commentv1.Event { return &commentv1.Event{} }, apply, func(e *commentv1.Event) (string, []byte) { return e.GetResponse(), nil })
	f.Removed = func(e *commentv1.Event) (organization, resource string) {
		if !e.GetRemoved() {
			return "", ""
		}
		return e.GetOrganization(), e.GetResponse()
	}
	return f
}

// Alerts is a follower of what becomes of the scoring service's alerts. conn calls with the role service.
func Alerts(name string, conn grpc.ClientConnInterface, apply func(ctx context.Context, events []*scoringv1.AlertEvent, from, to int64) error) *Feed[*scoringv1.AlertEvent] {
	client := scoringv1.NewEventFeedServiceClient(conn)
	return ofMessages(name, func(ctx context.Context, after int64) (eventlog.Stream[*scoringv1.AlertEvent], error) {
		s, err := client.StreamEvents(ctx, &scoringv1.StreamEventsRequest{AfterPosition: after})
		if err != nil {
			return nil, fmt.Errorf("open log of alerts: %w", err)
		}
		return eventlog.Received[*scoringv1.AlertEvent](s), nil
	}, func() *scoringv1.AlertEvent { return &scoringv1.AlertEvent{} }, apply, func(e *scoringv1.AlertEvent) (string, []byte) { return e.GetAlert().GetName(), nil })
}

// Own is a follower of what this service tells itself.
func Own(name string, outbox store.Outbox, apply func(ctx context.Context, events []store.Event, from, to int64) error) *Feed[store.Event] {
	return &Feed[store.Event]{
		Called: name, Apply: apply, Position: func(e store.Event) int64 { return e.Position },
		Source: open[store.Event](func(ctx context.Context, after int64) (eventlog.Stream[store.Event], error) {
			return &outboxStream{ctx: ctx, outbox: outbox, after: after}, nil
		}),
		Letter: func(e store.Event) store.DeadLetter {
			// An event that was read from JSON can be written.
			raw, _ := json.Marshal(e)
			return store.DeadLetter{Organization: e.Organization, Resource: e.Resource, Person: e.Person, Event: raw}
		},
		Parse: func(raw []byte) (e store.Event, err error) { return e, json.Unmarshal(raw, &e) },
	}
}

const (
	// outboxBatch is how many events are read at a time.
	outboxBatch = 500
	// outboxPause is how often is looked for what other processes told.
	outboxPause = 250 * time.Millisecond
)

// outboxStream reads the outbox.
type outboxStream struct {
	ctx    context.Context
	outbox store.Outbox
	after  int64
	begun  bool
}

// Recv implements eventlog.Stream.
func (s *outboxStream) Recv() (eventlog.Batch[store.Event], error) {
	for {
		told := s.outbox.Told()
		events, head, err := s.outbox.OutboxEvents(s.ctx, "", s.after, outboxBatch)
		if err != nil {
			return eventlog.Batch[store.Event]{}, err
		}
		if !s.begun && s.after > head.Last {
			return eventlog.Batch[store.Event]{}, fmt.Errorf("read outbox after %d: %w", s.after, eventlog.ErrAhead)
		}
		if n := len(events); n > 0 || !s.begun {
			s.begun = true
			if n > 0 {
				s.after = events[n-1].Position
			}
			return eventlog.Batch[store.Event]{Events: events, Head: head.Last}, nil
		}
		if err := pause.Until(s.ctx, told, outboxPause); err != nil {
			return eventlog.Batch[store.Event]{}, err
		}
	}
}
