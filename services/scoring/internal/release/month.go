package release

import "time"

// Month is a calendar month: months since the year 0.
type Month int32

// MonthOf is the month that holds a moment in a location.
func MonthOf(t time.Time, loc *time.Location) Month {
	y, m, _ := t.In(loc).Date()
	return Month(y*12 + int(m) - 1)
}

// Middle is a moment in the month, whatever the location.
func (m Month) Middle() time.Time {
	return time.Date(int(m)/12, time.Month(int(m)%12+1), 15, 12, 0, 0, 0, time.UTC)
}
