package schedule_test

import (
	"testing"
	"time"

	"github.com/otklik/otklik/services/reporting/internal/report"
	"github.com/otklik/otklik/services/reporting/internal/schedule"
)

// TestWhatIsDueNext: no report that keeps its calendar is overdue, however long its months are, and one that does not is.
func TestWhatIsDueNext(t *testing.T) {
	t.Parallel()
	bishkek, err := time.LoadLocation("Asia/Bishkek")
	if err != nil {
		t.Fatal(err)
	}
	const form = "2006-01-02 15:04"
	at := func(text string) time.Time {
		v, err := time.ParseInLocation(form, text, bishkek)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for _, c := range []struct {
		name    string
		cadence report.Cadence
		last    string
		due     string
	}{
		{"daily", report.Daily, "2026-03-02 09:00", "2026-03-03 21:00"},
		{"weekly", report.Weekly, "2026-03-02 09:00", "2026-03-09 21:00"},
		{"the first of a month", report.Monthly, "2026-03-01 09:00", "2026-04-08 09:00"},
		{"the last of a long month", report.Monthly, "2026-01-31 09:00", "2026-03-07 09:00"},
		{"the last of February", report.Monthly, "2026-02-28 09:00", "2026-04-07 09:00"},
		{"the 30th before February", report.Monthly, "2026-01-30 09:00", "2026-03-07 09:00"},
		{"a quarter", report.Quarterly, "2025-11-30 09:00", "2026-03-07 09:00"},
		{"half a year", report.HalfYear, "2025-08-31 09:00", "2026-03-07 09:00"},
		{"a leap year", report.Yearly, "2024-02-29 09:00", "2025-03-07 09:00"},
		// In UTC it is still January.
		{"a month that begins in the zone", report.Monthly, "2026-02-01 03:00", "2026-03-08 03:00"},
	} {
		if due := schedule.DueAfter(c.cadence, at(c.last)).Format(form); due != c.due {
			t.Errorf("%s: %s, want %s", c.name, due, c.due)
		}
	}
	for name, rule := range map[string]schedule.Recurrence{
		"the last day":       {Frequency: schedule.Monthly, Day: -1, Zone: "Asia/Bishkek"},
		"the 31st":           {Frequency: schedule.Monthly, Day: 31, Short: schedule.LastDay, Zone: "Asia/Bishkek"},
		"the 30th":           {Frequency: schedule.Monthly, Day: 30, Short: schedule.LastDay, Zone: "Asia/Bishkek"},
		"the second Tuesday": {Frequency: schedule.Monthly, Weekdays: []time.Weekday{time.Tuesday}, Nth: 2, Zone: "Asia/Bishkek"},
		"the last Friday":    {Frequency: schedule.Monthly, Weekdays: []time.Weekday{time.Friday}, Nth: -1, Zone: "Asia/Bishkek"},
	} {
		last, err := rule.Next(at("2023-12-01 00:00"))
		for range 60 {
			if err != nil {
				t.Fatal(err)
			}
			var next time.Time
			if next, err = rule.Next(last); err == nil && next.After(schedule.DueAfter(report.Monthly, last.In(bishkek))) {
				t.Errorf("%s: %s comes after %s is overdue", name, next, last)
			}
			last = next
		}
	}
}
