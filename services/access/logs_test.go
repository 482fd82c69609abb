package access

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/libs/testkit"
	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
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

// TestWhatWebhooksHearOfDeliveries reads events of the reporting service.
func TestWhatWebhooksHearOfDeliveries(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 5, 14, 12, 0, 0, 0, time.UTC)
	for kind, want := range map[reportingv1.ScheduleEvent_Kind]string{
		reportingv1.ScheduleEvent_KIND_DELIVERED: "report.delivered", reportingv1.ScheduleEvent_KIND_OVERDUE: "report.overdue", reportingv1.ScheduleEvent_KIND_UNSPECIFIED: "",
	} {
		o, heard := ofDeliveries(&reportingv1.ScheduleEvent{
			Position: 9, Organization: "acme", Time: timestamppb.New(at), Kind: kind, Run: "reportSchedules/s/runs/r", Report: "reports/closed-loop",
		}, time.Now)
		if heard != (want != "") || heard && (o.Event.String() != want || o.Resource != "reportSchedules/s/runs/r" || o.Organization != "acme" || o.Position != 9 || !o.Time.Equal(at)) {
			t.Errorf("heard %t of %+v, want %s", heard, o, want)
		}
		if heard && !webhook.Deliveries.Events().Has(o.Event) {
			t.Errorf("who wants %s does not get the log", o.Event)
		}
	}
}

// TestWhatWebhooksHearOfAttention reads events of the segmentation service.
func TestWhatWebhooksHearOfAttention(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 5, 14, 12, 0, 0, 0, time.UTC)
	theCase := &segmentationv1.CaseChanged{Case: "cases/7", DisplayName: "Late again"}
	light := func(name string) *segmentationv1.Event {
		return &segmentationv1.Event{Change: &segmentationv1.Event_LightChanged{LightChanged: &segmentationv1.LightChanged{Light: name}}}
	}
	move := &segmentationv1.SegmentMove{Segment: "segments/vip"}
	for want, e := range map[string]*segmentationv1.Event{
		"case.opened cases/7":                         {Change: &segmentationv1.Event_CaseOpened{CaseOpened: theCase}},
		"case.due cases/7":                            {Change: &segmentationv1.Event_CaseDue{CaseDue: theCase}},
		"case.breached cases/7":                       {Change: &segmentationv1.Event_CaseBreached{CaseBreached: theCase}},
		"case.closed cases/7":                         {Change: &segmentationv1.Event_CaseClosed{CaseClosed: theCase}},
		"light.changed companies/north/light":         light("companies/north/light"),
		"light.changed contacts/c1/light":             light("contacts/c1/light"),
		"segment.entered segments/vip/memberships/c1": {Change: &segmentationv1.Event_SegmentEntered{SegmentEntered: move}},
		"segment.left segments/vip/memberships/c1":    {Change: &segmentationv1.Event_SegmentLeft{SegmentLeft: move}},
	} {
		e.Position, e.Organization, e.Time = 9, "acme", timestamppb.New(at)
		e.Unit = &segmentationv1.Event_Unit{Contact: "contacts/c1"}
		o, heard := ofAttention(e, time.Now)
		if got := o.Event.String() + " " + o.Resource; !heard || got != want || o.Organization != "acme" || o.Position != 9 || !o.Time.Equal(at) {
			t.Errorf("heard %t of %+v, want %s", heard, o, want)
		}
		if (o.Contact == "c1") != strings.Contains(want, "c1") {
			t.Errorf("%s names %q", want, o.Contact)
		}
		if !webhook.Attention.Events().Has(o.Event) {
			t.Errorf("who wants %s does not get the log", o.Event)
		}
	}
	for _, e := range []*segmentationv1.Event{
		light("employees/e1/light"), {},
		{Change: &segmentationv1.Event_ResponseSegments{ResponseSegments: &segmentationv1.ResponseSegments{Response: "surveys/s/responses/r"}}},
		{Change: &segmentationv1.Event_ResponseCase{ResponseCase: &segmentationv1.ResponseCase{Response: "surveys/s/responses/r", Unresolved: true}}},
	} {
		if o, heard := ofAttention(e, time.Now); heard {
			t.Errorf("heard %+v of %v", o, e)
		}
	}
}
