package report

import (
	"time"

	"github.com/otklik/otklik/services/reporting/internal/document"
)

// Calendar reads a stretch of the calendar of a time zone: a year (2026), a half-year (2026-H1), a quarter (2026-Q3), a month (2026-10) or a day (2026-10-31).
// False for anything else.
func Calendar(text string, zone *time.Location) (document.Period, bool) {
	if len(text) == len("2026-Q1") && (text[5] == 'Q' || text[5] == 'H') {
		year, err := time.ParseInLocation("2006", text[:4], zone)
		parts := 4
		if text[5] == 'H' {
			parts = 2
		}
		part := int(text[6] - '1')
		if err != nil || text[4] != '-' || part < 0 || part >= parts {
			return document.Period{}, false
		}
		months := 12 / parts
		return document.Period{Start: year.AddDate(0, part*months, 0), End: year.AddDate(0, (part+1)*months, 0), Zone: zone}, true
	}
	for _, p := range []struct {
		layout              string
		years, months, days int
	}{{"2006", 1, 0, 0}, {"2006-01", 0, 1, 0}, {time.DateOnly, 0, 0, 1}} {
		if start, err := time.ParseInLocation(p.layout, text, zone); err == nil {
			return document.Period{Start: start, End: start.AddDate(p.years, p.months, p.days), Zone: zone}, true
		}
	}
	return document.Period{}, false
}
