package delivery_test

import (
	"strings"
	"testing"
	"time"

	"github.com/otklik/otklik/services/reporting/internal/report"
	"github.com/otklik/otklik/services/reporting/internal/schedule"
)

// A schedule states when it is read: its report covers what has just ended there, and the e-mail names the days of the file.
func TestAMonthEndsWhereTheScheduleIs(t *testing.T) {
	bishkek, err := time.LoadLocation("Asia/Bishkek")
	if err != nil {
		t.Fatal(err)
	}
	// In UTC it is the last evening of October still.
	first := time.Date(2026, 11, 1, 3, 0, 0, 0, bishkek)
	h := newHouse(t, func(s *schedule.Schedule) {
		s.Recurrence = schedule.Recurrence{Frequency: schedule.Monthly, Day: 1, Minute: 3 * 60, Zone: "Asia/Bishkek"}
		s.NextTime = first
	})
	h.rule = report.LastMonth
	h.set(first)
	h.run(t, h.process(t))
	taken := h.server.Taken()
	if len(taken) != 2 {
		t.Fatalf("%d e-mails", len(taken))
	}
	for _, m := range taken {
		if !strings.Contains(m.Raw, "Period: 01.10.2026 =E2=80=93 31.10.2026") {
			t.Errorf("%s", m.Raw)
		}
	}
	for _, p := range h.periods {
		if want := time.Date(2026, 10, 1, 0, 0, 0, 0, bishkek); !p.Start.Equal(want) || !p.End.Equal(want.AddDate(0, 1, 0)) {
			t.Errorf("the file covers %v to %v", p.Start, p.End)
		}
	}
}
