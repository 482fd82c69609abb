// Package schedule holds the rules of reports that are made by themselves: on which days and at what time of which zone, what becomes of occurrences that were
// missed, and when a report is overdue.
package schedule

import (
	"fmt"
	"slices"
	"time"
)

// Frequency is how often something recurs. The numbers are stored: they never change.
type Frequency uint8

// The frequencies.
const (
	Daily Frequency = iota + 1
	Weekly
	Monthly
	Quarterly
	HalfYearly
	Yearly
)

// months is the length of the cycle of a frequency that goes by months; 0 for others.
func (f Frequency) months() int {
	switch f {
	case Monthly:
		return 1
	case Quarterly:
		return 3
	case HalfYearly:
		return 6
	case Yearly:
		return 12
	}
	return 0
}

// Short is what is done in a month that does not have the day. The numbers are stored: they never change.
type Short uint8

// What is done in a short month.
const (
	// Unstated is good for days that every month has.
	Unstated Short = iota
	// LastDay takes the last day of the month instead.
	LastDay
	// Skip leaves the month out.
	Skip
)

// Last is the day of the month, or the number of the weekday in the month, that counts from the end.
const Last = -1

const (
	minutesOfDay = 24 * 60
	daysOfWeek   = 7
	// shortest is how many days every month has.
	shortest = 28
)

// Recurrence says when something recurs: exactly one of Day and Nth is set where it goes by months.
type Recurrence struct {
	Frequency Frequency `json:"frequency"`
	// Weekdays are the days of a week: all that it is done on where it is Weekly, and one where Nth is set.
	Weekdays []time.Weekday `json:"weekdays,omitempty"`
	// Day is the day of the month from 1, or Last.
	Day int `json:"day,omitempty"`
	// Nth is which of the weekdays of the month it is, from 1 to 5, or Last.
	Nth int `json:"nth,omitempty"`
	// Month is the month of the cycle from 1: of the quarter, the half-year or the year.
	Month int `json:"month,omitempty"`
	// Short is what is done in months without the day.
	Short Short `json:"short,omitempty"`
	// Minute is the time of day in minutes since midnight, Zone the time zone that it is in.
	Minute int    `json:"minute"`
	Zone   string `json:"zone"`
}

// Refusal says what of a recurrence cannot be.
type Refusal struct{ Field, Description string }

// Error describes the refusal.
func (r *Refusal) Error() string { return r.Field + ": " + r.Description }

func refuse(field, format string, args ...any) error {
	return &Refusal{Field: field, Description: fmt.Sprintf(format, args...)}
}

// Check refuses what cannot be. Errors are *Refusal.
func (r Recurrence) Check() error {
	if r.Minute < 0 || r.Minute >= minutesOfDay {
		return refuse("minute_of_day", "is not between 0 and %d", minutesOfDay-1)
	}
	if r.Zone == "" || r.Zone == "Local" {
		return refuse("time_zone", "must name an IANA time zone, such as Asia/Bishkek")
	}
	if _, err := time.LoadLocation(r.Zone); err != nil {
		return refuse("time_zone", "is no IANA time zone, such as Asia/Bishkek")
	}
	if r.Frequency < Daily || r.Frequency > Yearly {
		return refuse("frequency", "is not known")
	}
	sorted := slices.Clone(r.Weekdays)
	slices.Sort(sorted)
	if len(slices.Compact(sorted)) != len(r.Weekdays) {
		return refuse("weekdays", "names a day twice")
	}
	if r.Frequency.months() > 0 {
		return r.checkMonthly()
	}
	switch {
	case r.Frequency == Weekly && len(r.Weekdays) == 0:
		return refuse("weekdays", "must name at least one day for WEEKLY")
	case r.Frequency == Daily && len(r.Weekdays) > 0:
		return refuse("weekdays", "goes with WEEKLY, or with nth_weekday; DAILY is every day")
	case r.Day != 0:
		return refuse("day_of_month", "does not go with DAILY and WEEKLY")
	case r.Nth != 0:
		return refuse("nth_weekday", "does not go with DAILY and WEEKLY")
	case r.Month != 0:
		return refuse("month", "does not go with DAILY and WEEKLY")
	case r.Short != Unstated:
		return refuse("short_month", "does not go with DAILY and WEEKLY")
	}
	return nil
}

// checkMonthly refuses what cannot be of a recurrence that goes by months.
func (r Recurrence) checkMonthly() error {
	cycle := r.Frequency.months()
	switch {
	case cycle == 1 && r.Month != 0:
		return refuse("month", "does not go with MONTHLY, which is every month")
	case cycle > 1 && (r.Month < 1 || r.Month > cycle):
		return refuse("month", "must be from 1 to %d: the month of the cycle", cycle)
	case r.Day == 0 && r.Nth == 0:
		return refuse("day_of_month", "is missing: state it, or nth_weekday with a day in weekdays")
	case r.Day != 0 && r.Nth != 0:
		return refuse("nth_weekday", "does not go with day_of_month: state one of them")
	case r.Nth != 0:
		return r.checkNth()
	case len(r.Weekdays) > 0:
		return refuse("weekdays", "goes with nth_weekday, not with day_of_month")
	case r.Day != Last && (r.Day < 1 || r.Day > 31):
		return refuse("day_of_month", "is neither from 1 to 31 nor -1 for the last day")
	}
	if r.Day <= shortest {
		if r.Short != Unstated {
			return refuse("short_month", "is for days that not every month has; every month has this one")
		}
		return nil
	}
	if longest := r.longest(); r.Day > longest {
		return refuse("day_of_month", "never comes: %s", neverComes(time.Month(r.Month), longest))
	}
	if r.Short != LastDay && r.Short != Skip {
		return refuse("short_month", "must say what is done in a month that has no day %d: LAST_DAY of that month, or SKIP it", r.Day)
	}
	return nil
}

func neverComes(month time.Month, longest int) string {
	return fmt.Sprintf("%s has at most %d days", month, longest)
}

func (r Recurrence) checkNth() error {
	switch {
	case r.Nth != Last && (r.Nth < 1 || r.Nth > 5):
		return refuse("nth_weekday", "is neither from 1 to 5 nor -1 for the last one")
	case len(r.Weekdays) != 1:
		return refuse("weekdays", "must name the one day that nth_weekday counts")
	case r.Nth == 5 && r.Short != Skip:
		return refuse("short_month", "must be SKIP: not every month has a fifth one; -1 is the last one of each")
	case r.Nth != 5 && r.Short != Unstated:
		return refuse("short_month", "is for days that not every month has; every month has this one")
	}
	return nil
}

// longest is how many days the longest month has that it falls in.
func (r Recurrence) longest() int {
	most := 0
	cycle := r.Frequency.months()
	for m := time.January; m <= time.December; m++ {
		if (int(m)-1)%cycle == max(r.Month, 1)-1 || cycle == 1 {
			// Of a leap year.
			most = max(most, daysIn(2024, m))
		}
	}
	return most
}

// daysIn is how many days a month has.
func daysIn(year int, month time.Month) int {
	return time.Date(year, month+1, 0, 0, 0, 0, 0, time.UTC).Day()
}
