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

// reportsAreKept: what is made by hand, of a part, or for nobody, is not what is meant to be made at least so often.
func reportsAreKept(t *testing.T, open Open) {
	s := opened(t, open)
	const name = "reports/executive-summary"
	last := func() schedule.Run {
		t.Helper()
		out, err := s.LastDelivered(t.Context(), acme, []string{name, "reports/other"})
		return got(t, out, err)[name]
	}
	deliver := func(now time.Time, state schedule.DeliveryState) {
		t.Helper()
		for _, d := range claim(t, s, now) {
			settled(t, s, d, state, now)
		}
	}
	part, nobody, elsewhere := weekly(acme, "part"), weekly(acme, "nobody"), weekly(other, "whole")
	part.Filter, nobody.Recipients = `location = "osh"`, nil
	for _, in := range []schedule.Schedule{part, nobody, elsewhere} {
		begin(t, s, createSchedule(t, s, in), in.NextTime)
	}
	deliver(noon.Add(2*time.Hour), schedule.Sent)
	whole := createSchedule(t, s, weekly(acme, "whole"))
	added, err := s.AddRun(t.Context(), schedule.Run{Organization: acme, Schedule: "whole", ID: "now", Report: name, Time: noon, State: schedule.Due, Manual: true, BeginTime: noon})
	got(t, added, err)
	deliver(noon.Add(3*time.Hour), schedule.Sent)
	if run := last(); run.ID != "" {
		t.Errorf("delivered: %+v", run)
	}
	runs := begin(t, s, whole, whole.NextTime)
	if run := last(); run.ID != "" {
		t.Errorf("delivered before it was: %+v", run)
	}
	deliver(noon.Add(4*time.Hour), schedule.Sent)
	if run := last(); run.ID != runs[0].ID || !run.Time.Equal(whole.NextTime) || !run.EndTime.Equal(noon.Add(4*time.Hour)) {
		t.Errorf("delivered: %+v", run)
	}
	// One that nobody got changes nothing.
	whole.NextTime = whole.NextTime.AddDate(0, 0, 7)
	begin(t, s, whole, whole.NextTime)
	deliver(whole.NextTime, schedule.GivenUp)
	if run := last(); run.ID != runs[0].ID {
		t.Errorf("delivered: %+v", run)
	}
	// What webhooks tell of is made for somebody.
	told := weekly(acme, "told")
	told.Recipients, told.Way = nil, schedule.ByWebhook
	told = createSchedule(t, s, told)
	told.NextTime = whole.NextTime.AddDate(0, 0, 7)
	updated, err := s.UpdateSchedule(t.Context(), told)
	runs = begin(t, s, got(t, updated, err), told.NextTime)
	deliver(told.NextTime, schedule.Sent)
	if run := last(); run.ID != runs[0].ID || run.Schedule != "told" {
		t.Errorf("delivered: %+v", run)
	}
}

// organizationsWait: the one that has waited longest comes first, and each is asked for its own.
func organizationsWait(t *testing.T, open Open) {
	s := opened(t, open)
	late := weekly(other, "one")
	late.NextTime = noon
	begin(t, s, createSchedule(t, s, weekly(acme, "one")), noon.Add(time.Hour))
	begin(t, s, createSchedule(t, s, late), noon.Add(time.Minute))
	waiting := func(now time.Time) []string {
		t.Helper()
		out, err := s.WaitingForReports(t.Context(), now)
		return got(t, out, err)
	}
	equal(t, "too early", waiting(noon), nil)
	equal(t, "one", waiting(noon.Add(time.Minute)), []string{other})
	equal(t, "both", waiting(noon.Add(2*time.Hour)), []string{other, acme})
	claimed, err := s.ClaimReports(t.Context(), acme, noon.Add(2*time.Hour), noon.Add(3*time.Hour), 10)
	for _, d := range got(t, claimed, err) {
		equal(t, "organisation", d.Organization, acme)
	}
	equal(t, "claimed", len(claimed), 2)
	equal(t, "the other still", waiting(noon.Add(2*time.Hour)), []string{other})
}
