package calendar_test

import (
	"errors"
	"testing"
	"time"
	_ "time/tzdata"

	"pgregory.net/rapid"

	"github.com/otklik/otklik/libs/calendar"
)

var zones = []string{
	"UTC", "Asia/Bishkek", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "America/Sao_Paulo",
	"Pacific/Apia", "Asia/Kolkata", "Africa/Cairo", "Asia/Beirut", "America/St_Johns", "Pacific/Chatham", "America/Havana",
}

func location(t interface{ Fatal(...any) }, name string) *time.Location {
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

// label names the step that a moment belongs to, straight from the local clock: the slow reference.
func label(t time.Time, g calendar.Grain) string {
	switch g {
	case calendar.Hour:
		return t.Format("2006-01-02T15 -0700")
	case calendar.Day:
		return t.Format("2006-01-02")
	case calendar.Week:
		y, w := t.ISOWeek()
		return time.Date(y, 1, 1, w, 0, 0, 0, time.UTC).String()
	case calendar.Month:
		return t.Format("2006-01")
	case calendar.Quarter:
		return t.Format("2006-") + string('1'+rune(t.Month()-1)/3)
	case calendar.Year:
		return t.Format("2006")
	}
	return ""
}

func TestStepsFollowTheLocalClock(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		loc := location(rt, rapid.SampledFrom(zones).Draw(rt, "zone"))
		g := rapid.SampledFrom([]calendar.Grain{
			calendar.Hour, calendar.Day, calendar.Week, calendar.Month, calendar.Quarter, calendar.Year,
		}).Draw(rt, "grain")
		first := calendar.BucketOf(time.Date(2010, 1, 1, 0, 0, 0, 0, time.UTC)) +
			calendar.Bucket(rapid.IntRange(0, 96*365*16).Draw(rt, "first"))
		p := calendar.Period{First: first, End: first + calendar.Bucket(rapid.IntRange(1, 96*40).Draw(rt, "length"))}
		steps, err := calendar.Steps(p, g, loc, 1e6)
		if err != nil {
			rt.Fatal(err)
		}
		at := p.First
		seen := map[string]bool{}
		for _, s := range steps {
			if s.First != at || s.IsEmpty() {
				rt.Fatalf("step %v does not continue at %d", s, at)
			}
			name := label(s.First.Start().In(loc), g)
			if seen[name] {
				rt.Fatalf("%s occurs in two steps", name)
			}
			seen[name] = true
			for b := s.First; b < s.End; b++ {
				if got := label(b.Start().In(loc), g); got != name {
					rt.Fatalf("bucket %s of %s is in step %s", b.Start().In(loc), got, name)
				}
			}
			at = s.End
		}
		if at != p.End {
			rt.Fatalf("steps end at %d, period at %d", at, p.End)
		}
	})
}

func TestStepsAtClockChanges(t *testing.T) {
	for _, c := range []struct {
		zone, start, end string
		grain            calendar.Grain
		want             int
	}{
		{"Europe/Berlin", "2026-03-29T00:00:00+01:00", "2026-03-30T00:00:00+02:00", calendar.Hour, 23},
		{"Europe/Berlin", "2026-10-25T00:00:00+02:00", "2026-10-26T00:00:00+01:00", calendar.Hour, 25},
		{"America/Sao_Paulo", "2018-11-03T00:00:00-03:00", "2018-11-06T00:00:00-02:00", calendar.Day, 3},
		{"Pacific/Apia", "2011-12-29T00:00:00-10:00", "2012-01-01T00:00:00+14:00", calendar.Day, 2},
		{"Asia/Bishkek", "2026-01-01T00:00:00+06:00", "2027-01-01T00:00:00+06:00", calendar.Day, 365},
		{"Asia/Bishkek", "2026-01-01T00:00:00+06:00", "2027-01-01T00:00:00+06:00", calendar.Week, 53},
		{"Asia/Bishkek", "2026-01-01T00:00:00+06:00", "2027-01-01T00:00:00+06:00", calendar.Quarter, 4},
	} {
		start, err := time.Parse(time.RFC3339, c.start)
		if err != nil {
			t.Fatal(err)
		}
		end, err := time.Parse(time.RFC3339, c.end)
		if err != nil {
			t.Fatal(err)
		}
		p, err := calendar.PeriodOf(start, end)
		if err != nil {
			t.Fatal(err)
		}
		steps, err := calendar.Steps(p, c.grain, location(t, c.zone), 1000)
		if err != nil {
			t.Fatal(err)
		}
		if len(steps) != c.want {
			t.Errorf("%s %s: %d steps, want %d", c.zone, c.grain, len(steps), c.want)
		}
	}
}

func TestStepsAreLimited(t *testing.T) {
	p := calendar.Period{First: 0, End: 96 * 10}
	if _, err := calendar.Steps(p, calendar.Day, time.UTC, 10); err != nil {
		t.Error(err)
	}
	if _, err := calendar.Steps(p, calendar.Day, time.UTC, 9); !errors.Is(err, calendar.ErrTooManySteps) {
		t.Errorf("got %v, want ErrTooManySteps", err)
	}
	if _, err := calendar.Steps(calendar.All, calendar.Hour, time.UTC, 100); !errors.Is(err, calendar.ErrTooManySteps) {
		t.Errorf("got %v, want ErrTooManySteps", err)
	}
}

func TestPeriodBounds(t *testing.T) {
	quarter := time.Date(2026, 5, 1, 10, 15, 0, 0, time.UTC)
	if p, err := calendar.PeriodOf(time.Time{}, quarter); err != nil || p.First != calendar.MinBucket || !p.End.Start().Equal(quarter) {
		t.Errorf("got %v, %v", p, err)
	}
	for _, bad := range []time.Time{quarter.Add(time.Minute), quarter.Add(time.Nanosecond)} {
		if _, err := calendar.PeriodOf(bad, time.Time{}); !errors.Is(err, calendar.ErrNotAligned) {
			t.Errorf("start %v: got %v, want ErrNotAligned", bad, err)
		}
		if _, err := calendar.PeriodOf(quarter, bad); !errors.Is(err, calendar.ErrNotAligned) {
			t.Errorf("end %v: got %v, want ErrNotAligned", bad, err)
		}
	}
	if got := calendar.BucketOf(time.Unix(-1, 0)); got != -1 {
		t.Errorf("bucket before 1970 = %d, want -1", got)
	}
}
