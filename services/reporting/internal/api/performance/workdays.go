package performance

import (
	"context"
	"fmt"
	"time"

	"github.com/otklik/otklik/services/reporting/internal/api/fault"
	"github.com/otklik/otklik/services/reporting/internal/operation"
)

// Conventions of which days are worked on.
const (
	byRequest  = "HOLIDAYS_OF_THE_REQUEST"
	byCalendar = "WORK_CALENDAR"
	byWeek     = "MONDAY_TO_FRIDAY"
)

// workdays tell which days are worked on.
type workdays struct {
	// weekdays are those of the week, Monday first, days those that differ from them.
	weekdays [week]bool
	days     map[operation.Day]bool
}

// on tells whether a day is worked on.
func (w workdays) on(d operation.Day) bool {
	if working, ok := w.days[d]; ok {
		return working
	}
	return w.weekdays[weekdayOf(d)]
}

// weekdayOf is the day of the week, 0 for Monday.
func weekdayOf(d operation.Day) int { return (int(d.Date().Weekday()) + 6) % week }

// workdaysOf are Monday to Friday but the holidays that are named; where none is, those of the organisation's calendar, if it has set one. The convention says
// which.
func (s *Server) workdaysOf(ctx context.Context, holidays []string) (w workdays, convention string, err error) {
	w = workdays{weekdays: [week]bool{true, true, true, true, true}, days: map[operation.Day]bool{}}
	for i, text := range holidays {
		d, err := dayOf(fmt.Sprintf("holidays[%d]", i), text)
		if err != nil {
			return w, "", err
		}
		w.days[d] = false
	}
	if len(holidays) > 0 {
		return w, byRequest, nil
	}
	c, err := s.Segmentation.WorkCalendar(ctx)
	switch {
	case err != nil:
		return w, "", fault.Segmentation(err)
	case c.GetUpdateTime() == nil:
		// None was set: it says that each hour is worked.
		return w, byWeek, nil
	}
	w.weekdays = [week]bool{}
	for _, d := range c.GetDays() {
		w.weekdays[d.GetDay()-1] = len(d.GetHours()) > 0
	}
	for _, h := range c.GetHolidays() {
		if t, err := time.Parse(time.DateOnly, h.GetDate()); err == nil {
			w.days[operation.DayOf(t)] = len(h.GetHours()) > 0
		}
	}
	return w, byCalendar, nil
}
