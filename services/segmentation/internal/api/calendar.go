package api

import (
	"context"
	"slices"
	"strconv"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/interceptor/validation"
	"github.com/otklik/otklik/services/segmentation/internal/agenda"
	"github.com/otklik/otklik/services/segmentation/internal/store"

	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
)

const (
	feedsCollection = "calendarFeeds/"
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

// calendarQuery says which events: those of the kinds, or none for all. persons tells whether the reader may see what people wrote of persons.
type calendarQuery struct {
	store.DateQuery
	kinds   []agenda.Kind
	persons bool
}

// dateKinds are the kinds of the dates of cases.
var dateKinds = map[string]agenda.Kind{store.DateDue: agenda.CaseDue, store.DateTask: agenda.Task, store.DatePrevention: agenda.Prevention}

// events are those that a query asks for, in order, and whether there are more than agenda.MostEvents.
func (s *calendarServer) events(ctx context.Context, q calendarQuery) (out []agenda.Event, more bool, err error) {
	wanted := func(k agenda.Kind) bool { return len(q.kinds) == 0 || slices.Contains(q.kinds, k) }
	q.Limit = agenda.MostEvents + 1
	if wanted(agenda.Interview) {
		interviews, err := s.Store.ScheduledInterviews(ctx, q.DateQuery)
		if err != nil {
			return nil, false, storeError(err)
		}
		for _, i := range interviews {
			// Where it is held is a company's name for itself; whom it is held with is for those who may see persons, in the app.
			out = append(out, agenda.Event{
				Kind: agenda.Interview, Resource: interviewsCollection + i.ID, Title: i.Company, Start: i.ScheduleTime, End: i.ScheduleTime.Add(i.Duration),
				Changed: i.UpdateTime, Owner: i.Interviewer, Done: !i.CompleteTime.IsZero(),
			})
		}
	}
	for kind, of := range dateKinds {
		if wanted(of) {
			q.Kinds = append(q.Kinds, kind)
		}
	}
	if slices.Sort(q.Kinds); len(q.Kinds) > 0 {
		dates, err := s.Store.CaseDates(ctx, q.DateQuery)
		if err != nil {
			return nil, false, storeError(err)
		}
		for _, d := range dates {
			e := agenda.Event{
				Kind: dateKinds[d.Kind], Resource: casesCollection + d.Case, Key: strconv.Itoa(d.Key), Start: d.Time, End: d.Time, Changed: d.Changed, Owner: d.Owner, Done: d.Done,
			}
			// What a rule calls a case is about no person; what somebody wrote may be.
			if !d.Written || q.persons {
				e.Title = d.Title
			}
			out = append(out, e)
		}
	}
	slices.SortFunc(out, agenda.Compare)
	// What was cut off at the end of one list lies behind what the other has there: of each there is one more than is shown.
	return out[:min(len(out), agenda.MostEvents)], len(out) > agenda.MostEvents, nil
}

// QueryCalendarEvents returns the events of a period.
func (s *calendarServer) QueryCalendarEvents(ctx context.Context, req *segmentationv1.QueryCalendarEventsRequest) (*segmentationv1.QueryCalendarEventsResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	q := calendarQuery{
		DateQuery: store.DateQuery{Organization: org, Units: unitsOf(ctx), Owner: req.GetOwner(), From: s.Now()}, kinds: agendaKinds(req.GetKinds()), persons: seesPersons(ctx),
	}
	if t := req.GetPeriod().GetStartTime(); t != nil {
		q.From = t.AsTime()
	}
	q.To = q.From.Add(calendarDefault)
	if t := req.GetPeriod().GetEndTime(); t != nil {
		q.To = t.AsTime()
	}
	if q.To.Sub(q.From) > calendarMost {
		return nil, validation.Malformed("period", "PERIOD_TOO_LONG", "must be 400 days at most")
	}
	events, more, err := s.events(ctx, q)
	if err != nil {
		return nil, err
	}
	out := &segmentationv1.QueryCalendarEventsResponse{Truncated: more}
	for _, e := range events {
		out.Events = append(out.Events, &segmentationv1.CalendarEvent{
			Uid: e.UID(org), Kind: segmentationv1.CalendarEvent_Kind(e.Kind), Resource: e.Resource, StartTime: timestamppb.New(e.Start), EndTime: timestamppb.New(e.End),
			Owner: e.Owner, Done: e.Done, Title: e.Title,
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
	q := calendarQuery{
		DateQuery: store.DateQuery{Organization: org, Units: unitsOf(ctx), From: now.Add(-calendarPast), To: now.Add(calendarAhead)}, persons: seesPersons(ctx),
	}
	o := agenda.Options{Organization: org, Zone: s.Location.String(), Link: s.link}
	if isAddress(ctx) {
		f, err := s.feedOfCaller(ctx, org, now)
		if err != nil {
			return nil, err
		}
		q.Units, q.kinds, o.Language, q.persons = f.Units, f.Kinds, f.Language, false
		if f.Zone != "" {
			o.Zone = f.Zone
		}
		if f.OwnOnly {
			q.Owner = f.Owner
		}
	}
	if len(req.GetKinds()) > 0 {
		q.kinds = narrowed(q.kinds, agendaKinds(req.GetKinds()))
	}
	if req.GetLanguageCode() != "" {
		o.Language = req.GetLanguageCode()
	}
	events, more, err := s.events(ctx, q)
	if err != nil {
		return nil, err
	}
	content, err := agenda.Write(events, o)
	if err != nil {
		return nil, err
	}
	return &segmentationv1.ExportCalendarResponse{Content: content, Etag: agenda.ETag(content), Truncated: more}, nil
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
