package api_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	"go.opentelemetry.io/otel/propagation"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/eventlog"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

// handlers are the services as they are registered, without a server in front.
type handlers map[string]any

func (h handlers) RegisterService(d *grpc.ServiceDesc, impl any) { h[d.ServiceName] = impl }

// traced is a call of acme's within a trace that is recorded.
func traced(t *testing.T, traceparent string) context.Context {
	ctx := authn.WithPrincipal(t.Context(), authn.Principal{Organization: acme, Roles: []string{"admin"}})
	return propagation.TraceContext{}.Extract(ctx, propagation.MapCarrier{"traceparent": traceparent})
}

func TestEventsCarryTheirTrace(t *testing.T) {
	f := newFixture(t)
	survey := f.published(t, visit())
	direct := handlers{}
	f.api.Register(direct)
	server := direct["otklik.survey.v1.SurveyService"].(surveyv1.SurveyServiceServer)

	const one, two, three = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "00-1af7651916cd43dd8448eb211c80319c-b7ad6b7169203332-01",
		"00-2af7651916cd43dd8448eb211c80319c-b7ad6b7169203333-01"
	submit := func(id string) *surveyv1.SubmitResponseRequest {
		return &surveyv1.SubmitResponseRequest{Parent: survey, ResponseId: id, Response: good()}
	}
	if _, err := server.SubmitResponse(traced(t, one), submit("a")); err != nil {
		t.Fatal(err)
	}
	// A retry in another trace changes nothing.
	if _, err := server.SubmitResponse(traced(t, two), submit("a")); err != nil {
		t.Fatal(err)
	}
	if _, err := server.RecordRefusal(traced(t, two), refusal(survey, "r")); err != nil {
		t.Fatal(err)
	}
	batch := &surveyv1.BatchSubmitResponsesRequest{Parent: survey, Requests: []*surveyv1.SubmitResponseRequest{submit("b"), submit("c")}}
	if _, err := server.BatchSubmitResponses(traced(t, three), batch); err != nil {
		t.Fatal(err)
	}
	if _, err := f.submit(t.Context(), survey, "untraced", good()); err != nil {
		t.Fatal(err)
	}
	events, _ := f.tail(t, 0, "").read(5)
	var got []string
	for _, e := range events {
		got = append(got, e.GetTraceparent())
	}
	if want := []string{one, two, three, three, ""}; !slices.Equal(got, want) {
		t.Fatalf("got  %q\nwant %q", got, want)
	}
}

func TestKeysKeepOutcomesOfAnInvitationTogether(t *testing.T) {
	f := newFixture(t)
	survey := f.published(t, visit())
	other := f.published(t, visit())
	invited := good()
	invited.Invitation = "i-1"
	again := good()
	again.Invitation = "i-1"
	if _, err := f.submit(t.Context(), survey, "a", invited); err != nil {
		t.Fatal(err)
	}
	if _, err := f.surveys.RecordRefusal(t.Context(), refusal(survey, "a")); err != nil { // of the same invitation
		t.Fatal(err)
	}
	if _, err := f.submit(t.Context(), other, "a", again); err != nil {
		t.Fatal(err)
	}
	if _, err := f.submit(t.Context(), survey, "b", good()); err != nil {
		t.Fatal(err)
	}
	alone := refusal(survey, "b")
	alone.Refusal.Invitation = ""
	if _, err := f.surveys.RecordRefusal(t.Context(), alone); err != nil {
		t.Fatal(err)
	}
	events, _ := f.tail(t, 0, "").read(5)
	if events[0].GetKey() != events[1].GetKey() {
		t.Errorf("outcomes of one invitation have the keys %q and %q", events[0].GetKey(), events[1].GetKey())
	}
	keys := map[string]bool{}
	for _, e := range events[1:] {
		if e.GetKey() == "" || keys[e.GetKey()] {
			t.Errorf("the key %q is empty or that of something else", e.GetKey())
		}
		keys[e.GetKey()] = true
	}
}

// TestFeedPartitions: readers of the partitions see every change once, each in the partition of its key, in the order of the log, and are told
// how far they have got.
func TestFeedPartitions(t *testing.T) {
	f := newFixture(t)
	survey := f.published(t, visit())
	const count, total = 3, 1200
	for first := 0; first < total; first += 400 {
		req := &surveyv1.BatchSubmitResponsesRequest{Parent: survey}
		for i := first; i < first+400; i++ {
			m := good()
			m.Invitation = fmt.Sprint(i % 100)
			req.Requests = append(req.Requests, &surveyv1.SubmitResponseRequest{ResponseId: fmt.Sprint(i), Response: m})
		}
		if _, err := f.surveys.BatchSubmitResponses(t.Context(), req); err != nil {
			t.Fatal(err)
		}
	}
	whole, last := f.tail(t, 0, "").read(total)
	var wanted [count][]*surveyv1.Event
	for _, e := range whole {
		p := eventlog.Partition(e.GetKey(), count)
		wanted[p] = append(wanted[p], e)
	}
	for p, events := range wanted {
		if len(events) < total/count/2 {
			t.Fatalf("partition %d has %d of %d events", p, len(events), total)
		}
		r := f.tailPart(t, 0, p, count)
		got, end := r.read(len(events))
		for i, e := range events {
			if !proto.Equal(got[i], e) {
				t.Fatalf("partition %d: event %d is %v, want %v", p, i, got[i].GetPosition(), e.GetPosition())
			}
		}
		if end.GetHeadPosition() != last.GetHeadPosition() {
			t.Errorf("partition %d: head %d, want %d", p, end.GetHeadPosition(), last.GetHeadPosition())
		}
		// Heartbeats come, and what comes for others is none of its business.
		if m, err := r.stream.Recv(); err != nil || m.GetAsOfTime() == nil || len(m.GetEvents()) != 0 {
			t.Errorf("partition %d: heartbeat %v, %v", p, m, err)
		}
		rest, _ := f.tailPart(t, events[9].GetPosition(), p, count).read(len(events) - 10)
		if !proto.Equal(rest[0], events[10]) {
			t.Errorf("partition %d goes on with %d, want %d", p, rest[0].GetPosition(), events[10].GetPosition())
		}
	}
	stream, err := f.feed.StreamEvents(t.Context(), &surveyv1.StreamEventsRequest{PartitionCount: 4, Partition: 4})
	if err == nil {
		_, err = stream.Recv()
	}
	refused(t, err, codes.InvalidArgument, "VALIDATION_FAILED")
}

// TestOwnLog: what is published from within the process is what StreamEvents streams.
func TestOwnLog(t *testing.T) {
	f := newFixture(t)
	survey := f.published(t, visit())
	for i := range 3 {
		if _, err := f.submit(t.Context(), survey, fmt.Sprint(i), good()); err != nil {
			t.Fatal(err)
		}
	}
	want, last := f.tail(t, 0, "").read(3)
	ctx, cancel := context.WithCancel(t.Context())
	stream, err := f.api.Events().Open(ctx, want[0].GetPosition())
	if err != nil {
		t.Fatal(err)
	}
	batch, err := stream.Recv()
	if err != nil || len(batch.Events) != 2 || batch.Head != last.GetHeadPosition() || batch.AsOf.IsZero() {
		t.Fatalf("%+v, %v", batch, err)
	}
	for i, e := range batch.Events {
		if !proto.Equal(e, want[i+1]) {
			t.Errorf("event %d is %v, want %v", i, e, want[i+1])
		}
	}
	cancel()
	for err == nil {
		_, err = stream.Recv()
	}
	if ctx.Err() == nil {
		t.Fatal(err)
	}
	if stream, err = f.api.Events().Open(t.Context(), 1000); err == nil {
		_, err = stream.Recv()
	}
	if !eventlog.Ahead(err) {
		t.Fatalf("beyond the head: %v", err)
	}
}
