package api

import (
	"strings"
	"testing"
	"time"

	parser "github.com/emersion/go-ical"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/services/segmentation/internal/peers"

	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// meeting is a fixture with an interview that is arranged with a contact of alpha.
func meeting(t *testing.T) (*fixture, segmentationv1.CalendarServiceClient) {
	t.Helper()
	f, c := interviewing(t)
	create(t, c, "one", &segmentationv1.Interview{Contact: "contacts/c-1", Interviewer: "boss", ScheduleTime: timestamppb.New(noon.Add(24 * time.Hour))})
	return f, segmentationv1.NewCalendarServiceClient(f.as("admin"))
}

func TestCalendarsAreQueried(t *testing.T) {
	t.Parallel()
	f, c := meeting(t)
	got, err := c.QueryCalendarEvents(t.Context(), &segmentationv1.QueryCalendarEventsRequest{})
	if err != nil || len(got.GetEvents()) != 1 || got.GetEvents()[0].GetResource() != "interviews/one" || got.GetEvents()[0].GetKind() != segmentationv1.CalendarEvent_KIND_INTERVIEW ||
		got.GetEvents()[0].GetEndTime().AsTime().Sub(got.GetEvents()[0].GetStartTime().AsTime()) != time.Hour {
		t.Fatalf("events %v, %v", got, err)
	}
	for what, req := range map[string]*segmentationv1.QueryCalendarEventsRequest{
		"another kind":  {Kinds: []segmentationv1.CalendarEvent_Kind{segmentationv1.CalendarEvent_KIND_TASK}},
		"another owner": {Owner: "members/b"},
		"before":        {Period: &typev1.Period{EndTime: timestamppb.New(noon.Add(time.Hour))}},
	} {
		if got, err := c.QueryCalendarEvents(t.Context(), req); err != nil || len(got.GetEvents()) != 0 {
			t.Errorf("%s: %v, %v", what, got, err)
		}
	}
	if got, err := segmentationv1.NewCalendarServiceClient(f.as("osh")).QueryCalendarEvents(t.Context(), &segmentationv1.QueryCalendarEventsRequest{}); err != nil || len(got.GetEvents()) != 0 {
		t.Errorf("of another unit: %v, %v", got, err)
	}
	_, err = c.QueryCalendarEvents(t.Context(), &segmentationv1.QueryCalendarEventsRequest{Period: &typev1.Period{EndTime: timestamppb.New(noon.Add(500 * day))}})
	if err == nil {
		t.Error("500 days were taken")
	}
}

func TestCalendarsAreExported(t *testing.T) {
	t.Parallel()
	_, c := meeting(t)
	got, err := c.ExportCalendar(t.Context(), &segmentationv1.ExportCalendarRequest{LanguageCode: "en"})
	if err != nil {
		t.Fatal(err)
	}
	calendar, err := parser.NewDecoder(strings.NewReader(got.GetContent())).Decode()
	if err != nil || len(calendar.Events()) != 1 {
		t.Fatalf("%v\n%s", err, got.GetContent())
	}
	if e := calendar.Events()[0]; e.Props.Get("URL").Value != "https://app.example/interviews/one" || e.Props.Get("SUMMARY").Value != "Interview: alpha" {
		t.Errorf("event %+v", e.Props)
	}
	if again, err := c.ExportCalendar(t.Context(), &segmentationv1.ExportCalendarRequest{LanguageCode: "en"}); err != nil || again.GetEtag() != got.GetEtag() {
		t.Errorf("another calendar of the same events: %v", err)
	}
}

// A secret address shows what its owner may see now, and ends with the owner and with the owner's roles.
func TestSecretAddressesOfCalendars(t *testing.T) {
	t.Parallel()
	f, c := meeting(t)
	made, err := c.CreateCalendarFeed(t.Context(), &segmentationv1.CreateCalendarFeedRequest{CalendarFeed: &segmentationv1.CalendarFeed{OwnOnly: true, LanguageCode: "ky", TimeZone: "Asia/Bishkek"}})
	if err != nil || made.GetPath() != "/calendars/secret-of-apiKeys/k0.ics" || made.GetUrl() != "https://app.example"+made.GetPath() ||
		made.GetCalendarFeed().GetOwner() != "boss" {
		t.Fatalf("made %v, %v", made, err)
	}
	s := &calendarServer{Server: f.api}
	read := func(name string) (string, error) {
		got, err := s.ExportCalendar(at(t.Context(), name, peers.RoleCalendar), &segmentationv1.ExportCalendarRequest{})
		return got.GetContent(), err
	}
	content, err := read("apiKeys/k0")
	if err != nil || !strings.Contains(content, "Маек: alpha") || !strings.Contains(content, "X-WR-TIMEZONE:Asia/Bishkek") {
		t.Errorf("%v\n%s", err, content)
	}
	_, err = read("apiKeys/k9")
	refused(t, "an address that was not made", err, codes.NotFound, "CALENDAR_FEED_NOT_FOUND", "")
	f.addresses.asked = map[string]bool{"boss": true}
	f.addresses.holders["boss"] = peers.Holder{Roles: []string{"all"}, Units: map[string][]string{"company": {"beta"}}}
	if content, err = read("apiKeys/k0"); err != nil || strings.Contains(content, "interviews/one") {
		t.Errorf("of an owner of another unit: %v\n%s", err, content)
	}
	f.addresses.holders["boss"] = peers.Holder{Roles: []string{"viewer"}}
	_, err = read("apiKeys/k0")
	refused(t, "of an owner with other roles", err, codes.NotFound, "CALENDAR_FEED_NOT_FOUND", "")
	delete(f.addresses.holders, "boss")
	_, err = read("apiKeys/k0")
	refused(t, "of an owner who is gone", err, codes.NotFound, "CALENDAR_FEED_NOT_FOUND", "")
	_, err = segmentationv1.NewCalendarServiceClient(f.as("blind")).DeleteCalendarFeed(t.Context(), &segmentationv1.DeleteCalendarFeedRequest{Name: made.GetCalendarFeed().GetName()})
	refused(t, "deleted by another", err, codes.NotFound, "CALENDAR_FEED_NOT_FOUND", "")
	list, err := c.ListCalendarFeeds(t.Context(), &segmentationv1.ListCalendarFeedsRequest{})
	if err != nil || len(list.GetCalendarFeeds()) != 1 {
		t.Errorf("list %v, %v", list, err)
	}
	if _, err := c.DeleteCalendarFeed(t.Context(), &segmentationv1.DeleteCalendarFeedRequest{Name: made.GetCalendarFeed().GetName()}); err != nil || len(f.addresses.live(peers.RoleCalendar)) != 0 {
		t.Errorf("deleted: %v, %v", err, f.addresses.live(peers.RoleCalendar))
	}
	_, err = c.CreateCalendarFeed(t.Context(), &segmentationv1.CreateCalendarFeedRequest{CalendarFeed: &segmentationv1.CalendarFeed{TimeZone: "Mars/Olympus"}})
	refused(t, "a time zone that there is not", err, codes.InvalidArgument, "TIME_ZONE_UNKNOWN", "calendar_feed.time_zone")
}
