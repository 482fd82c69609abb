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

// DueAfter is when a report of a cadence is due at the latest after it was delivered: its time and half a day more, since months are not equally long and machines
// not always on time.
func DueAfter(c report.Cadence, last time.Time) time.Time {
	const leeway = 12 * time.Hour
	days, months := 0, 0
	switch c {
	case report.Daily:
		days = 1
	case report.Weekly:
		days = daysOfWeek
	case report.Monthly:
		months = 1
	case report.Quarterly:
		months = 3
	case report.HalfYear:
		months = 6
	case report.Yearly:
		months = 12
	}
	return last.AddDate(0, months, days).Add(leeway)
}
