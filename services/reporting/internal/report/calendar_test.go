package report_test

import (
	"testing"
	"time"

	"github.com/otklik/otklik/services/reporting/internal/report"
)

func TestCalendar(t *testing.T) {
	zone, err := time.LoadLocation("Asia/Bishkek")
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string][2]string{
		"2026":       {"2026-01-01", "2027-01-01"},
		"2026-H1":    {"2026-01-01", "2026-07-01"},
		"2026-H2":    {"2026-07-01", "2027-01-01"},
		"2026-Q4":    {"2026-10-01", "2027-01-01"},
		"2024-02":    {"2024-02-01", "2024-03-01"},
		"2026-12":    {"2026-12-01", "2027-01-01"},
		"2024-02-29": {"2024-02-29", "2024-03-01"},
	} {
		got, ok := report.Calendar(text, zone)
		if !ok || got.Zone != zone || got.Start.Format(time.DateOnly) != want[0] || got.End.Format(time.DateOnly) != want[1] || got.Start.Hour() != 0 || got.Start.Location() != zone {
			t.Errorf("%s: %v to %v, %v", text, got.Start, got.End, ok)
		}
	}
	for _, text := range []string{"", "2026-13", "2026-02-29", "2026-Q5", "2026-Q0", "2026-H3", "26", "2026-1", "last"} {
		if got, ok := report.Calendar(text, zone); ok {
			t.Errorf("%s: %v to %v", text, got.Start, got.End)
		}
	}
}
