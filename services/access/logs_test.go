package access

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"

	"github.com/otklik/otklik/libs/testkit"
	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	"github.com/otklik/otklik/services/access/internal/store"
	"github.com/otklik/otklik/services/access/internal/webhook"
)

// alertLog is a scoring service's log of alerts: events come one by one.
type alertLog struct {
	scoringv1.UnimplementedEventFeedServiceServer
	head   int64
	events chan *scoringv1.AlertEvent
}

// StreamEvents tells where the log ends, and sends what comes after that.
func (a *alertLog) StreamEvents(req *scoringv1.StreamEventsRequest, stream grpc.ServerStreamingServer[scoringv1.StreamEventsResponse]) error {
	if err := stream.Send(&scoringv1.StreamEventsResponse{HeadPosition: a.head}); err != nil {
		return err
	}
	if req.GetAfterPosition() == 0 {
		// Somebody wants to know where the log ends.
		<-stream.Context().Done()
		return stream.Context().Err()
	}
	for {
		select {
		case e := <-a.events:
			if err := stream.Send(&scoringv1.StreamEventsResponse{Events: []*scoringv1.AlertEvent{e}, HeadPosition: e.GetPosition()}); err != nil {
				return err
			}
		case <-stream.Context().Done():
			return stream.Context().Err()
		}
	}
}

func TestWebhooksHearOfAlerts(t *testing.T) {
	f := newFollowed(t)
	log := &alertLog{head: 7, events: make(chan *scoringv1.AlertEvent)}
	channel := &inprocgrpc.Channel{}
	channel.RegisterService(&scoringv1.EventFeedService_ServiceDesc, log)
	all := f.hook(t, "all", webhook.AlertOpened, webhook.AlertChanged, webhook.AlertResolved)
	ends := f.hook(t, "ends", webhook.AlertResolved)
	f.hook(t, "answers", webhook.ResponseAccepted)
	one := &follower{
		feed: f.store, log: webhook.Alerts, open: alerts(channel, time.Now), told: func() {}, holder: "a", logger: slog.New(slog.DiscardHandler), now: time.Now,
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		one.run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	for i, kind := range []scoringv1.AlertEvent_Kind{
		scoringv1.AlertEvent_KIND_OPENED, scoringv1.AlertEvent_KIND_CHANGED, scoringv1.AlertEvent_KIND_CHANGED, scoringv1.AlertEvent_KIND_RESOLVED, scoringv1.AlertEvent_KIND_UNSPECIFIED,
	} {
		log.events <- &scoringv1.AlertEvent{Position: int64(8 + i), Organization: "acme", Kind: kind, Alert: &scoringv1.Alert{Name: "alertRules/r/alerts/3"}}
	}
	hears := func(w webhook.Webhook, want ...string) {
		t.Helper()
		testkit.Eventually(t, 20*time.Second, func() error {
			deliveries, _, err := f.store.ListDeliveries(t.Context(), w.Ref, store.Query{Limit: 100})
			if err != nil {
				return err
			}
			var got []string
			for _, d := range deliveries {
				got = append(got, d.Event.String()+" "+d.Resource)
			}
			slices.Sort(got)
			if !slices.Equal(got, want) {
				return fmt.Errorf("%s heard %v, not %v", w.ID, got, want)
			}
			return nil
		})
	}
	// Each change of an alert is told, though it is the same alert.
	hears(all, "alert.changed alertRules/r/alerts/3", "alert.changed alertRules/r/alerts/3", "alert.opened alertRules/r/alerts/3", "alert.resolved alertRules/r/alerts/3")
	hears(ends, "alert.resolved alertRules/r/alerts/3")
}
