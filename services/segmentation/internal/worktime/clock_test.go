package worktime_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/otklik/otklik/services/segmentation/internal/worktime"
)

// zones change their clocks in different ways: at midnight, by half an hour, by skipping a day, never.
var zones = []string{
	"UTC", "Asia/Bishkek", "Europe/Berlin", "America/New_York", "America/Sao_Paulo", "Australia/Lord_Howe", "Pacific/Apia", "Africa/Casablanca", "America/St_Johns",
	"Asia/Kathmandu",
}

func drawSpans(t *rapid.T, label string) []worktime.Span {
	cuts := rapid.SliceOfNDistinct(rapid.IntRange(0, 1440), 0, 6, rapid.ID[int]).Draw(t, label)
	slices.Sort(cuts)
	var out []worktime.Span
	for i := 0; i+1 < len(cuts); i += 2 {
		out = append(out, worktime.Span{Start: cuts[i], End: cuts[i+1]})
	}
	return out
}

func drawCalendar(t *rapid.T) worktime.Calendar {
	if rapid.IntRange(0, 9).Draw(t, "always") == 0 {
		return worktime.Always()
	}
	c := worktime.Calendar{Zone: rapid.SampledFrom(zones).Draw(t, "zone")}
	for i := range c.Week {
		c.Week[i] = drawSpans(t, "hours")
	}
	c.Week[rapid.IntRange(0, 6).Draw(t, "day")] = []worktime.Span{{Start: 9 * 60, End: 18 * 60}}
	// Holidays lie where the tests do, about the turns of the year and of the clocks.
	days := rapid.SliceOfNDistinct(rapid.IntRange(0, 1100), 0, 5, rapid.ID[int]).Draw(t, "holidays")
	for _, n := range days {
		d := epoch.AddDate(0, 0, n)
		c.Holidays = append(c.Holidays, worktime.Holiday{
			Date: worktime.Date{Year: d.Year(), Month: d.Month(), Day: d.Day()}, Hours: drawSpans(t, "hours of the holiday"),
		})
	}
	return c
}

// epoch is before the days in which the tests take place: Samoa had no 30 December 2011.
var epoch = time.Date(2011, 1, 1, 0, 0, 0, 0, time.UTC)

func drawTime(t *rapid.T, label string) time.Time {
	return epoch.Add(time.Duration(rapid.Int64Range(0, int64(1000*24*time.Hour)).Draw(t, label)))
}

func compile(t rapid.TB, c worktime.Calendar) *worktime.Clock {
	k, err := c.Compile()
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestAddThenBetweenIsTheSame(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		k := compile(t, drawCalendar(t))
		from := drawTime(t, "from")
		working := time.Duration(rapid.Int64Range(0, int64(200*time.Hour)).Draw(t, "working"))
		end := k.Add(from, working)
		if got := k.Between(from, end); got != working {
			t.Fatalf("%v of working time after %v is %v, between which there are %v", working, from, end, got)
		}
		// It is the first such moment: a nanosecond earlier there was less.
		if working > 0 && k.Between(from, end.Add(-1)) != working-1 {
			t.Fatalf("%v is not the first moment", end)
		}
	})
}

func TestAddIsMonotoneAndAdditive(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		k := compile(t, drawCalendar(t))
		a, b := drawTime(t, "a"), drawTime(t, "b")
		if b.Before(a) {
			a, b = b, a
		}
		x := time.Duration(rapid.Int64Range(0, int64(90*time.Hour)).Draw(t, "x"))
		y := time.Duration(rapid.Int64Range(0, int64(90*time.Hour)).Draw(t, "y"))
		if k.Add(b, x).Before(k.Add(a, x)) {
			t.Fatalf("%v after %v comes later than after %v", x, a, b)
		}
		if k.Add(a, x+y).Before(k.Add(a, x)) {
			t.Fatal("more time ends earlier")
		}
		if one, two := k.Add(a, x+y), k.Add(k.Add(a, x), y); !one.Equal(two) {
			t.Fatalf("at once %v, in two steps %v", one, two)
		}
	})
}

func TestBetweenIsAdditive(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		k := compile(t, drawCalendar(t))
		a, b, c := drawTime(t, "a"), drawTime(t, "b"), drawTime(t, "c")
		if k.Between(a, c) != k.Between(a, b)+k.Between(b, c) {
			t.Fatalf("%v + %v is not %v", k.Between(a, b), k.Between(b, c), k.Between(a, c))
		}
		if k.Between(a, b) > b.Sub(a).Abs() {
			t.Fatal("more working time than time")
		}
	})
}

// Counted minute by minute on the clock on the wall.
func TestBetweenIsWhatTheClockOnTheWallShows(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := drawCalendar(t)
		k := compile(t, c)
		zone, _ := time.LoadLocation(c.Zone)
		from := drawTime(t, "from").Truncate(time.Minute)
		to := from.Add(time.Duration(rapid.IntRange(0, 5*24*60).Draw(t, "minutes")) * time.Minute)
		var want time.Duration
		for at := from; at.Before(to); at = at.Add(time.Minute) {
			if open(c, at.In(zone)) {
				want += time.Minute
			}
			if k.Works(at) != open(c, at.In(zone)) {
				t.Fatalf("works at %v: %v", at.In(zone), k.Works(at))
			}
		}
		if got := k.Between(from, to); got != want {
			t.Fatalf("between %v and %v: %v, counted %v", from, to, got, want)
		}
	})
}

func open(c worktime.Calendar, local time.Time) bool {
	hours := c.Week[local.Weekday()]
	for _, h := range c.Holidays {
		if h.Date == (worktime.Date{Year: local.Year(), Month: local.Month(), Day: local.Day()}) {
			hours = h.Hours
		}
	}
	minute := local.Hour()*60 + local.Minute()
	return slices.ContainsFunc(hours, func(s worktime.Span) bool { return s.Start <= minute && minute < s.End })
}

func TestAlwaysIsElapsedTime(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		k := compile(t, worktime.Always())
		a, b := drawTime(t, "a"), drawTime(t, "b")
		if k.Between(a, b) != b.Sub(a) {
			t.Fatalf("got %v", k.Between(a, b))
		}
	})
}

func office(zone string, holidays ...worktime.Holiday) worktime.Calendar {
	c := worktime.Calendar{Zone: zone, Holidays: holidays}
	for d := time.Monday; d <= time.Friday; d++ {
		c.Week[d] = []worktime.Span{{Start: 9 * 60, End: 18 * 60}}
	}
	return c
}

func TestAdd(t *testing.T) {
	t.Parallel()
	night := office("Europe/Berlin")
	for d := range night.Week {
		night.Week[d] = []worktime.Span{{Start: 0, End: 6 * 60}}
	}
	nowruz := worktime.Holiday{Date: worktime.Date{Year: 2025, Month: 3, Day: 21}}
	short := worktime.Holiday{Date: worktime.Date{Year: 2025, Month: 3, Day: 21}, Hours: []worktime.Span{{Start: 9 * 60, End: 10 * 60}}}
	for name, c := range map[string]struct {
		calendar worktime.Calendar
		from     string
		working  time.Duration
		want     string
	}{
		"within a day":                   {office("Asia/Bishkek"), "2025-03-20T10:00:00+06:00", 4 * time.Hour, "2025-03-20T14:00:00+06:00"},
		"to the end of the day":          {office("Asia/Bishkek"), "2025-03-20T10:00:00+06:00", 8 * time.Hour, "2025-03-20T18:00:00+06:00"},
		"over the weekend":               {office("Asia/Bishkek"), "2025-03-14T17:00:00+06:00", 2 * time.Hour, "2025-03-17T10:00:00+06:00"},
		"over a holiday and the weekend": {office("Asia/Bishkek", nowruz), "2025-03-20T17:00:00+06:00", 2 * time.Hour, "2025-03-24T10:00:00+06:00"},
		"over a short day":               {office("Asia/Bishkek", short), "2025-03-20T17:00:00+06:00", 3 * time.Hour, "2025-03-24T10:00:00+06:00"},
		"from the night before":          {office("Asia/Bishkek"), "2025-03-19T23:00:00+06:00", time.Hour, "2025-03-20T10:00:00+06:00"},
		"over the spring change":         {office("Europe/Berlin"), "2025-03-28T17:00:00+01:00", 2 * time.Hour, "2025-03-31T10:00:00+02:00"},
		"through the skipped hour":       {night, "2025-03-30T01:00:00+01:00", 4 * time.Hour, "2025-03-30T06:00:00+02:00"},
		"through the hour that is twice": {night, "2025-10-26T01:00:00+02:00", 6 * time.Hour, "2025-10-26T06:00:00+01:00"},
	} {
		k := compile(t, c.calendar)
		from, _ := time.Parse(time.RFC3339, c.from)
		want, _ := time.Parse(time.RFC3339, c.want)
		if got := k.Add(from, c.working); !got.Equal(want) {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	overlap := office("UTC")
	overlap.Week[1] = []worktime.Span{{Start: 0, End: 60}, {Start: 59, End: 70}}
	backwards := office("UTC")
	backwards.Week[2] = []worktime.Span{{Start: 60, End: 60}}
	late := office("UTC")
	late.Week[3] = []worktime.Span{{Start: 0, End: 1441}}
	day := worktime.Date{Year: 2025, Month: 3, Day: 21}
	for field, c := range map[string]worktime.Calendar{
		"time_zone":          office("Asia/Nowhere"),
		"days":               {Zone: "UTC"},
		"monday.hours[1]":    overlap,
		"tuesday.hours[0]":   backwards,
		"wednesday.hours[0]": late,
		"holidays[0].date":   office("UTC", worktime.Holiday{Date: worktime.Date{Year: 2025, Month: 2, Day: 30}}),
		"holidays[1].date":   office("UTC", worktime.Holiday{Date: day}, worktime.Holiday{Date: day}),
	} {
		_, err := c.Compile()
		var refusal *worktime.Refusal
		if !errors.As(err, &refusal) || refusal.Field != field {
			t.Errorf("%s: got %v", field, err)
		}
	}
	if _, err := office("Local").Compile(); err == nil {
		t.Error("the zone of the machine was taken")
	}
}

func BenchmarkAdd(b *testing.B) {
	k := compile(b, office("Europe/Berlin"))
	for b.Loop() {
		k.Add(epoch, 80*time.Hour)
	}
}
