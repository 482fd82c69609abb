package storetest

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/otklik/otklik/services/reporting/internal/report"
	"github.com/otklik/otklik/services/reporting/internal/schedule"
	"github.com/otklik/otklik/services/reporting/internal/store"
)

// scheduleCases are about reports that are made by themselves.
func scheduleCases() []testCase {
	return []testCase{
		{"Schedules", schedules}, {"SchedulesAreCounted", schedulesAreCounted}, {"RunsBeginOnce", runsBeginOnce}, {"DeliveriesAreClaimedOnce", deliveriesAreClaimedOnce}, {"OrganizationsWait", organizationsWait},
		{"RunsEnd", runsEnd}, {"RunsAreLate", runsAreLate}, {"ManualRuns", manualRuns}, {"Unsubscribing", unsubscribing}, {"Pausing", pausing}, {"ReportsAreKept", reportsAreKept}, {"RunsAreSwept", runsAreSwept},
		{"SchedulesSurviveReopening", schedulesSurviveReopening},
	}
}

// weekly is a schedule with two recipients.
func weekly(organization, id string) schedule.Schedule {
	return schedule.Schedule{
		Organization: organization, ID: id, DisplayName: "Weekly", Report: "reports/executive-summary@1", Language: "en", Formats: []report.Format{report.PDF},
		Recurrence: schedule.Recurrence{Frequency: schedule.Weekly, Weekdays: []time.Weekday{time.Monday}, Minute: 13 * 60, Zone: "UTC"}, CatchUp: schedule.Latest,
		Owner: "members/ann", CreateTime: noon, UpdateTime: noon, NextTime: noon.Add(time.Hour),
		Recipients: []schedule.Recipient{
			{Key: "apiKeys/" + organization + id + "-a", Secret: []byte("a"), Member: "members/ann"},
			{Key: "apiKeys/" + organization + id + "-b", Secret: []byte("b"), Address: []byte("sealed")},
		},
	}
}

func createSchedule(t testing.TB, s store.Store, in schedule.Schedule) schedule.Schedule {
	t.Helper()
	out, err := s.CreateSchedule(t.Context(), in, 10)
	return got(t, out, err)
}

// begin begins what is due of a schedule at a time.
func begin(t testing.TB, s store.Store, in schedule.Schedule, now time.Time) []schedule.Run {
	t.Helper()
	runs, next, err := in.Occurrences(now)
	must(t, "occurrences", err)
	for i := range runs {
		runs[i].Whole = in.Whole()
	}
	must(t, "begin runs", s.BeginRuns(t.Context(), in, runs, next))
	return runs
}

// claim claims what waits of all organisations.
func claim(t testing.TB, s store.Store, now time.Time) (all []schedule.Delivery) {
	t.Helper()
	waiting, err := s.WaitingForReports(t.Context(), now)
	for _, organization := range got(t, waiting, err) {
		out, err := s.ClaimReports(t.Context(), organization, now, now.Add(10*time.Minute), 100)
		all = append(all, got(t, out, err)...)
	}
	return all
}

func settled(t testing.TB, s store.Store, d schedule.Delivery, state schedule.DeliveryState, now time.Time) {
	t.Helper()
	d.State, d.NextTime = state, time.Time{}
	switch state {
	case schedule.Sent:
		d.SendTime, d.Fingerprint, d.Share, d.Failure = now, "abc", "reportShares/x", ""
	case schedule.GivenUp:
		d.Failure = "no such mailbox"
	case schedule.Pending:
		d.NextTime, d.Failure = now.Add(time.Minute), "busy"
	}
	must(t, "settle", s.SettleReport(t.Context(), d, now))
}

func schedules(t *testing.T, open Open) {
	s := opened(t, open)
	made := createSchedule(t, s, weekly(acme, "one"))
	createSchedule(t, s, weekly(other, "one"))
	if made.Version != 1 {
		t.Fatalf("version %d", made.Version)
	}
	there, err := s.GetSchedule(t.Context(), acme, "one")
	equal(t, "schedule", got(t, there, err), made)
	_, err = s.CreateSchedule(t.Context(), weekly(acme, "one"), 10)
	want(t, "create again", err, store.ErrExists)
	_, err = s.GetSchedule(t.Context(), acme, "two")
	want(t, "get unknown", err, store.ErrNotFound)

	second := weekly(acme, "two")
	second.Owner, second.CreateTime, second.Paused, second.NextTime = "members/bob", noon.Add(time.Second), true, time.Time{}
	createSchedule(t, s, second)
	list, more, err := s.ListSchedules(t.Context(), acme, "", 0, 1)
	if got(t, list, err); !more || len(list) != 1 || list[0].ID != "two" || len(list[0].Recipients) != 2 {
		t.Fatalf("%v, %v", list, more)
	}
	list, more, err = s.ListSchedules(t.Context(), acme, "members/ann", 0, 9)
	if got(t, list, err); more || len(list) != 1 || list[0].ID != "one" {
		t.Fatalf("%v, %v", list, more)
	}

	made.DisplayName, made.Recipients, made.Owner = "Every week", made.Recipients[1:], "members/bob"
	made, err = s.UpdateSchedule(t.Context(), made)
	must(t, "update", err)
	there, err = s.GetSchedule(t.Context(), acme, "one")
	equal(t, "updated", got(t, there, err), made)
	made.Version = 1
	_, err = s.UpdateSchedule(t.Context(), made)
	want(t, "update an old one", err, store.ErrChanged)
	made.ID = "three"
	_, err = s.UpdateSchedule(t.Context(), made)
	want(t, "update unknown", err, store.ErrNotFound)

	gone, err := s.DeleteSchedule(t.Context(), acme, "one")
	if got(t, gone, err); len(gone.Recipients) != 1 {
		t.Errorf("%+v", gone)
	}
	_, err = s.DeleteSchedule(t.Context(), acme, "one")
	want(t, "delete again", err, store.ErrNotFound)
	there, err = s.GetSchedule(t.Context(), other, "one")
	got(t, there, err)
}

func schedulesAreCounted(t *testing.T, open Open) {
	s := opened(t, open)
	for n := range 3 {
		_, err := s.CreateSchedule(t.Context(), weekly(acme, fmt.Sprint("s", n)), 2)
		if n < 2 {
			must(t, "create", err)
		} else {
			want(t, "create too many", err, store.ErrTooMany)
		}
	}
}

// runsBeginOnce: of several processes that find a schedule due, one begins its run.
func runsBeginOnce(t *testing.T, open Open) {
	s := opened(t, open)
	made := createSchedule(t, s, weekly(acme, "one"))
	due, err := s.DueSchedules(t.Context(), noon, 10)
	if got(t, due, err); len(due) != 0 {
		t.Fatalf("%v", due)
	}
	now := noon.Add(time.Hour)
	due, err = s.DueSchedules(t.Context(), now, 10)
	if got(t, due, err); len(due) != 1 {
		t.Fatalf("%v", due)
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	begun := 0
	for range 4 {
		wg.Go(func() {
			runs, next, err := made.Occurrences(now)
			if err == nil {
				err = s.BeginRuns(t.Context(), made, runs, next)
			}
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				begun++
			} else if begun > 1 {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	list, _, err := s.ListRuns(t.Context(), acme, "one", 0, 10)
	if got(t, list, err); begun != 1 || len(list) != 1 || list[0].State != schedule.Due || !list[0].Time.Equal(now) {
		t.Fatalf("begun %d times: %+v", begun, list)
	}
	there, err := s.GetSchedule(t.Context(), acme, "one")
	if got(t, there, err); !there.NextTime.Equal(now.Add(7 * 24 * time.Hour)) {
		t.Errorf("next at %v", there.NextTime)
	}
}

func deliveriesAreClaimedOnce(t *testing.T, open Open) {
	s := opened(t, open)
	now := noon.Add(time.Hour)
	begin(t, s, createSchedule(t, s, weekly(acme, "one")), now)
	var wg sync.WaitGroup
	var mu sync.Mutex
	seen := map[string]int{}
	for range 4 {
		wg.Go(func() {
			claimed, err := s.ClaimReports(t.Context(), acme, now, now.Add(time.Minute), 10)
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			for _, d := range claimed {
				seen[d.Key]++
			}
		})
	}
	wg.Wait()
	if len(seen) != 2 || seen["apiKeys/acmeone-a"] != 1 || seen["apiKeys/acmeone-b"] != 1 {
		t.Fatalf("%v", seen)
	}
	// Nor does it begin twice when its next time is put back by a change that began before.
	made, err := s.GetSchedule(t.Context(), acme, "one")
	made.NextTime = now
	_, err = s.UpdateSchedule(t.Context(), got(t, made, err))
	must(t, "update", err)
	begin(t, s, made, now)
	// Who claimed and died is followed by another one, and is too late when coming back.
	first := claim(t, s, now.Add(time.Minute))
	if len(first) != 2 || first[0].Attempts != 0 {
		t.Fatalf("claims count as attempts, or are not taken over: %+v", first)
	}
	late := first[0]
	late.Claim, late.State, late.NextTime = now.Add(time.Minute), schedule.Sent, time.Time{}
	want(t, "settle too late", s.SettleReport(t.Context(), late, now), store.ErrLost)
	_, err = s.KeepReport(t.Context(), late, now.Add(time.Hour))
	want(t, "keep too late", err, store.ErrLost)
	// Who keeps what was claimed has it for longer.
	first[0], err = s.KeepReport(t.Context(), first[0], now.Add(time.Hour))
	must(t, "keep", err)
	if left := claim(t, s, now.Add(30*time.Minute)); len(left) != 1 || left[0].Key == first[0].Key {
		t.Fatalf("%+v", left)
	}
	// Attempts are counted where is told what became of them.
	first[0].Attempts++
	settled(t, s, first[0], schedule.Pending, now)
	again := claim(t, s, now.Add(2*time.Minute))
	if len(again) != 1 || again[0].Attempts != 1 || again[0].Failure != "busy" {
		t.Fatalf("%+v", again)
	}
	first[0] = again[0]
	settled(t, s, first[0], schedule.Sent, now)
	want(t, "settle twice", s.SettleReport(t.Context(), first[0], now), store.ErrLost)
}

func runsEnd(t *testing.T, open Open) {
	s := opened(t, open)
	made := createSchedule(t, s, weekly(acme, "one"))
	now := noon.Add(time.Hour)
	for week, c := range []struct {
		states [2]schedule.DeliveryState
		want   schedule.RunState
	}{
		{[2]schedule.DeliveryState{schedule.Sent, schedule.Sent}, schedule.Delivered},
		{[2]schedule.DeliveryState{schedule.Sent, schedule.GivenUp}, schedule.PartlyFailed},
		{[2]schedule.DeliveryState{schedule.GivenUp, schedule.GivenUp}, schedule.Failed},
		{[2]schedule.DeliveryState{schedule.Sent, schedule.Pending}, schedule.Running},
	} {
		now := now.Add(time.Duration(week) * 7 * 24 * time.Hour)
		runs := begin(t, s, made, now)
		made.NextTime = now.Add(7 * 24 * time.Hour)
		for i, d := range claim(t, s, now) {
			settled(t, s, d, c.states[i], now)
		}
		run, err := s.GetRun(t.Context(), acme, "one", runs[0].ID)
		if got(t, run, err); run.State != c.want || run.EndTime.IsZero() != (c.want == schedule.Running) || (run.Failure == "") != (c.want == schedule.Delivered) {
			t.Errorf("week %d: %+v", week, run)
		}
		list, more, err := s.ListReportDeliveries(t.Context(), acme, "one", runs[0].ID, 1, 1)
		if got(t, list, err); more || len(list) != 1 || list[0].State != c.states[1] || (list[0].Share != "") != (c.states[1] == schedule.Sent) {
			t.Errorf("week %d: %+v, %v", week, list, more)
		}
	}
	last, err := s.LastDelivered(t.Context(), acme, []string{"reports/executive-summary", "reports/other"})
	if got(t, last, err); len(last) != 1 || !last["reports/executive-summary"].EndTime.Equal(now.Add(7*24*time.Hour)) {
		t.Errorf("%v", last)
	}
	_, err = s.GetRun(t.Context(), acme, "one", "none")
	want(t, "get unknown run", err, store.ErrNotFound)
}

func runsAreLate(t *testing.T, open Open) {
	s := opened(t, open)
	made := createSchedule(t, s, weekly(acme, "one"))
	count := func(before time.Time) int64 {
		t.Helper()
		n, err := s.CountLate(t.Context(), before)
		return got(t, n, err)
	}
	now := noon.Add(time.Hour)
	if count(now) != 0 || count(now.Add(1)) != 0 || count(now.Add(time.Second)) != 1 {
		t.Errorf("what is not begun: %d, %d", count(now), count(now.Add(time.Second)))
	}
	runs := begin(t, s, made, now)
	late, err := s.LateRuns(t.Context(), acme, []string{"one", "two"})
	if got(t, late, err); len(late) != 1 || late["one"].ID != runs[0].ID || count(now.Add(time.Second)) != 1 {
		t.Fatalf("%v", late)
	}
	for _, d := range claim(t, s, now) {
		settled(t, s, d, schedule.GivenUp, now)
	}
	if count(now.Add(time.Second)) != 1 {
		t.Error("what failed is not late")
	}
	// The next one is delivered: what failed before is past.
	made.NextTime = now.Add(7 * 24 * time.Hour)
	begin(t, s, made, made.NextTime)
	for _, d := range claim(t, s, made.NextTime) {
		settled(t, s, d, schedule.Sent, made.NextTime)
	}
	late, err = s.LateRuns(t.Context(), acme, []string{"one"})
	if got(t, late, err); len(late) != 0 || count(made.NextTime) != 0 {
		t.Errorf("%v, %d", late, count(made.NextTime))
	}
}
