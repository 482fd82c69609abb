package api

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/otklik/otklik/services/segmentation/internal/follow"
	"github.com/otklik/otklik/services/segmentation/internal/store"

	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
)

// body is the body of an event.
func body(t *testing.T, v any) []byte {
	t.Helper()
	b, err := store.EncodeBody(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// oneOfEach are events of all kinds, with everything that there can be.
func oneOfEach(t *testing.T) []store.Event {
	t.Helper()
	changed := body(t, store.CaseChanged{
		DisplayName: "Queue", Queue: "queues/shop", Owner: "members/m1", Severity: "HIGH", FirstResponseDue: noon, ResolutionDue: noon, RootCause: "PROCESS",
		Links: []string{"surveys/s/responses/r"},
	})
	moved, response := body(t, store.SegmentMove{DisplayName: "VIP"}), "surveys/s/responses/r"
	events := []store.Event{
		{Kind: store.CaseOpened, Resource: "cases/1", Body: changed},
		{Kind: store.CaseDue, Resource: "cases/1", Body: changed},
		{Kind: store.CaseBreached, Resource: "cases/1", Body: changed},
		{Kind: store.CaseClosed, Resource: "cases/1", Body: changed},
		{Kind: store.LightChanged, Resource: "companies/c/light", Body: body(t, store.LightChange{
			Colour: "red", Previous: "green", Uncertain: true, Mean: 4.5, Answers: 7, PolicyVersion: 2, Stake: 1.5, Rejudged: true,
		})},
		{Kind: store.SegmentEntered, Resource: "segments/vip", Body: moved},
		{Kind: store.SegmentLeft, Resource: "segments/vip", Body: moved},
		{Kind: store.SegmentsOfResponse, Resource: response, Body: body(t, store.ResponseSegments{Segments: []string{"vip"}})},
		{Kind: store.CaseOfResponse, Resource: response, Body: body(t, store.ResponseCase{Unresolved: true})},
	}
	for i := range events {
		e := &events[i]
		e.Organization, e.Contact, e.Company, e.Location, e.Region, e.Employee, e.Time = "acme", "k", "c", "osh", "south", "e", noon
	}
	return events
}

// empty are the fields of a message, and of those in it, that have no value; of those that exclude each other one has to.
func empty(m protoreflect.Message, at string) (out []string) {
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		fd := fields.Get(i)
		path := at + "." + string(fd.Name())
		switch {
		case !m.Has(fd) && fd.ContainingOneof() != nil:
			if m.WhichOneof(fd.ContainingOneof()) == nil {
				out = append(out, path)
			}
		case !m.Has(fd):
			out = append(out, path)
		case fd.Message() != nil && !fd.IsList():
			if fd.Message().ParentFile().Package() == "otklik.segmentation.v1" {
				out = append(out, empty(m.Get(fd).Message(), path)...)
			}
		}
	}
	return out
}

// TestEventsAreWhole converts events of all kinds: nothing that is told gets lost.
func TestEventsAreWhole(t *testing.T) {
	t.Parallel()
	for i, e := range oneOfEach(t) {
		e.Position = int64(i + 1)
		p, err := eventToProto(e)
		if err != nil {
			t.Fatal(err)
		}
		if missing := empty(p.ProtoReflect(), "event"); len(missing) > 0 {
			t.Errorf("%s lacks %v", e.Kind, missing)
		}
	}
	if _, err := eventToProto(store.Event{Kind: "party", Body: []byte("{}")}); err == nil {
		t.Error("an event of an unknown kind was converted")
	}
}

func TestStreamEvents(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for range 600 {
		f.store.tell(oneOfEach(t)[0])
	}
	client := segmentationv1.NewEventFeedServiceClient(f.as("service"))
	stream, err := client.StreamEvents(ctx, &segmentationv1.StreamEventsRequest{AfterPosition: 50})
	if err != nil {
		t.Fatal(err)
	}
	recv := func() *segmentationv1.StreamEventsResponse {
		t.Helper()
		m, err := stream.Recv()
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	if m := recv(); len(m.GetEvents()) != 500 || m.GetEvents()[0].GetPosition() != 51 || m.GetHeadPosition() != 600 {
		t.Errorf("%d events, head %d", len(m.GetEvents()), m.GetHeadPosition())
	}
	if m := recv(); len(m.GetEvents()) != 50 {
		t.Errorf("%d events", len(m.GetEvents()))
	}
	if m := recv(); len(m.GetEvents()) != 0 || m.GetHeadPosition() != 600 {
		t.Errorf("that nothing is left is told by %v", m)
	}
	for i := range 5 {
		f.store.tell(oneOfEach(t)[i])
		if m := recv(); len(m.GetEvents()) != 1 || m.GetEvents()[0].GetPosition() != int64(601+i) {
			t.Fatalf("what happens is told by %v", m)
		}
		recv()
	}
	f.store.tell(store.Event{Organization: "other", Kind: store.CaseOpened, Resource: "cases/1", Body: []byte("{}"), Time: noon})
	if stream, err = client.StreamEvents(ctx, &segmentationv1.StreamEventsRequest{Organization: "other"}); err != nil {
		t.Fatal(err)
	}
	if m := recv(); len(m.GetEvents()) != 1 || m.GetEvents()[0].GetOrganization() != "other" {
		t.Errorf("%v", m)
	}
	if stream, err = client.StreamEvents(ctx, &segmentationv1.StreamEventsRequest{AfterPosition: 607}); err != nil {
		t.Fatal(err)
	}
	_, err = stream.Recv()
	refused(t, "ahead", err, codes.OutOfRange, "POSITION_AHEAD", "")
}

func TestWatchEvents(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for _, e := range oneOfEach(t) {
		f.store.tell(e)
	}
	elsewhere := oneOfEach(t)[0]
	elsewhere.Location = "naryn"
	f.store.tell(elsewhere)
	foreign := oneOfEach(t)[0]
	foreign.Organization = "other"
	f.store.tell(foreign)
	watch := func(who string, after *int64) (next func() string) {
		t.Helper()
		stream, err := segmentationv1.NewEventServiceClient(f.as(who)).WatchEvents(ctx, &segmentationv1.WatchEventsRequest{AfterPosition: after})
		if err != nil {
			t.Fatal(err)
		}
		return func() string {
			t.Helper()
			m, err := stream.Recv()
			if err != nil {
				t.Fatal(err)
			}
			if m.GetEvent() == nil {
				return fmt.Sprintf("nothing, at %d", m.GetPosition())
			}
			return fmt.Sprintf("event, at %d", m.GetPosition())
		}
	}
	expect := func(next func() string, want ...string) {
		t.Helper()
		for _, w := range want {
			if got := next(); got != w {
				t.Errorf("got %s, want %s", got, w)
			}
		}
	}
	expect(watch("admin", proto.Int64(5)), "event, at 6", "event, at 7", "event, at 10")
	expect(watch("osh", proto.Int64(5)), "event, at 6", "event, at 7")
	expect(watch("other", proto.Int64(0)), "event, at 11")
	lights := watch("lights", proto.Int64(0))
	expect(lights, "event, at 5")
	now, osh := watch("admin", nil), watch("osh", nil)
	expect(now, "nothing, at 10")
	expect(osh, "nothing, at 10")
	f.store.tell(elsewhere)
	f.store.tell(oneOfEach(t)[4])
	expect(now, "event, at 12", "event, at 13")
	expect(osh, "event, at 13")
	expect(lights, "event, at 13")
	for who, want := range map[string]string{"admin": "employees/e", "blind": ""} {
		stream, err := segmentationv1.NewEventServiceClient(f.as(who)).WatchEvents(ctx, &segmentationv1.WatchEventsRequest{AfterPosition: proto.Int64(0)})
		if err != nil {
			t.Fatal(err)
		}
		if m, err := stream.Recv(); err != nil || m.GetEvent().GetUnit().GetEmployee() != want {
			t.Errorf("%s sees %v, %v", who, m, err)
		}
	}
	stream, err := segmentationv1.NewEventServiceClient(f.as("admin")).WatchEvents(ctx, &segmentationv1.WatchEventsRequest{AfterPosition: proto.Int64(99)})
	if err != nil {
		t.Fatal(err)
	}
	_, err = stream.Recv()
	refused(t, "ahead", err, codes.OutOfRange, "POSITION_AHEAD", "")
}

// Osh comes to the south, by the directory, while somebody of the south watches.
func TestWatchingOfRegions(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	stream, err := segmentationv1.NewEventServiceClient(f.as("south")).WatchEvents(ctx, &segmentationv1.WatchEventsRequest{})
	need(t, err)
	next := func() int64 {
		t.Helper()
		m, err := stream.Recv()
		need(t, err)
		return m.GetPosition()
	}
	next()
	e := oneOfEach(t)[0]
	e.Region, e.Location = "", "naryn"
	f.store.tell(e)
	oshInTheSouth(t, f)
	e.Location = "osh"
	f.store.tell(e)
	if at := next(); at != 2 {
		t.Errorf("told of what happened at %d, want 2", at)
	}
}

// Watching tells of lights of employees those who see them, and each employee of its own: like listing.
func TestWatchingTellsOfNoOtherEmployee(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	change := body(t, store.LightChange{Of: "staff", Unit: "zoe", Colour: "red", Previous: "green", Mean: 2.5, Answers: 5})
	for _, e := range []store.Event{
		{Resource: "employees/zoe/light", Employee: "zoe"}, {Resource: "employees/ann/light", Employee: "ann"}, {Resource: "companies/c/light", Company: "c", Employee: "ann"},
	} {
		e.Kind, e.Organization, e.Time, e.Body = store.LightChanged, "acme", noon, change
		f.store.tell(e)
	}
	for who, want := range map[string][]string{
		"admin": {"employees/zoe/light", "employees/ann/light", "companies/c/light"}, "lights": {"companies/c/light"}, "blind": {"companies/c/light"},
		"ann": {"employees/ann/light", "companies/c/light"},
	} {
		stream, err := segmentationv1.NewEventServiceClient(f.as(who)).WatchEvents(ctx, &segmentationv1.WatchEventsRequest{AfterPosition: proto.Int64(0)})
		need(t, err)
		var seen []string
		for range want {
			m, err := stream.Recv()
			need(t, err)
			seen = append(seen, m.GetEvent().GetLightChanged().GetLight())
		}
		if !slices.Equal(seen, want) {
			t.Errorf("%s is told of %v, want %v", who, seen, want)
		}
	}
}

func TestDeadLetters(t *testing.T) {
	t.Parallel()
	f, ctx := newFixture(t), t.Context()
	for i := range int64(3) {
		letter := store.DeadLetter{Organization: "acme", Follower: "lights", Resource: "surveys/s/responses/r", Reason: "it is odd", CreateTime: noon, Event: []byte{1}}
		if err := f.store.SetAside(ctx, i, i+1, letter); err != nil {
			t.Fatal(err)
		}
	}
	client := segmentationv1.NewEventServiceClient(f.as("admin"))
	var names []string
	for token := ""; ; {
		page, err := client.ListSegmentationDeadLetters(ctx, &segmentationv1.ListSegmentationDeadLettersRequest{PageSize: 2, PageToken: token})
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range page.GetDeadLetters() {
			names = append(names, d.GetName())
			if missing := empty(d.ProtoReflect(), "letter"); len(missing) > 0 {
				t.Errorf("it lacks %v", missing)
			}
		}
		if token = page.GetNextPageToken(); token == "" {
			break
		}
	}
	if len(names) != 3 || names[2] != "segmentationDeadLetters/3" {
		t.Errorf("%v", names)
	}
	foreign, err := segmentationv1.NewEventServiceClient(f.as("other")).ListSegmentationDeadLetters(ctx, &segmentationv1.ListSegmentationDeadLettersRequest{})
	if err != nil || len(foreign.GetDeadLetters()) != 0 {
		t.Errorf("another organisation sees %v, %v", foreign, err)
	}
	replay := func(who, name string) error {
		_, err := segmentationv1.NewEventServiceClient(f.as(who)).ReplaySegmentationDeadLetter(ctx, &segmentationv1.ReplaySegmentationDeadLetterRequest{Name: name})
		return err
	}
	refused(t, "another one's", replay("other", names[0]), codes.NotFound, "DEAD_LETTER_NOT_FOUND", "")
	refused(t, "no number", replay("admin", "segmentationDeadLetters/99999999999999999999"), codes.InvalidArgument, "VALIDATION_FAILED", "name")
	f.followers.err = &follow.Unfit{Reason: "it is odd"}
	refused(t, "still unfit", replay("admin", names[0]), codes.FailedPrecondition, "STILL_REFUSED", "")
	f.followers.err = nil
	if err := replay("admin", names[0]); err != nil {
		t.Error(err)
	}
	refused(t, "again", replay("admin", names[0]), codes.NotFound, "DEAD_LETTER_NOT_FOUND", "")
}
