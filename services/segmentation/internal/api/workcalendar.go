package api

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/services/segmentation/internal/store"
	"github.com/otklik/otklik/services/segmentation/internal/worktime"

	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
)

const workCalendarName = "workCalendar"

// GetWorkCalendar returns the calendar.
func (s *caseRuleServer) GetWorkCalendar(ctx context.Context, _ *segmentationv1.GetWorkCalendarRequest) (*segmentationv1.GetWorkCalendarResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	c, err := s.Store.WorkCalendar(ctx, org)
	if err != nil {
		return nil, storeError(err)
	}
	return &segmentationv1.GetWorkCalendarResponse{WorkCalendar: workCalendarToProto(c)}, nil
}

// UpdateWorkCalendar sets the calendar. With an etag the calendar must still have it.
func (s *caseRuleServer) UpdateWorkCalendar(ctx context.Context, req *segmentationv1.UpdateWorkCalendarRequest) (*segmentationv1.UpdateWorkCalendarResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	in := req.GetWorkCalendar()
	calendar, err := workCalendarFromProto(in)
	if err != nil {
		return nil, err
	}
	wanted := stated{in.GetEtag(), "work_calendar.etag"}
	stored, err := retried(wanted, func() (store.WorkCalendar, error) {
		now, err := s.Store.WorkCalendar(ctx, org)
		if err != nil {
			return now, err
		}
		if err := wanted.is(etag(now.UpdateTime, now.Version)); err != nil {
			return now, err
		}
		return s.Store.PutWorkCalendar(ctx, store.WorkCalendar{
			Organization: org, Calendar: calendar, UpdateTime: s.now(), UpdatedBy: callerID(ctx), Version: now.Version,
		})
	})
	if err != nil {
		return nil, storeError(err)
	}
	return &segmentationv1.UpdateWorkCalendarResponse{WorkCalendar: workCalendarToProto(stored)}, nil
}

// workCalendarFromProto reads a calendar and checks it.
func workCalendarFromProto(in *segmentationv1.WorkCalendar) (worktime.Calendar, error) {
	c := worktime.Calendar{Zone: in.GetTimeZone()}
	var named [7]bool
	for i, d := range in.GetDays() {
		// Sunday is 0 in Go and 7 here.
		day := time.Weekday(d.GetDay()) % 7
		if named[day] {
			return c, calendarInvalid(fmt.Sprintf("days[%d].day", i), "is named before: name each day once")
		}
		named[day] = true
		c.Week[day] = spansFromProto(d.GetHours())
	}
	for i, h := range in.GetHolidays() {
		date, err := time.Parse(time.DateOnly, h.GetDate())
		if err != nil {
			return c, calendarInvalid(fmt.Sprintf("holidays[%d].date", i), "must be a day of the calendar")
		}
		c.Holidays = append(c.Holidays, worktime.Holiday{
			Date: worktime.Date{Year: date.Year(), Month: date.Month(), Day: date.Day()}, Name: h.GetDisplayName(), Hours: spansFromProto(h.GetHours()),
		})
	}
	_, err := c.Compile()
	var refusal *worktime.Refusal
	if errors.As(err, &refusal) {
		return c, calendarInvalid(dayField(in, refusal.Field), refusal.Description)
	}
	return c, err
}

// dayField is a field of a calendar as the request has it: days of the week stand where they were named.
func dayField(in *segmentationv1.WorkCalendar, field string) string {
	for i, d := range in.GetDays() {
		if rest, ok := strings.CutPrefix(field, strings.ToLower((time.Weekday(d.GetDay())%7).String())+"."); ok {
			return fmt.Sprintf("days[%d].%s", i, rest)
		}
	}
	return field
}

func calendarInvalid(field, description string) error {
	return refuseField(codes.InvalidArgument, segmentationv1.ErrorReason_ERROR_REASON_WORK_CALENDAR_INVALID, "work_calendar."+field, description)
}

// spansFromProto reads hours, whose form the rules of the protos have checked.
func spansFromProto(in []*segmentationv1.WorkHours) (out []worktime.Span) {
	minutes := func(text string) int {
		var h, m int
		_, _ = fmt.Sscanf(text, "%d:%d", &h, &m)
		return h*60 + m
	}
	for _, h := range in {
		out = append(out, worktime.Span{Start: minutes(h.GetStart()), End: minutes(h.GetEnd())})
	}
	return out
}

func workCalendarToProto(c store.WorkCalendar) *segmentationv1.WorkCalendar {
	out := &segmentationv1.WorkCalendar{
		Name: workCalendarName, TimeZone: c.Zone, UpdateTime: timeToProto(c.UpdateTime), UpdatedBy: c.UpdatedBy, Etag: etag(c.UpdateTime, c.Version),
	}
	for day := segmentationv1.WorkDay_DAY_MONDAY; day <= segmentationv1.WorkDay_DAY_SUNDAY; day++ {
		if spans := c.Week[time.Weekday(day)%7]; len(spans) > 0 {
			out.Days = append(out.Days, &segmentationv1.WorkDay{Day: day, Hours: spansToProto(spans)})
		}
	}
	for _, h := range c.Holidays {
		out.Holidays = append(out.Holidays, &segmentationv1.Holiday{
			Date: time.Date(h.Date.Year, h.Date.Month, h.Date.Day, 0, 0, 0, 0, time.UTC).Format(time.DateOnly), DisplayName: h.Name, Hours: spansToProto(h.Hours),
		})
	}
	return out
}

func spansToProto(spans []worktime.Span) (out []*segmentationv1.WorkHours) {
	text := func(minutes int) string { return fmt.Sprintf("%02d:%02d", minutes/60, minutes%60) }
	for _, s := range spans {
		out = append(out, &segmentationv1.WorkHours{Start: text(s.Start), End: text(s.End)})
	}
	return out
}
