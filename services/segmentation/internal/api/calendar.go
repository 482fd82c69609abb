package api

import (
	"context"
	"slices"
	"strconv"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/services/segmentation/internal/agenda"
	"github.com/otklik/otklik/services/segmentation/internal/store"

	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
)

const (
	feedsCollection = "calendarFeeds/"
	casesPrefix     = "cases/"
	day             = 24 * time.Hour
	// calendarDefault and calendarMost are how long a period of events is unless stated, and at most.
	calendarDefault = 90 * day
	calendarMost    = 400 * day
	// calendarPast and calendarAhead are how far a calendar reaches back and ahead.
	calendarPast  = 30 * day
	calendarAhead = 3650 * day
)

// calendarServer serves CalendarService.
type calendarServer struct {
	segmentationv1.UnimplementedCalendarServiceServer
	*Server
}

// calendarQuery says which events.
type calendarQuery struct {
	organization string
	units        store.Units
	kinds        []agenda.Kind
	owner        string
	from, to     time.Time
}

// dateKinds are the kinds of the dates of cases.
var dateKinds = map[string]agenda.Kind{"due": agenda.CaseDue, "task": agenda.Task, "prevention": agenda.Prevention}

// events are those that a query asks for, in order, and whether there are more than agenda.MostEvents.
func (s *calendarServer) events(ctx context.Context, q calendarQuery) (out []agenda.Event, more bool, err error) {
	keep := func(e agenda.Event) {
		if (len(q.kinds) == 0 || slices.Contains(q.kinds, e.Kind)) && (q.owner == "" || e.Owner == q.owner) {
			out = append(out, e)
		}
	}
	interviews, err := s.Store.ScheduledInterviews(ctx, q.organization, q.units, q.from, q.to, agenda.MostEvents+1)
	if err != nil {
		return nil, false, storeError(err)
	}
	for _, i := range interviews {
		keep(agenda.Event{
			Kind: agenda.Interview, Resource: interviewsCollection + i.ID, Start: i.ScheduleTime, End: i.ScheduleTime.Add(i.Duration), Changed: i.UpdateTime,
			Owner: i.Interviewer, Done: !i.CompleteTime.IsZero(),
		})
	}
	dates, err := s.Store.CaseDates(ctx, q.organization, q.units, q.from, q.to, agenda.MostEvents+1)
	if err != nil {
		return nil, false, storeError(err)
	}
	for _, d := range dates {
		keep(agenda.Event{Kind: dateKinds[d.Kind], Resource: casesPrefix + d.Case, Key: strconv.Itoa(d.Key), Start: d.Time, End: d.Time, Owner: d.Owner, Done: d.Done})
	}
	slices.SortFunc(out, agenda.Compare)
	// What was cut off at the end of one list lies behind what the other has there.
	more = len(interviews) > agenda.MostEvents || len(dates) > agenda.MostEvents || len(out) > agenda.MostEvents
	return out[:min(len(out), agenda.MostEvents)], more, nil
}

// QueryCalendarEvents returns the events of a period.
func (s *calendarServer) QueryCalendarEvents(ctx context.Context, req *segmentationv1.QueryCalendarEventsRequest) (*segmentationv1.QueryCalendarEventsResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	q := calendarQuery{organization: org, units: unitsOf(ctx), kinds: agendaKinds(req.GetKinds()), owner: req.GetOwner(), from: s.Now()}
	if t := req.GetPeriod().GetStartTime(); t != nil {
		q.from = t.AsTime()
	}
	q.to = q.from.Add(calendarDefault)
	if t := req.GetPeriod().GetEndTime(); t != nil {
		q.to = t.AsTime()
	}
	if q.to.Sub(q.from) > calendarMost {
		return nil, malformed("period", "PERIOD_TOO_LONG", "must be 400 days at most")
	}
	events, more, err := s.events(ctx, q)
	if err != nil {
		return nil, err
	}
	out := &segmentationv1.QueryCalendarEventsResponse{Truncated: more}
	for _, e := range events {
		out.Events = append(out.Events, &segmentationv1.CalendarEvent{
			Uid: e.UID(org), Kind: segmentationv1.CalendarEvent_Kind(e.Kind), Resource: e.Resource, StartTime: timestamppb.New(e.Start), EndTime: timestamppb.New(e.End),
			Owner: e.Owner, Done: e.Done,
		})
	}
	return out, nil
}

func agendaKinds(in []segmentationv1.CalendarEvent_Kind) []agenda.Kind {
	out := make([]agenda.Kind, len(in))
	for n, k := range in {
		out[n] = agenda.Kind(k)
	}
	return out
}

// ExportCalendar returns a calendar: of the caller, or of the secret address that the caller has.
func (s *calendarServer) ExportCalendar(ctx context.Context, req *segmentationv1.ExportCalendarRequest) (*segmentationv1.ExportCalendarResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	now := s.Now()
	q := calendarQuery{organization: org, units: unitsOf(ctx), from: now.Add(-calendarPast), to: now.Add(calendarAhead)}
	o := agenda.Options{Organization: org, Zone: s.Location.String(), Link: s.link}
	if isAddress(ctx) {
		f, err := s.feedOfCaller(ctx, org, now)
		if err != nil {
			return nil, err
		}
		q.units, q.kinds, o.Language = f.Units, f.Kinds, f.Language
		if f.Zone != "" {
			o.Zone = f.Zone
		}
		if f.OwnOnly {
			q.owner = f.Owner
		}
	}
	if len(req.GetKinds()) > 0 {
		q.kinds = narrowed(q.kinds, agendaKinds(req.GetKinds()))
	}
	if req.GetLanguageCode() != "" {
		o.Language = req.GetLanguageCode()
	}
	events, _, err := s.events(ctx, q)
	if err != nil {
		return nil, err
	}
	content, err := agenda.Write(events, o)
	if err != nil {
		return nil, err
	}
	return &segmentationv1.ExportCalendarResponse{Content: content, Etag: agenda.ETag(content)}, nil
}

// narrowed are those of some kinds that are among others, of which none means all. That none are left is told by a kind that there is not.
func narrowed(kinds, wanted []agenda.Kind) []agenda.Kind {
	if len(kinds) == 0 {
		return wanted
	}
	out := slices.DeleteFunc(slices.Clone(wanted), func(k agenda.Kind) bool { return !slices.Contains(kinds, k) })
	if len(out) == 0 {
		return []agenda.Kind{0}
	}
	return out
}

// link is where people see a resource.
func (s *Server) link(resource string) string {
	if s.PublicURL == "" {
		return ""
	}
	return s.PublicURL + "/" + resource
}
