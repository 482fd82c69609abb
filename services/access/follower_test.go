package access

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/libs/testkit"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	"github.com/otklik/otklik/services/access/internal/store"
	"github.com/otklik/otklik/services/access/internal/store/sqlite"
	"github.com/otklik/otklik/services/access/internal/webhook"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// changeLog is a change log of a survey service.
type changeLog struct {
	surveyv1.UnimplementedEventFeedServiceServer
	mu     sync.Mutex
	events []*surveyv1.Event
	wake   chan struct{}
	// streams is how many are open.
	streams int
}

func newChangeLog() *changeLog { return &changeLog{wake: make(chan struct{})} }

func (c *changeLog) add(events ...*surveyv1.Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, e := range events {
		e.Position = int64(len(c.events) + 1)
		c.events = append(c.events, e)
	}
	close(c.wake)
	c.wake = make(chan struct{})
}

func (c *changeLog) open() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.streams
}

// StreamEvents sends what there is and what comes.
func (c *changeLog) StreamEvents(req *surveyv1.StreamEventsRequest, stream grpc.ServerStreamingServer[surveyv1.StreamEventsResponse]) error {
	c.mu.Lock()
	c.streams++
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.streams--
	}()
	at := int(req.GetAfterPosition())
	for {
		c.mu.Lock()
		if at > len(c.events) {
			c.mu.Unlock()
			return status.Error(codes.OutOfRange, "the log ends before the position")
		}
		batch, wake := slices.Clone(c.events[at:min(at+2, len(c.events))]), c.wake
		answer := &surveyv1.StreamEventsResponse{Events: batch, HeadPosition: int64(len(c.events))}
		c.mu.Unlock()
		at += len(batch)
		if err := stream.Send(answer); err != nil {
			return err
		}
		if len(batch) > 0 {
			continue
		}
		select {
		case <-wake:
		case <-stream.Context().Done():
			return stream.Context().Err()
		}
	}
}

func response(n int) *surveyv1.Event {
	return &surveyv1.Event{Organization: "acme", Change: &surveyv1.Event_Response{Response: &surveyv1.Response{
		Name: fmt.Sprintf("surveys/s/responses/r%d", n), ReceiveTime: timestamppb.New(noon),
	}}}
}

func refusal(n int) *surveyv1.Event {
	return &surveyv1.Event{Organization: "acme", Change: &surveyv1.Event_Refusal{Refusal: &surveyv1.Refusal{Name: fmt.Sprintf("surveys/s/refusals/f%d", n)}}}
}

type followed struct {
	log   *changeLog
	store store.Store
}

func newFollowed(t *testing.T) *followed {
	t.Helper()
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "access.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return &followed{log: newChangeLog(), store: db}
}

// start runs a follower; the result stops it.
func (f *followed) start(t *testing.T, holder string) (stop func()) {
	t.Helper()
	channel := &inprocgrpc.Channel{}
	channel.RegisterService(&surveyv1.EventFeedService_ServiceDesc, f.log)
	one := &follower{
		feed: f.store, log: webhook.Answers, open: answers(channel, time.Now), told: func() {}, holder: holder, logger: slog.New(slog.DiscardHandler), now: time.Now,
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		one.run(ctx)
	}()
	stop = func() {
		cancel()
		<-done
	}
	t.Cleanup(stop)
	return stop
}

func (f *followed) hook(t *testing.T, id string, events ...webhook.Event) webhook.Webhook {
	t.Helper()
	w, err := f.store.CreateWebhook(t.Context(), webhook.Webhook{
		Ref: webhook.Ref{Organization: "acme", ID: id}, URL: "https://example.org/", Events: webhook.SetOf(events...), CreateTime: noon, Secret: []byte("x"),
	}, 10)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// following waits until the log is read.
func (f *followed) following(t *testing.T) {
	t.Helper()
	testkit.Eventually(t, 20*time.Second, func() error {
		if f.log.open() != 1 {
			return fmt.Errorf("%d streams are open", f.log.open())
		}
		// The stream that finds the end of the log is closed again.
		time.Sleep(20 * time.Millisecond)
		if f.log.open() != 1 {
			return fmt.Errorf("%d streams are open", f.log.open())
		}
		return nil
	})
}

// hears waits until a webhook was told of exactly these resources.
func (f *followed) hears(t *testing.T, w webhook.Webhook, want ...string) {
	t.Helper()
	testkit.Eventually(t, 20*time.Second, func() error {
		all, _, err := f.store.ListDeliveries(t.Context(), w.Ref, store.Query{Limit: 100})
		if err != nil {
			return err
		}
		var got []string
		for _, d := range all {
			got = append(got, d.Resource)
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			return fmt.Errorf("%s heard of %v, not %v", w.ID, got, want)
		}
		return nil
	})
}

func TestWebhooksHearOfWhatHappensFromNowOn(t *testing.T) {
	f := newFollowed(t)
	f.log.add(response(1), refusal(1), response(2))
	stop := f.start(t, "a")
	both := f.hook(t, "both", webhook.ResponseAccepted, webhook.RefusalRecorded)
	refusals := f.hook(t, "refusals", webhook.RefusalRecorded)
	f.following(t)
	f.log.add(response(3), refusal(2), response(4), &surveyv1.Event{Organization: "globex", Change: response(5).Change}, &surveyv1.Event{
		Organization: "acme", Change: &surveyv1.Event_Removed{Removed: &surveyv1.Removed{Name: "surveys/s/responses/r1"}},
	})
	f.hears(t, both, "surveys/s/responses/r3", "surveys/s/refusals/f2", "surveys/s/responses/r4")
	f.hears(t, refusals, "surveys/s/refusals/f2")
	// What happens while nobody reads is heard of later.
	stop()
	f.log.add(response(6))
	f.start(t, "b")
	f.hears(t, both, "surveys/s/responses/r3", "surveys/s/refusals/f2", "surveys/s/responses/r4", "surveys/s/responses/r6")
}

func TestWebhooksHearNothingOfEmployees(t *testing.T) {
	f := newFollowed(t)
	w := f.hook(t, "h", webhook.ResponseAccepted, webhook.RefusalRecorded)
	f.start(t, "a")
	f.following(t)
	answered, declined := response(1), refusal(1)
	answered.PopulationProtected, declined.PopulationProtected = true, true
	f.log.add(answered, declined, response(2))
	f.hears(t, w, "surveys/s/responses/r2")
}

func TestOneProcessFollows(t *testing.T) {
	f := newFollowed(t)
	w := f.hook(t, "h", webhook.ResponseAccepted)
	stop := f.start(t, "a")
	f.following(t)
	f.start(t, "b")
	f.log.add(response(1))
	f.hears(t, w, "surveys/s/responses/r1")
	time.Sleep(2 * feedPause)
	if n := f.log.open(); n != 1 {
		t.Errorf("%d processes follow", n)
	}
	stop()
	f.following(t)
	f.log.add(response(2))
	f.hears(t, w, "surveys/s/responses/r1", "surveys/s/responses/r2")
}

func TestNothingIsReadThatNobodyWants(t *testing.T) {
	f := newFollowed(t)
	f.hook(t, "erasures", webhook.PersonErased)
	f.start(t, "a")
	f.log.add(response(1))
	time.Sleep(2 * feedPause)
	if n := f.log.open(); n != 0 {
		t.Errorf("%d streams are open", n)
	}
	w := f.hook(t, "h", webhook.ResponseAccepted)
	f.following(t)
	f.log.add(response(2))
	f.hears(t, w, "surveys/s/responses/r2")
	w.Disabled = true
	w, err := f.store.UpdateWebhook(t.Context(), w)
	if err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, 20*time.Second, func() error {
		if n := f.log.open(); n != 0 {
			return fmt.Errorf("%d streams are open", n)
		}
		if _, begun, err := f.store.HoldFeed(t.Context(), webhook.Answers, "test", time.Now(), time.Now()); err != nil || begun {
			return fmt.Errorf("the position is kept: %v, %w", begun, err)
		}
		return f.store.LeaveFeed(t.Context(), webhook.Answers, "test")
	})
	f.log.add(response(3))
	w.Disabled = false
	if w, err = f.store.UpdateWebhook(t.Context(), w); err != nil {
		t.Fatal(err)
	}
	f.following(t)
	f.log.add(response(4))
	f.hears(t, w, "surveys/s/responses/r2", "surveys/s/responses/r4")
}

func TestALogThatWasRestoredIsFollowedFromItsEnd(t *testing.T) {
	f := newFollowed(t)
	w := f.hook(t, "h", webhook.ResponseAccepted)
	position := int64(1000)
	if _, _, err := f.store.HoldFeed(t.Context(), webhook.Answers, "before", time.Now(), time.Now()); err != nil {
		t.Fatal(err)
	}
	if err := f.store.PlaceFeed(t.Context(), webhook.Answers, "before", &position); err != nil {
		t.Fatal(err)
	}
	if err := f.store.LeaveFeed(t.Context(), webhook.Answers, "before"); err != nil {
		t.Fatal(err)
	}
	f.log.add(response(1))
	f.start(t, "a")
	f.following(t)
	f.log.add(response(2))
	f.hears(t, w, "surveys/s/responses/r2")
}
