package follow

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fullstorydev/grpchan/inprocgrpc"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"github.com/otklik/otklik/libs/eventlog"
	"github.com/otklik/otklik/libs/seal"
	"github.com/otklik/otklik/services/segmentation/internal/store"

	commentv1 "github.com/otklik/otklik/proto/gen/go/otklik/comment/v1"
	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

// outbox is one in memory.
type outbox struct {
	mu     sync.Mutex
	events []store.Event
	told   chan struct{}
	reads  int
}

func (o *outbox) tell(e store.Event) {
	o.mu.Lock()
	defer o.mu.Unlock()
	e.Position = int64(len(o.events) + 1)
	o.events = append(o.events, e)
	close(o.told)
	o.told = make(chan struct{})
}

// OutboxEvents implements store.Outbox.
func (o *outbox) OutboxEvents(_ context.Context, _ string, after int64, limit int) ([]store.Event, store.Head, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.reads++
	n := int64(len(o.events))
	head := store.Head{Position: n, Last: n}
	if after > n {
		return nil, head, nil
	}
	return o.events[after:min(n, after+int64(limit))], head, nil
}

// Told implements store.Outbox.
func (o *outbox) Told() <-chan struct{} {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.told
}

func TestOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := &outbox{told: make(chan struct{})}
		f := Own("own", o, nil)
		s, err := f.Source.Open(t.Context(), 0)
		if err != nil {
			t.Fatal(err)
		}
		if b, err := s.Recv(); err != nil || len(b.Events) != 0 {
			t.Fatalf("%v of nothing, %v", b, err)
		}
		begun := time.Now()
		go func() {
			time.Sleep(20 * time.Millisecond)
			o.tell(store.Event{Organization: "acme", Kind: store.CaseClosed, Resource: "cases/1", Body: []byte(`{}`)})
		}()
		b, err := s.Recv()
		if err != nil || len(b.Events) != 1 || time.Since(begun) != 20*time.Millisecond {
			t.Errorf("%v after %v, %v: what is told is read at once", b, time.Since(begun), err)
		}
		letter := f.Letter(b.Events[0])
		if letter.Organization != "acme" || letter.Resource != "cases/1" {
			t.Errorf("set aside as %+v", letter)
		}
		e, err := f.Parse(letter.Event)
		if diff := cmp.Diff(b.Events[0], e); diff != "" || err != nil {
			t.Errorf("%v: %s", err, diff)
		}
		if s, err = f.Source.Open(t.Context(), 5); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Recv(); !eventlog.Ahead(err) {
			t.Errorf("after the end: %v", err)
		}
	})
}

// services are those that are followed: each tells one event after the position that it is asked for, and ends.
type services struct {
	surveyv1.UnimplementedEventFeedServiceServer
}

// StreamEvents implements surveyv1.EventFeedServiceServer.
func (services) StreamEvents(req *surveyv1.StreamEventsRequest, stream grpc.ServerStreamingServer[surveyv1.StreamEventsResponse]) error {
	return stream.Send(&surveyv1.StreamEventsResponse{HeadPosition: 9, Events: []*surveyv1.Event{{
		Position: req.GetAfterPosition() + 1, Organization: "acme",
		Change: &surveyv1.Event_Response{Response: &surveyv1.Response{Name: "surveys/visits/responses/r1", Respondent: seal.FormatPseudonym([]byte("0123456789abcdef"))}},
	}}})
}

type comments struct {
	commentv1.UnimplementedEventFeedServiceServer
}

// StreamEvents implements commentv1.EventFeedServiceServer.
func (comments) StreamEvents(req *commentv1.StreamEventsRequest, stream grpc.ServerStreamingServer[commentv1.StreamEventsResponse]) error {
	return stream.Send(&commentv1.StreamEventsResponse{HeadPosition: 9, Events: []*commentv1.Event{{
		Position: req.GetAfterPosition() + 1, Organization: "acme", Response: "surveys/visits/responses/r1", Removed: true,
	}}})
}

type alerts struct {
	scoringv1.UnimplementedEventFeedServiceServer
}

// StreamEvents implements scoringv1.EventFeedServiceServer.
func (alerts) StreamEvents(req *scoringv1.StreamEventsRequest, stream grpc.ServerStreamingServer[scoringv1.StreamEventsResponse]) error {
	return stream.Send(&scoringv1.StreamEventsResponse{HeadPosition: 9, Events: []*scoringv1.AlertEvent{{
		Position: req.GetAfterPosition() + 1, Organization: "acme", Alert: &scoringv1.Alert{Name: "alertRules/nps/alerts/1"},
	}}})
}

// read reads the first event after position 3 from a feed, and what a dead letter says of it.
func read[E message](t *testing.T, f *Feed[E]) (E, store.DeadLetter) {
	t.Helper()
	s, err := f.Source.Open(t.Context(), 3)
	if err != nil {
		t.Fatal(err)
	}
	b, err := s.Recv()
	if err != nil || len(b.Events) != 1 || b.Head != 9 || f.Position(b.Events[0]) != 4 {
		t.Fatalf("%v, %v", b, err)
	}
	letter := f.Letter(b.Events[0])
	e, err := f.Parse(letter.Event)
	if err != nil || !proto.Equal(e, b.Events[0]) {
		t.Errorf("%v was set aside as %v, %v", b.Events[0], e, err)
	}
	if _, err := f.Parse([]byte{0xff}); err == nil {
		t.Error("what is no event was parsed")
	}
	if _, err := s.Recv(); err == nil {
		t.Error("the stream goes on after its end")
	}
	letter.Event = nil
	return e, letter
}

func TestSources(t *testing.T) {
	t.Parallel()
	conn := &inprocgrpc.Channel{}
	surveyv1.RegisterEventFeedServiceServer(conn, services{})
	commentv1.RegisterEventFeedServiceServer(conn, comments{})
	scoringv1.RegisterEventFeedServiceServer(conn, alerts{})

	survey := Survey("lights", conn, nil)
	_, letter := read(t, survey)
	want := store.DeadLetter{Organization: "acme", Resource: "surveys/visits/responses/r1", Person: []byte("0123456789abcdef")}
	if diff := cmp.Diff(want, letter); diff != "" || !survey.OfSurvey() {
		t.Error(diff)
	}
	gone := &surveyv1.Event{Organization: "acme", Change: &surveyv1.Event_Removed{Removed: &surveyv1.Removed{Name: "surveys/visits/responses/r1"}}}
	if org, name := survey.Removed(gone); org != "acme" || name != "surveys/visits/responses/r1" {
		t.Errorf("%s of %s is removed", name, org)
	}

	said := Comments("cases", conn, nil)
	e, letter := read(t, said)
	if letter.Resource != "surveys/visits/responses/r1" || said.OfSurvey() {
		t.Errorf("set aside as %+v", letter)
	}
	if _, name := said.Removed(e); name != letter.Resource {
		t.Errorf("%q is removed", name)
	}
	e.Removed = false
	if _, name := said.Removed(e); name != "" {
		t.Errorf("%q is removed", name)
	}

	if _, letter := read(t, Alerts("alerts", conn, nil)); letter.Resource != "alertRules/nps/alerts/1" {
		t.Errorf("set aside as %+v", letter)
	}
	away := Survey("lights", &inprocgrpc.Channel{}, nil)
	if s, err := away.Source.Open(t.Context(), 0); err == nil {
		if _, err = s.Recv(); err == nil || errors.Is(err, eventlog.ErrAhead) {
			t.Errorf("a service that is not there: %v", err)
		}
	}
}
