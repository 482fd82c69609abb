package storetest

import (
	"testing"
	"time"

	"github.com/otklik/otklik/services/reporting/internal/schedule"
	"github.com/otklik/otklik/services/reporting/internal/store"
)

func manualRuns(t *testing.T, open Open) {
	s := opened(t, open)
	createSchedule(t, s, weekly(acme, "one"))
	run := schedule.Run{Organization: acme, Schedule: "one", ID: "now", Report: "reports/executive-summary", Time: noon, State: schedule.Due, Manual: true, BeginTime: noon}
	added, err := s.AddRun(t.Context(), run)
	equal(t, "run", got(t, added, err), run)
	for _, d := range claim(t, s, noon) {
		settled(t, s, d, schedule.Sent, noon)
	}
	added, err = s.AddRun(t.Context(), run)
	if got(t, added, err); added.State != schedule.Delivered || len(claim(t, s, noon.Add(time.Hour))) != 0 {
		t.Errorf("the same run again: %+v", added)
	}
	run.Schedule = "none"
	_, err = s.AddRun(t.Context(), run)
	want(t, "run of nothing", err, store.ErrNotFound)
	alone := weekly(acme, "alone")
	alone.Recipients = nil
	createSchedule(t, s, alone)
	run.Schedule = "alone"
	added, err = s.AddRun(t.Context(), run)
	got(t, added, err)
	if claimed := claim(t, s, noon); len(claimed) != 1 || claimed[0].Key != "" {
		t.Errorf("without recipients: %+v", claimed)
	}
}

func unsubscribing(t *testing.T, open Open) {
	s := opened(t, open)
	made := createSchedule(t, s, weekly(acme, "one"))
	now := noon.Add(time.Hour)
	runs := begin(t, s, made, now)
	for range 2 {
		must(t, "unsubscribe", s.UnsubscribeReport(t.Context(), acme, "apiKeys/acmeone-b", now))
	}
	want(t, "unsubscribe elsewhere", s.UnsubscribeReport(t.Context(), other, "apiKeys/acmeone-b", now), store.ErrNotFound)
	for _, d := range claim(t, s, now) {
		settled(t, s, d, schedule.Sent, now)
	}
	run, err := s.GetRun(t.Context(), acme, "one", runs[0].ID)
	if got(t, run, err); run.State != schedule.PartlyFailed {
		t.Errorf("%+v", run)
	}
	// A change that began before does not subscribe anybody again.
	made.NextTime = now.Add(7 * 24 * time.Hour)
	updated, err := s.UpdateSchedule(t.Context(), made)
	want(t, "update", err, nil)
	if !updated.Recipients[1].UnsubscribeTime.Equal(now) {
		t.Errorf("%+v", updated.Recipients)
	}
	must(t, "unsubscribe", s.UnsubscribeReport(t.Context(), acme, "apiKeys/acmeone-a", now))
	there, err := s.GetSchedule(t.Context(), acme, "one")
	runs = begin(t, s, got(t, there, err), there.NextTime)
	run, err = s.GetRun(t.Context(), acme, "one", runs[0].ID)
	if got(t, run, err); run.State != schedule.Failed || run.Failure == "" {
		t.Errorf("with nobody left: %+v", run)
	}
}

func pausing(t *testing.T, open Open) {
	s := opened(t, open)
	made := createSchedule(t, s, weekly(acme, "one"))
	now := noon.Add(time.Hour)
	runs := begin(t, s, made, now)
	for range 2 {
		must(t, "pause", s.PauseSchedule(t.Context(), acme, "one", "the owner is gone", now))
	}
	must(t, "pause nothing", s.PauseSchedule(t.Context(), acme, "none", "x", now))
	there, err := s.GetSchedule(t.Context(), acme, "one")
	if got(t, there, err); !there.Paused || there.PauseReason != "the owner is gone" || !there.NextTime.IsZero() || there.Version != 2 {
		t.Errorf("%+v", there)
	}
	run, err := s.GetRun(t.Context(), acme, "one", runs[0].ID)
	if got(t, run, err); run.State != schedule.Failed || run.Failure != "the owner is gone" || len(claim(t, s, now)) != 0 {
		t.Errorf("%+v", run)
	}
	due, err := s.DueSchedules(t.Context(), noon.Add(9999*time.Hour), 10)
	if got(t, due, err); len(due) != 0 {
		t.Errorf("%v", due)
	}
	// What somebody had made of a paused one is given up as well, and the schedule stays as it was.
	added, err := s.AddRun(t.Context(), schedule.Run{
		Organization: acme, Schedule: "one", ID: "now", Report: "reports/executive-summary", Time: now, State: schedule.Due, Manual: true, BeginTime: now,
	})
	got(t, added, err)
	must(t, "pause once more", s.PauseSchedule(t.Context(), acme, "one", "the owner is still gone", now))
	run, err = s.GetRun(t.Context(), acme, "one", "now")
	if got(t, run, err); run.State != schedule.Failed || run.Failure != "the owner is still gone" || len(claim(t, s, now.Add(time.Hour))) != 0 {
		t.Errorf("%+v", run)
	}
	again, err := s.GetSchedule(t.Context(), acme, "one")
	equal(t, "paused again", got(t, again, err), there)
}

func runsAreSwept(t *testing.T, open Open) {
	s := opened(t, open)
	made := createSchedule(t, s, weekly(acme, "one"))
	now := noon.Add(time.Hour)
	begin(t, s, made, now)
	sweep := func() int {
		t.Helper()
		n, err := s.SweepRuns(t.Context(), noon.Add(24*time.Hour), 10)
		return got(t, n, err)
	}
	if sweep() != 0 {
		t.Error("a run under way was removed")
	}
	for _, d := range claim(t, s, now) {
		settled(t, s, d, schedule.Sent, now)
	}
	if sweep() != 1 || sweep() != 0 {
		t.Error("an old run was not removed")
	}
	list, _, err := s.ListReportDeliveries(t.Context(), acme, "one", "", 0, 10)
	if got(t, list, err); len(list) != 0 {
		t.Errorf("%v", list)
	}
}

func schedulesSurviveReopening(t *testing.T, open Open) {
	s := open(t)
	made := createSchedule(t, s, weekly(acme, "one"))
	now := noon.Add(time.Hour)
	begin(t, s, made, now)
	must(t, "close", s.Close())
	_, err := s.GetSchedule(t.Context(), acme, "one")
	want(t, "get after close", err, store.ErrClosed)
	s = opened(t, open)
	if claimed := claim(t, s, now); len(claimed) != 2 {
		t.Errorf("%+v", claimed)
	}
}

// reportsAreKept: what is made by hand, or of a part, is not what is meant to be made at least so often.
func reportsAreKept(t *testing.T, open Open) {
	s := opened(t, open)
	const report = "reports/executive-summary"
	last := func() time.Time {
		t.Helper()
		out, err := s.LastDelivered(t.Context(), acme, []string{report})
		return got(t, out, err)[report]
	}
	deliver := func(now time.Time) {
		t.Helper()
		for _, d := range claim(t, s, now) {
			settled(t, s, d, schedule.Sent, now)
		}
	}
	whole, part := weekly(acme, "whole"), weekly(acme, "part")
	part.Filter, part.NextTime = `location = "osh"`, noon.Add(2*time.Hour)
	whole, part = createSchedule(t, s, whole), createSchedule(t, s, part)
	begin(t, s, part, part.NextTime)
	deliver(part.NextTime)
	added, err := s.AddRun(t.Context(), schedule.Run{Organization: acme, Schedule: "whole", ID: "now", Report: report, Time: noon, State: schedule.Due, Manual: true, BeginTime: noon})
	got(t, added, err)
	deliver(noon.Add(3 * time.Hour))
	if at := last(); !at.IsZero() {
		t.Errorf("delivered at %v", at)
	}
	begin(t, s, whole, whole.NextTime)
	deliver(whole.NextTime)
	if at := last(); !at.Equal(whole.NextTime) {
		t.Errorf("delivered at %v", at)
	}
}
