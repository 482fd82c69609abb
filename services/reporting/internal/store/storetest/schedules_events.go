package storetest

import (
	"testing"
	"time"

	"github.com/otklik/otklik/services/reporting/internal/schedule"
	"github.com/otklik/otklik/services/reporting/internal/store"
)

// eventCases are about what is told of runs.
func eventCases() []testCase {
	return []testCase{{"RunsAreTold", runsAreTold}, {"OverdueIsToldOnce", overdueIsToldOnce}}
}

// mostEvents is more than these cases have.
const mostEvents = 10

// reportEvents are the events after a position, without their times and reports.
func reportEvents(t *testing.T, s store.Store, organization string, after int64) (out []schedule.Event, head int64) {
	t.Helper()
	out, head, err := s.ReportEvents(t.Context(), organization, after, mostEvents)
	must(t, "read events", err)
	return out, head
}

func runsAreTold(t *testing.T, open Open) {
	s := open(t)
	now := noon.Add(time.Hour)
	if events, head := reportEvents(t, s, "", 0); len(events) != 0 || head != 0 {
		t.Errorf("%v, %d", events, head)
	}
	mine, theirs := createSchedule(t, s, weekly(acme, "one")), createSchedule(t, s, weekly(other, "one"))
	runs := begin(t, s, mine, now)
	begin(t, s, theirs, now)
	states := []schedule.DeliveryState{schedule.Sent, schedule.Pending, schedule.GivenUp, schedule.GivenUp}
	var waiting schedule.Delivery
	for i, d := range claim(t, s, now) {
		settled(t, s, d, states[i], now)
		if states[i] == schedule.Pending {
			waiting = d
		}
	}
	// One still waits, the other organisation's failed: nothing is told of either.
	if events, _ := reportEvents(t, s, "", 0); len(events) != 0 {
		t.Errorf("%v", events)
	}
	for _, d := range claim(t, s, now.Add(time.Hour)) {
		equal(t, "delivery", d.Key, waiting.Key)
		settled(t, s, d, schedule.GivenUp, now.Add(time.Hour))
	}
	must(t, "close", s.Close())
	s = opened(t, open)
	want := []schedule.Event{{
		Position: 1, Organization: acme, Time: now.Add(time.Hour), Kind: schedule.ToldDelivered, Run: "reportSchedules/one/runs/" + runs[0].ID, Report: "reports/executive-summary",
	}}
	events, head := reportEvents(t, s, "", 0)
	equal(t, "events", events, want)
	equal(t, "head", head, 1)
	events, _ = reportEvents(t, s, acme, 0)
	equal(t, "events of the organisation", events, want)
	if events, head = reportEvents(t, s, other, 0); len(events) != 0 || head != 1 {
		t.Errorf("of another one: %v, %d", events, head)
	}
	if events, _ = reportEvents(t, s, "", 1); len(events) != 0 {
		t.Errorf("after the last: %v", events)
	}
	n, err := s.SweepReportEvents(t.Context(), now.Add(time.Hour), 10)
	equal(t, "swept too early", got(t, n, err), 0)
	n, err = s.SweepReportEvents(t.Context(), now.Add(2*time.Hour), 10)
	equal(t, "swept", got(t, n, err), 1)
	if events, head = reportEvents(t, s, "", 0); len(events) != 0 || head != 1 {
		t.Errorf("swept: %v, %d", events, head)
	}
}

func overdueIsToldOnce(t *testing.T, open Open) {
	s := opened(t, open)
	now := noon.Add(time.Hour)
	made := createSchedule(t, s, weekly(acme, "one"))
	runs := begin(t, s, made, now)
	added, err := s.AddRun(t.Context(), schedule.Run{Organization: acme, Schedule: "one", ID: "by-hand", Report: "reports/executive-summary", Time: noon, State: schedule.Due, Manual: true, BeginTime: noon})
	got(t, added, err)
	told := func(before time.Time) int {
		t.Helper()
		n, err := s.TellOverdue(t.Context(), before, now.Add(time.Hour), 10)
		return got(t, n, err)
	}
	equal(t, "told before it is", told(now), 0)
	equal(t, "told", told(now.Add(time.Second)), 1)
	equal(t, "told again", told(now.Add(time.Second)), 0)
	events, _ := reportEvents(t, s, "", 0)
	equal(t, "events", events, []schedule.Event{{
		Position: 1, Organization: acme, Time: now.Add(time.Hour), Kind: schedule.ToldOverdue, Run: "reportSchedules/one/runs/" + runs[0].ID, Report: "reports/executive-summary",
	}})
	// What is delivered in time is never overdue.
	made.NextTime = now.AddDate(0, 0, 7)
	begin(t, s, made, made.NextTime)
	for _, d := range claim(t, s, made.NextTime) {
		settled(t, s, d, schedule.Sent, made.NextTime)
	}
	equal(t, "told of what was delivered", told(made.NextTime.Add(time.Hour)), 0)
}
