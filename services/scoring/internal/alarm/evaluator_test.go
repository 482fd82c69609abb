package alarm_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/otklik/otklik/libs/calendar"
	"github.com/otklik/otklik/services/scoring/internal/alarm"
	"github.com/otklik/otklik/services/scoring/internal/alert"
	"github.com/otklik/otklik/services/scoring/internal/histogram"
	"github.com/otklik/otklik/services/scoring/internal/metric"
	"github.com/otklik/otklik/services/scoring/internal/store"
	"github.com/otklik/otklik/services/scoring/internal/store/sqlite"
)

// counts are a source that tests make: a unit that is well for ten days, ill for ten and well again.
type counts struct {
	mu        sync.Mutex
	watermark time.Time
	failure   error
	asked     int
}

// Watermark is up to when the source counts.
func (c *counts) Watermark() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.watermark
}

// reach moves the watermark.
func (c *counts) reach(day int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.watermark = began.AddDate(0, 0, day)
}

func (c *counts) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.failure = err
}

// Series returns the days between two moments.
func (c *counts) Series(_ context.Context, _ *alert.Rule, start, end time.Time) (alarm.Counted, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked++
	if c.failure != nil {
		return alarm.Counted{}, c.failure
	}
	s := alert.Series{Unit: "u"}
	for day := range 40 {
		from := began.AddDate(0, 0, day)
		if from.Before(start) || !from.Before(end) {
			continue
		}
		h := histogram.Of(10000, 10000, 0, 10000, 10000, -10000, 10000, 10000, 0, 10000, 10000, 10000)
		if day >= 10 && day < 20 {
			h = histogram.Of(-10000, -10000, 0, -10000, 10000, -10000, -10000, -10000, 0, -10000, -10000, 10000)
		}
		s.Periods = append(s.Periods, alert.Period{Start: from, End: from.AddDate(0, 0, 1), Answers: h})
	}
	return alarm.Counted{Scale: alert.Scale{Min: -100, Max: 100}, Series: []alert.Series{s}, AsOf: c.watermark}, nil
}

func opened(t *testing.T) store.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "scoring.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// daily is a rule that was made in the ninth day.
func daily(t *testing.T, s store.Store) store.AlertRule {
	t.Helper()
	r, err := s.CreateAlertRule(t.Context(), store.AlertRule{Due: began.AddDate(0, 0, 9), Rule: alert.Rule{
		Organization: acme, ID: "daily", Subject: alert.Subject{Survey: "shop", Metric: metric.NPS, Variant: metric.NPSAnswered, Grain: calendar.Day, TimeZone: "UTC"},
		Params: alert.Params{Baseline: alert.Baseline{Start: began}}.WithDefaults(),
	}}, 9)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func evaluator(s store.Store, c *counts, now func() time.Time) *alarm.Evaluator {
	return &alarm.Evaluator{Store: s, Source: c, Interval: time.Millisecond, Logger: slog.New(slog.DiscardHandler), Now: now}
}

func events(t *testing.T, s store.Store) (told []string) {
	t.Helper()
	all, _, err := s.AlertEvents(t.Context(), "", 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range all {
		told = append(told, fmt.Sprintf("%d of %d", e.Kind, e.Alert.Number))
	}
	return told
}

func TestPeriodsAreEvaluatedWhenTheyAreCounted(t *testing.T) {
	t.Parallel()
	s, c := opened(t), &counts{}
	r := daily(t, s)
	now := began.AddDate(0, 0, 14)
	e := evaluator(s, c, func() time.Time { return now })
	run := func(evaluatedTo int) {
		t.Helper()
		if err := e.Evaluate(t.Context()); err != nil {
			t.Fatal(err)
		}
		got, err := s.AlertRule(t.Context(), acme, r.ID)
		if err != nil {
			t.Fatal(err)
		}
		want := time.Time{}
		if evaluatedTo > 0 {
			want = began.AddDate(0, 0, evaluatedTo)
		}
		if !got.Progress.EvaluatedTo.Equal(want) {
			t.Fatalf("evaluated to %v, want %v", got.Progress.EvaluatedTo, want)
		}
	}
	// Nothing is known to be counted.
	run(0)
	// Counted are days that are over, but not yesterday.
	c.reach(12)
	run(12)
	if c.asked != 1 {
		t.Errorf("three days were read by %d calls", c.asked)
	}
	if told := events(t, s); len(told) == 0 || told[0] != "1 of 1" {
		t.Errorf("told %v", told)
	}
	// What is counted beyond the present is not over.
	c.reach(30)
	run(14)
	now = began.AddDate(0, 0, 35)
	run(30)
	if told := events(t, s); len(told) < 2 || told[0] != "1 of 1" || told[len(told)-1] != "3 of 1" {
		t.Errorf("told %v", told)
	}
	live, err := s.LiveAlerts(t.Context(), acme, r.ID)
	if err != nil || len(live) != 0 {
		t.Errorf("live %+v, %v", live, err)
	}
	a, err := s.GetAlert(t.Context(), acme, r.ID, 1)
	if err != nil || a.Resolution != alert.Back || !a.AsOf.Equal(began.AddDate(0, 0, 30)) {
		t.Errorf("alert %+v, %v", a, err)
	}
}

// TestReplicasEvaluateEachPeriodOnce lets several processes evaluate the same rules.
func TestReplicasEvaluateEachPeriodOnce(t *testing.T) {
	t.Parallel()
	s, c := opened(t), &counts{}
	r := daily(t, s)
	c.reach(9)
	var clock sync.Mutex
	hour := 0
	var all sync.WaitGroup
	for range 4 {
		e := evaluator(s, c, func() time.Time {
			// A clock that lets claims end all the time.
			clock.Lock()
			defer clock.Unlock()
			hour++
			return began.AddDate(0, 0, 40).Add(time.Duration(hour) * time.Hour)
		})
		all.Go(func() {
			for day := 9; day <= 30; day++ {
				c.reach(day)
				if err := e.Evaluate(t.Context()); err != nil {
					t.Errorf("evaluate: %v", err)
				}
			}
		})
	}
	all.Wait()
	got, err := s.AlertRule(t.Context(), acme, r.ID)
	if err != nil {
		t.Fatal(err)
	}
	// From day 9 to day 30 each once: as many changes of version.
	if !got.Progress.EvaluatedTo.Equal(began.AddDate(0, 0, 30)) || got.Version != r.Version+22 {
		t.Errorf("evaluated to %v by %d evaluations", got.Progress.EvaluatedTo, got.Version-r.Version)
	}
	told := events(t, s)
	if len(told) < 2 || told[0] != "1 of 1" || told[len(told)-1] != "3 of 1" {
		t.Errorf("told %v", told)
	}
}

func TestWhatCannotBeEvaluatedIsNotedAndTriedAgain(t *testing.T) {
	t.Parallel()
	s, c := opened(t), &counts{}
	r := daily(t, s)
	c.reach(12)
	now := began.AddDate(0, 0, 14)
	e := evaluator(s, c, func() time.Time { return now })
	c.fail(errors.New("down"))
	for tries := range 3 {
		if err := e.Evaluate(t.Context()); err != nil {
			t.Fatal(err)
		}
		// What fails is left alone for a while.
		if c.asked != tries+1 {
			t.Errorf("it was tried %d times, want %d", c.asked, tries+1)
		}
		now = now.Add(time.Hour)
	}
	got, err := s.AlertRule(t.Context(), acme, r.ID)
	if err != nil || got.Progress.Error == "" || !got.Due.Equal(r.Due) {
		t.Errorf("rule %+v, %v", got, err)
	}
	c.fail(nil)
	if err := e.Evaluate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, err = s.AlertRule(t.Context(), acme, r.ID); err != nil || got.Progress.Error != "" || !got.Progress.EvaluatedTo.Equal(began.AddDate(0, 0, 12)) {
		t.Errorf("rule %+v, %v", got, err)
	}
}

func TestTrials(t *testing.T) {
	t.Parallel()
	c := &counts{}
	c.reach(40)
	r := daily(t, opened(t)).Rule
	trial, err := alarm.Try(t.Context(), c, &r, began, began.AddDate(0, 0, 40))
	if err != nil {
		t.Fatal(err)
	}
	if trial.Periods != 40 || trial.Units != 1 || len(trial.Alerts) != 1 || trial.Alerts[0].State != alert.Resolved || !trial.Alerts[0].FirstSeen.After(began.AddDate(0, 0, 10)) {
		t.Errorf("trial %+v", trial)
	}
	if _, err := alarm.Try(t.Context(), c, &r, began, began.AddDate(3, 0, 0)); !errors.Is(err, alarm.ErrTooManyPeriods) {
		t.Errorf("too many periods: %v", err)
	}
	if trial, err = alarm.Try(t.Context(), c, &r, began, began.Add(time.Hour)); err != nil || trial.Periods != 0 {
		t.Errorf("no period: %+v, %v", trial, err)
	}
}
