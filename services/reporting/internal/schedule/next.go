package schedule

import (
	"fmt"
	"time"
)

// farthest is how many days ahead an occurrence is looked for: 29 February comes after eight years at the latest, and once in a while a fifth weekday.
const farthest = 9 * 366

// Next is the first occurrence after a moment; the recurrence must have passed Check. A time of day that is left out when clocks go forward is the first one after
// that there is; one that comes twice counts once, when it comes first.
func (r Recurrence) Next(after time.Time) (time.Time, error) {
	zone, err := time.LoadLocation(r.Zone)
	if err != nil {
		return time.Time{}, fmt.Errorf("load time zone: %w", err)
	}
	// The day before too: clocks may have gone back over midnight.
	year, month, day := after.In(zone).Date()
	for n := -1; n < farthest; n++ {
		date := time.Date(year, month, day+n, 12, 0, 0, 0, time.UTC)
		if !r.falls(date) {
			continue
		}
		at, ok := clock(date, r.Minute, zone)
		if ok && at.After(after) {
			return at, nil
		}
	}
	return time.Time{}, fmt.Errorf("find next occurrence after %v: there is none", after)
}

// falls tells whether it is done on a date, which is given in UTC.
func (r Recurrence) falls(date time.Time) bool {
	switch r.Frequency {
	case Daily:
		return true
	case Weekly:
		for _, w := range r.Weekdays {
			if date.Weekday() == w {
				return true
			}
		}
		return false
	}
	cycle := r.Frequency.months()
	year, month, day := date.Date()
	if (int(month)-1)%cycle != max(r.Month, 1)-1 && cycle > 1 {
		return false
	}
	length := daysIn(year, month)
	switch {
	case r.Nth == Last:
		return date.Weekday() == r.Weekdays[0] && day > length-daysOfWeek
	case r.Nth > 0:
		return date.Weekday() == r.Weekdays[0] && (day-1)/daysOfWeek == r.Nth-1
	case r.Day == Last, r.Day > length && r.Short == LastDay:
		return day == length
	}
	return day == r.Day
}

// clock is the first moment at which a clock of the zone shows the minute of the date, or, where clocks leave that out, the first one after it; false where the
// zone has no such day at all.
func clock(date time.Time, minute int, zone *time.Location) (time.Time, bool) {
	year, month, day := date.Date()
	at := time.Date(year, month, day, 0, minute, 0, 0, zone)
	// Of a time that comes twice Go may give either: the first is as much earlier as the clock went back.
	if shows(at, date, minute) {
		for _, back := range []time.Duration{2 * time.Hour, time.Hour, 30 * time.Minute, 20 * time.Minute} {
			if earlier := at.Add(-back); shows(earlier, date, minute) {
				return earlier, true
			}
		}
		return at, true
	}
	// It is left out: the change of clocks lies within a day of it, and the first moment after the gap is that of the change.
	low, high := at.Add(-26*time.Hour), at.Add(26*time.Hour)
	for high.Sub(low) > time.Nanosecond {
		middle := low.Add(high.Sub(low) / 2)
		if wall(middle).Before(wallOf(date, minute)) {
			low = middle
		} else {
			high = middle
		}
	}
	y, m, d := high.In(zone).Date()
	return high, y == year && m == month && d == day
}

// shows tells whether a clock shows the minute of a date at a moment.
func shows(at, date time.Time, minute int) bool { return wall(at).Equal(wallOf(date, minute)) }

// wall is what a clock shows at a moment, and wallOf what it shows at the minute of a date; both as if there were no zones, so that they compare.
func wall(at time.Time) time.Time {
	y, m, d := at.Date()
	return time.Date(y, m, d, at.Hour(), at.Minute(), at.Second(), at.Nanosecond(), time.UTC)
}

func wallOf(date time.Time, minute int) time.Time {
	y, m, d := date.Date()
	return time.Date(y, m, d, 0, minute, 0, 0, time.UTC)
}
