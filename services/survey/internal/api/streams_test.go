package api_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/libs/rpcerr"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
	"github.com/otklik/otklik/services/survey/internal/api"
)

// export reads StreamResponses to its end.
func (f *fixture) export(t testing.TB, req *surveyv1.StreamResponsesRequest) (ids []string, positions []int64) {
	t.Helper()
	stream, err := f.surveys.StreamResponses(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	for {
		m, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return ids, positions
		}
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, m.GetResponse().GetName()[strings.LastIndex(m.GetResponse().GetName(), "/")+1:])
		positions = append(positions, m.GetPosition())
	}
}

func TestStreamResponses(t *testing.T) {
	f := newFixture(t)
	survey, other := f.published(t, visit()), f.published(t, visit())
	var want []string
	var requests []*surveyv1.SubmitResponseRequest
	for i := range 700 {
		id := fmt.Sprint("id-", i)
		m := good()
		m.AnswerTime = timestamppb.New(start.Add(-time.Duration(i) * time.Minute))
		requests = append(requests, &surveyv1.SubmitResponseRequest{ResponseId: id, Response: m})
		want = append(want, id)
	}
	for _, parent := range []string{survey, other} {
		if _, err := f.surveys.BatchSubmitResponses(t.Context(), &surveyv1.BatchSubmitResponsesRequest{Parent: parent, Requests: requests}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := f.surveys.RecordRefusal(t.Context(), refusal(survey, "r")); err != nil {
		t.Fatal(err)
	}
	got, positions := f.export(t, &surveyv1.StreamResponsesRequest{Parent: survey})
	if !slices.Equal(got, want) || !slices.IsSorted(positions) {
		t.Fatalf("%d responses, sorted %v", len(got), slices.IsSorted(positions))
	}
	got, _ = f.export(t, &surveyv1.StreamResponsesRequest{Parent: survey, AfterPosition: positions[99]})
	if !slices.Equal(got, want[100:]) {
		t.Fatalf("%d responses after the hundredth", len(got))
	}
	got, _ = f.export(t, &surveyv1.StreamResponsesRequest{Parent: survey, Period: &typev1.Period{
		StartTime: timestamppb.New(start.Add(-10 * time.Minute)), EndTime: timestamppb.New(start.Add(-5 * time.Minute))}})
	if !slices.Equal(got, want[6:11]) {
		t.Fatalf("in the period: %q", got)
	}
	got, _ = f.export(t, &surveyv1.StreamResponsesRequest{Parent: survey, AfterPosition: positions[len(positions)-1]})
	if len(got) != 0 {
		t.Fatalf("after the last: %q", got)
	}
	stream, err := f.surveys.StreamResponses(t.Context(), &surveyv1.StreamResponsesRequest{Parent: "surveys/nope"})
	if err == nil {
		_, err = stream.Recv()
	}
	refused(t, err, codes.NotFound, "SURVEY_NOT_FOUND")
}

// tail is a reader of the feed.
type tail struct {
	t      testing.TB
	stream interface {
		Recv() (*surveyv1.StreamEventsResponse, error)
	}
	cancel context.CancelFunc
}

func (f *fixture) tail(t testing.TB, after int64, organization string) *tail {
	t.Helper()
	return f.follow(t, &surveyv1.StreamEventsRequest{AfterPosition: after, Organization: organization})
}

func (f *fixture) tailPart(t testing.TB, after int64, partition, count int) *tail {
	t.Helper()
	return f.follow(t, &surveyv1.StreamEventsRequest{AfterPosition: after, Partition: int32(partition), PartitionCount: int32(count)})
}

func (f *fixture) follow(t testing.TB, req *surveyv1.StreamEventsRequest) *tail {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	t.Cleanup(cancel)
	stream, err := f.feed.StreamEvents(ctx, req)
	if err != nil {
		t.Fatal(err)
	}
	return &tail{t: t, stream: stream, cancel: cancel}
}

// read reads until n events have come and the log is drained.
func (r *tail) read(n int) (events []*surveyv1.Event, last *surveyv1.StreamEventsResponse) {
	r.t.Helper()
	for {
		m, err := r.stream.Recv()
		if err != nil {
			r.t.Fatalf("after %d events: %v", len(events), err)
		}
		events = append(events, m.GetEvents()...)
		if len(events) > n {
			r.t.Fatalf("%d events, want %d", len(events), n)
		}
		if len(events) == n && m.GetAsOfTime() != nil {
			return events, m
		}
	}
}

func TestFeed(t *testing.T) {
	f := newFixture(t)
	live := f.tail(t, 0, "")
	_, drained := live.read(0)
	if !drained.GetAsOfTime().AsTime().Equal(start) || drained.GetHeadPosition() != 0 {
		t.Fatalf("%v", drained)
	}
	survey := f.published(t, visit())
	first, err := f.submit(t.Context(), survey, "a", good())
	if err != nil {
		t.Fatal(err)
	}
	events, _ := live.read(1)
	// Who answered and what was written is sealed, and a pseudonym stands for the respondent.
	unnamed := proto.CloneOf(first.GetResponse())
	unnamed.Respondent, unnamed.Answers[3].Value = events[0].GetResponse().GetRespondent(), &surveyv1.Answer_FreeText{}
	if events[0].GetOrganization() != acme || !proto.Equal(events[0].GetResponse(), unnamed) || !strings.HasPrefix(unnamed.GetRespondent(), "p_") {
		t.Fatalf("%v", events)
	}
	// A retry and a refused response are no events.
	if _, err := f.submit(t.Context(), survey, "a", good()); err != nil {
		t.Fatal(err)
	}
	if _, err := f.submit(t.Context(), survey, "b", &surveyv1.Response{Answers: []*surveyv1.Answer{score("recommend", 99)}}); err == nil {
		t.Fatal("accepted a value out of scale")
	}
	refused, err := f.surveys.RecordRefusal(t.Context(), refusal(survey, "r"))
	if err != nil {
		t.Fatal(err)
	}
	f.clock.Advance(time.Minute)
	more, _ := live.read(1)
	if !proto.Equal(more[0].GetRefusal(), refused.GetRefusal()) || more[0].GetPosition() <= events[0].GetPosition() {
		t.Fatalf("%v", more)
	}
	// Heartbeats carry the time.
	for {
		_, m := live.read(0)
		if m.GetAsOfTime().AsTime().Equal(start.Add(time.Minute)) {
			break
		}
	}
	// Read again from anywhere, the log is the same.
	all, last := f.tail(t, 0, "").read(2)
	if !proto.Equal(all[0], events[0]) || !proto.Equal(all[1], more[0]) || last.GetHeadPosition() != more[0].GetPosition() {
		t.Fatalf("%v", all)
	}
	rest, _ := f.tail(t, events[0].GetPosition(), "").read(1)
	if !proto.Equal(rest[0], more[0]) {
		t.Fatalf("%v", rest)
	}
	f.tail(t, 0, globex).read(0)
	stream, err := f.feed.StreamEvents(t.Context(), &surveyv1.StreamEventsRequest{AfterPosition: 1000})
	if err == nil {
		_, err = stream.Recv()
	}
	if e, ok := rpcerr.FromError(err); !ok || e.Code != codes.OutOfRange || e.Reason != "POSITION_AHEAD" {
		t.Fatalf("%v", err)
	}
}

func TestFeedInBatches(t *testing.T) {
	f := newFixture(t)
	survey := f.published(t, visit())
	const batches = 3
	for b := range batches {
		var requests []*surveyv1.SubmitResponseRequest
		for i := range 400 {
			requests = append(requests, &surveyv1.SubmitResponseRequest{ResponseId: fmt.Sprintf("%d-%d", b, i), Response: good()})
		}
		if _, err := f.surveys.BatchSubmitResponses(t.Context(), &surveyv1.BatchSubmitResponsesRequest{Parent: survey, Requests: requests}); err != nil {
			t.Fatal(err)
		}
	}
	r := f.tail(t, 0, acme)
	n := 0
	for {
		m, err := r.stream.Recv()
		if err != nil {
			t.Fatal(err)
		}
		n += len(m.GetEvents())
		if len(m.GetEvents()) > 500 || m.GetHeadPosition() != batches*400 || (m.GetAsOfTime() != nil) != (n == batches*400) {
			t.Fatalf("after %d events: %d in the batch, head %d, as of %v", n, len(m.GetEvents()), m.GetHeadPosition(), m.GetAsOfTime())
		}
		if n == batches*400 {
			return
		}
	}
}

func TestFeedNeedsItsPermission(t *testing.T) {
	f := newFixture(t)
	client := surveyv1.NewEventFeedServiceClient(adminConn(f))
	stream, err := client.StreamEvents(t.Context(), &surveyv1.StreamEventsRequest{})
	if err == nil {
		_, err = stream.Recv()
	}
	refused(t, err, codes.PermissionDenied, "PERMISSION_DENIED")
}

func TestFeedEndsWithTheServer(t *testing.T) {
	f := newFixture(t, func(o *api.Options) { o.FeedHeartbeat = time.Hour })
	r := f.tail(t, 0, "")
	r.read(0)
	if err := f.server.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, err := r.stream.Recv()
	if e := refused(t, err, codes.Unavailable, rpcerr.ReasonShuttingDown); e.RetryAfter <= 0 {
		t.Fatalf("%+v", e)
	}
}

func TestFeedEndsWithItsReader(t *testing.T) {
	f := newFixture(t, func(o *api.Options) { o.FeedHeartbeat = time.Hour })
	r := f.tail(t, 0, "")
	r.read(0)
	r.cancel()
	_, err := r.stream.Recv()
	if rpcerr.Code(err) != codes.Canceled {
		t.Fatalf("%v", err)
	}
}
