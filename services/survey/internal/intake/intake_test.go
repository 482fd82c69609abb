package intake

import (
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/otklik/otklik/services/survey/internal/lifecycle"
)

var closing = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

const grace = 30 * 24 * time.Hour

func TestJudge(t *testing.T) {
	open := lifecycle.Status{State: lifecycle.Published, Revision: 1}
	closed := lifecycle.Status{State: lifecycle.Closed, Revision: 1, CloseTime: closing}
	var missing time.Duration = -1 << 40 // no time was given
	for _, c := range []struct {
		name            string
		status          lifecycle.Status
		given, received time.Duration // after the closing
		want            error
		count           time.Duration
		late, ahead     bool
	}{
		{name: "draft", status: lifecycle.Status{State: lifecycle.Draft}, want: ErrNotPublished},
		{name: "archived", status: lifecycle.Status{State: lifecycle.Archived, Revision: 1}, want: ErrArchived},
		{name: "open, no time", status: open, given: missing, received: time.Hour, count: time.Hour},
		{name: "open, years ago", status: open, given: -9 * 365 * 24 * time.Hour, count: -9 * 365 * 24 * time.Hour},
		{name: "open, clock a little ahead", status: open, given: 5 * time.Minute, received: 0, count: 0},
		{name: "open, clock ahead", status: open, given: 5*time.Minute + 1, received: 0, count: 0, ahead: true},
		{name: "closed, given before and received in time", status: closed, given: -1, received: time.Hour, count: -1, late: true},
		{name: "closed, received at the end of the grace period", status: closed, given: -1, received: grace, count: -1, late: true},
		{name: "closed, received after the grace period", status: closed, given: -1, received: grace + 1, want: ErrGracePeriodOver},
		{name: "closed, given at the moment of closing", status: closed, given: 0, received: time.Hour, want: ErrClosed},
		{name: "closed, given after", status: closed, given: time.Minute, received: time.Hour, want: ErrClosed},
		{name: "closed, given after and received after the grace period", status: closed, given: time.Minute, received: grace + 1, want: ErrClosed},
		{name: "closed, no time", status: closed, given: missing, received: time.Hour, want: ErrClosed},
		{name: "closed, clock ahead", status: closed, given: time.Hour, received: time.Minute, want: ErrClosed},
		{name: "closing overtook it", status: closed, given: -time.Minute, received: -time.Second, count: -time.Minute},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := Arrival{Received: closing.Add(c.received)}
			if c.given != missing {
				a.Given, a.Stated = closing.Add(c.given), true
			}
			got, err := Judge(c.status, a, grace)
			if !errors.Is(err, c.want) {
				t.Fatalf("got %v, want %v", err, c.want)
			}
			if err != nil {
				return
			}
			want := Verdict{CountTime: closing.Add(c.count), Late: c.late, ClockAhead: c.ahead}
			if got != want {
				t.Fatalf("got %+v, want %+v", got, want)
			}
		})
	}
}

func TestJudgeNeverCountsInTheFuture(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seconds := rapid.Int64Range(-100*24*3600, 100*24*3600)
		a := Arrival{
			Given:    closing.Add(time.Duration(seconds.Draw(t, "given")) * time.Second),
			Stated:   true,
			Received: closing.Add(time.Duration(seconds.Draw(t, "received")) * time.Second),
		}
		s := lifecycle.Status{State: rapid.SampledFrom([]lifecycle.State{lifecycle.Published, lifecycle.Closed}).Draw(t, "state"), Revision: 1}
		if s.State == lifecycle.Closed {
			s.CloseTime = closing
		}
		v, err := Judge(s, a, grace)
		if err != nil {
			return
		}
		if v.CountTime.After(a.Received) || v.CountTime.After(a.Given) {
			t.Fatalf("counts at %v", v.CountTime)
		}
		if v.Late && (!v.CountTime.Before(closing) || !a.Received.After(closing)) {
			t.Fatalf("late: %+v", v)
		}
		if s.State == lifecycle.Closed && !v.CountTime.Before(closing) {
			t.Fatalf("taken after closing: %+v", v)
		}
	})
}

// A device that lost its clock says that it answered decades ago; the answer must not stretch every trend to that day.
func TestJudgeClockThatWasNotSet(t *testing.T) {
	published := lifecycle.Status{State: lifecycle.Published, Revision: 1}
	for _, given := range []time.Time{{}, time.Unix(0, 0), time.Date(1980, 1, 6, 0, 0, 0, 0, time.UTC)} {
		v, err := Judge(published, Arrival{Given: given, Stated: true, Received: closing}, grace)
		if want := (Verdict{CountTime: closing, ClockUnset: true}); err != nil || v != want {
			t.Errorf("given %v: %+v, %v; want %+v", given, v, err, want)
		}
	}
	old := time.Date(1997, 5, 1, 12, 0, 0, 0, time.UTC)
	if v, err := Judge(published, Arrival{Given: old, Stated: true, Received: closing}, grace); err != nil || v != (Verdict{CountTime: old}) {
		t.Errorf("an old survey that is imported: %+v, %v", v, err)
	}
}
