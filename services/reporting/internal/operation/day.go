package operation

import "time"

// Day is a day of the calendar, counted from the first of 1970.
type Day int32

const secondsOfDay = 24 * 60 * 60

// DayOf is the local day of a time in its location.
func DayOf(t time.Time) Day {
	y, m, d := t.Date()
	return Day(time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / secondsOfDay)
}

// Date is the day at midnight in universal time, which stands for the day of the calendar.
func (d Day) Date() time.Time { return time.Unix(int64(d)*secondsOfDay, 0).UTC() }

// In is the first moment of the day in a zone.
func (d Day) In(zone *time.Location) time.Time {
	y, m, n := d.Date().Date()
	return time.Date(y, m, n, 0, 0, 0, 0, zone)
}

// Month is a month of the calendar, counted from the year 0.
type Month int32

const monthsOfYear = 12

// Month is the one that holds the day.
func (d Day) Month() Month {
	y, m, _ := d.Date().Date()
	return Month(y*monthsOfYear + int(m) - 1)
}

// First is the first day of the month.
func (m Month) First() Day {
	return DayOf(time.Date(int(m)/monthsOfYear, time.Month(int(m)%monthsOfYear+1), 1, 0, 0, 0, 0, time.UTC))
}

// String is the day as 2026-03-31.
func (d Day) String() string { return d.Date().Format(time.DateOnly) }
