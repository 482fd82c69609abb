package schedule

import (
	"time"

	"github.com/otklik/otklik/services/reporting/internal/report"
)

// KeptReports are the reports that are meant to be made at least so often: those that come with the product and are about the whole organisation, by identifier.
func KeptReports() []report.Definition {
	var out []report.Definition
	for _, d := range report.BuiltIns() {
		if p, ok := report.ProfileOf(d.Kind); ok && p.Subject == "" && d.Cadence != report.NoCadence {
			out = append(out, d)
		}
	}
	return out
}

// DueAfter is when a report of a cadence is due at the latest after the one that was due at a time, in the time zone of that time: as long after it as the cadence says,
// and half a day more where it counts days, since machines are not always on time, or a week where it counts months, since the second Tuesday of a month may be five weeks
// after that of the month before. What was due on the last day of a month is next due on the last day of one, and no month is left out because it is short.
func DueAfter(c report.Cadence, last time.Time) time.Time {
	const (
		ofDays   = 12 * time.Hour
		ofMonths = daysOfWeek
	)
	months := map[report.Cadence]int{report.Monthly: 1, report.Quarterly: 3, report.HalfYear: 6, report.Yearly: 12}[c]
	switch {
	case months > 0:
		return monthsAfter(last, months).AddDate(0, 0, ofMonths)
	case c == report.Daily:
		return last.AddDate(0, 0, 1).Add(ofDays)
	}
	return last.AddDate(0, 0, daysOfWeek).Add(ofDays)
}

// monthsAfter is the same day and time some months later, or the last day of that month where it is shorter or the day was the last of its own.
func monthsAfter(t time.Time, months int) time.Time {
	year, month, day := t.Date()
	lastOf := func(m time.Month) int { return time.Date(year, m+1, 0, 0, 0, 0, 0, time.UTC).Day() }
	then := month + time.Month(months)
	if most := lastOf(then); day == lastOf(month) || day > most {
		day = most
	}
	return time.Date(year, then, day, t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), t.Location())
}
