package cases_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/otklik/otklik/services/segmentation/internal/cases"
)

func kinds(entries []cases.Entry) []cases.Happening {
	var out []cases.Happening
	for _, e := range entries {
		out = append(out, e.Kind)
	}
	return out
}

func TestTick(t *testing.T) {
	t.Parallel()
	cal := office(t)
	c := opened(cal, "", cases.SLA{FirstResponse: 4 * time.Hour, Resolution: 10 * time.Hour},
		cases.Step{After: 6 * time.Hour, Queue: "second", Severity: cases.High}, cases.Step{After: 12 * time.Hour, Owner: "head"})
	// Seven hours on Monday, three on Tuesday.
	if want := start.AddDate(0, 0, 1).Add(2 * time.Hour); !c.Due.Equal(want) {
		t.Fatalf("due %v", c.Due)
	}
	for _, step := range []struct {
		at   time.Time
		want []cases.Happening
	}{
		{start.Add(4*time.Hour - 1), nil},
		{start.Add(4 * time.Hour), []cases.Happening{cases.Breached}},
		{start.Add(6 * time.Hour), []cases.Happening{cases.Escalated}},
		{start.Add(20 * time.Hour), nil},
		{start.Add(24 * time.Hour), []cases.Happening{cases.FellDue}},
		{start.Add(49 * time.Hour), []cases.Happening{cases.Breached, cases.Escalated}},
		{start.Add(500 * time.Hour), nil},
	} {
		if got := kinds(c.Tick(step.at, cal)); !slices.Equal(got, step.want) {
			t.Errorf("at %v: %v, want %v", step.at, got, step.want)
		}
	}
	if c.Queue != "second" || c.HandOffs != 1 || c.Owner != "head" || c.State != cases.Assigned || c.Severity != cases.High || !c.Late.Any() {
		t.Errorf("got %+v", c)
	}
}

func TestTheClockStandsWhileTheCustomerIsWaitedFor(t *testing.T) {
	t.Parallel()
	cal := always(t)
	c := opened(cal, "ann", cases.SLA{FirstResponse: time.Hour, Resolution: 10 * time.Hour})
	move(t, c, cal, cases.WaitingCustomer, start.Add(30*time.Minute))
	if c.FirstWorked != 30*time.Minute || !c.Due.IsZero() {
		t.Errorf("waiting: %+v", c)
	}
	if got := c.Tick(start.Add(1000*time.Hour), cal); got != nil {
		t.Errorf("while it stood: %v", got)
	}
	move(t, c, cal, cases.InProgress, start.Add(1000*time.Hour))
	if !c.Due.Equal(start.Add(1009*time.Hour + 30*time.Minute)) {
		t.Errorf("due %v", c.Due)
	}
}

// Looked at often or once, the same happens; and what has happened does not happen again.
func TestTickingOftenIsTickingOnce(t *testing.T) {
	t.Parallel()
	cal := office(t)
	rapid.Check(t, func(t *rapid.T) {
		hours := func(label string) time.Duration {
			return time.Duration(rapid.IntRange(0, 60).Draw(t, label)) * time.Hour
		}
		var steps []cases.Step
		for after := time.Duration(0); len(steps) < rapid.IntRange(0, 3).Draw(t, "steps"); {
			after += hours("step") + time.Hour
			steps = append(steps, cases.Step{After: after, Severity: cases.Critical})
		}
		once := opened(cal, "", cases.SLA{FirstResponse: hours("first"), Resolution: hours("resolution")}, steps...)
		often := *once
		end := start.Add(5 * hours("end"))
		var got []cases.Happening
		for at := start; at.Before(end); at = at.Add(time.Duration(rapid.IntRange(1, 40).Draw(t, "pause")) * time.Hour) {
			got = append(got, kinds(often.Tick(at, cal))...)
		}
		got = append(got, kinds(often.Tick(end, cal))...)
		if want := kinds(once.Tick(end, cal)); !slices.Equal(got, want) {
			t.Fatalf("often %v, once %v", got, want)
		}
		if again := once.Tick(end, cal); again != nil {
			t.Fatalf("again: %v", again)
		}
		if next := once.Next(cal); !next.IsZero() && !next.After(end) {
			t.Fatalf("next %v is over", next)
		}
	})
}
