// Package worktime counts working time: how much of it lies between two moments, and when so much of it has passed.
//
// A moment is working time when the clock on the wall of the calendar's time zone then shows a time within the hours of that day. So an hour that is skipped
// in spring is nobody's, and one that comes twice in autumn is worked twice. Everything is exact to the nanosecond, for moments from 1700 to 2200.
package worktime

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// Span is a part of a day, in minutes on the wall clock since midnight: [Start, End), up to 1440.
type Span struct {
	Start int `json:"start"`
	End   int `json:"end"`
}

// Date is a day of the calendar.
type Date struct {
	Year  int        `json:"year"`
	Month time.Month `json:"month"`
	Day   int        `json:"day"`
}

// Holiday is a day whose hours are not those of its weekday.
type Holiday struct {
	Date Date   `json:"date"`
	Name string `json:"name,omitempty"`
	// Hours of that day; none when nobody works.
	Hours []Span `json:"hours,omitempty"`
}

// Calendar says when an organisation works.
type Calendar struct {
	// Zone is an IANA time zone.
	Zone string `json:"zone"`
	// Week are the hours of the days of the week, by time.Weekday.
	Week [7][]Span `json:"week"`
	// Holidays are at most MostHolidays, each day at most once.
	Holidays []Holiday `json:"holidays,omitempty"`
}

// MostHolidays bounds the holidays of a calendar.
const MostHolidays = 1000

// Refusal is why a calendar cannot be.
type Refusal struct {
	// Field is the field of the calendar at fault, such as `holidays[3].hours[1]`.
	Field, Description string
}

// Error says why.
func (r *Refusal) Error() string { return r.Field + ": " + r.Description }

// Always is a calendar by which every moment is working time.
func Always() Calendar {
	c := Calendar{Zone: "UTC"}
	for i := range c.Week {
		c.Week[i] = []Span{{0, minutesOfDay}}
	}
	return c
}

const minutesOfDay = 24 * 60

// check refuses what is no calendar: hours that overlap, days named twice, a week without work. Errors: *Refusal.
func (c Calendar) check() error {
	var weekly int
	for day, spans := range c.Week {
		if err := checkSpans(fmt.Sprintf("%s.hours", weekdays[day]), spans); err != nil {
			return err
		}
		weekly += total(spans)
	}
	if weekly == 0 {
		return &Refusal{"days", "must have working hours on a day of the week: without any no case would ever be due"}
	}
	if len(c.Holidays) > MostHolidays {
		return &Refusal{"holidays", fmt.Sprintf("must be at most %d", MostHolidays)}
	}
	seen := map[Date]int{}
	for i, h := range c.Holidays {
		field := fmt.Sprintf("holidays[%d]", i)
		if t := h.Date.midnight(); !h.Date.is(t) || h.Date.Year < 1900 || h.Date.Year > 2199 {
			return &Refusal{field + ".date", "must be a day of the calendar from 1900 to 2199"}
		}
		if before, twice := seen[h.Date]; twice {
			return &Refusal{field + ".date", fmt.Sprintf("is that of holidays[%d]: name each day once", before)}
		}
		seen[h.Date] = i
		if err := checkSpans(field+".hours", h.Hours); err != nil {
			return err
		}
	}
	return nil
}

// weekdays are how the fields of days are called.
var weekdays = [7]string{"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"}

func checkSpans(field string, spans []Span) error {
	end := 0
	for i, s := range spans {
		at := fmt.Sprintf("%s[%d]", field, i)
		switch {
		case s.Start < 0 || s.End > minutesOfDay:
			return &Refusal{at, "must lie within one day"}
		case s.Start >= s.End:
			return &Refusal{at, "must end after its start"}
		case s.Start < end:
			return &Refusal{at, "overlaps the hours before it, or is not after them"}
		}
		end = s.End
	}
	return nil
}

// midnight is the day as its local time would be at offset 0.
func (d Date) midnight() time.Time { return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC) }

func (d Date) is(t time.Time) bool {
	return t.Year() == d.Year && t.Month() == d.Month && t.Day() == d.Day
}

func total(spans []Span) int {
	var n int
	for _, s := range spans {
		n += s.End - s.Start
	}
	return n
}

// Compile makes the clock of a calendar. Errors: *Refusal.
func (c Calendar) Compile() (*Clock, error) {
	zone, err := location(c.Zone)
	if err != nil {
		return nil, err
	}
	if err := c.check(); err != nil {
		return nil, err
	}
	k := &Clock{zone: zone, holidays: make(map[int64][]Span, len(c.Holidays))}
	for day, spans := range c.Week {
		k.week[day] = slices.Clone(spans)
	}
	for _, h := range c.Holidays {
		k.holidays[h.Date.midnight().Unix()/secondsOfDay] = slices.Clone(h.Hours)
	}
	return k, nil
}

var errLocal = errors.New("local time is that of the machine")

func location(name string) (*time.Location, error) {
	zone, err := time.LoadLocation(name)
	if err == nil && (name == "" || name == "Local") {
		err = errLocal
	}
	if err != nil {
		return nil, &Refusal{"time_zone", "must be an IANA time zone such as Asia/Bishkek"}
	}
	return zone, nil
}
