package importer

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func mustZone(t testing.TB, name string) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

func TestTimeFormats(t *testing.T) {
	bishkek := mustZone(t, "Asia/Bishkek")
	for _, c := range []struct {
		format, text, want string
		dateOnly           bool
	}{
		{"", "2017-05-5", "2017-05-05T00:00:00+06:00", true},
		{"", "2017-05-05", "2017-05-05T00:00:00+06:00", true},
		{"", "2026-01-31 9:05", "2026-01-31T09:05:00+06:00", false},
		{"", "2026-01-31T23:59:58", "2026-01-31T23:59:58+06:00", false},
		{"", "2026-01-31T23:59:58.25", "2026-01-31T23:59:58.25+06:00", false},
		{"", "2026-01-31T23:59:58Z", "2026-02-01T05:59:58+06:00", false},
		{"", "2026-01-31 23:59+03:00", "2026-02-01T02:59:00+06:00", false},
		{"", "2026-01-31 23:59:00+0300", "2026-02-01T02:59:00+06:00", false},
		{"%d.%m.%Y", "5.2.2026", "2026-02-05T00:00:00+06:00", true},
		{"%d.%m.%Y", "05.02.2026", "2026-02-05T00:00:00+06:00", true},
		{"%d.%m.%Y %H:%M", "05.02.2026 7:30", "2026-02-05T07:30:00+06:00", false},
		{"%m/%d/%Y %I:%M:%S %p", "12/31/2025 11:30:00 AM", "2025-12-31T11:30:00+06:00", false},
		{"%Y%m%d", "20260205", "2026-02-05T00:00:00+06:00", true},
		{"%-d %b %y", "5 Feb 26", "2026-02-05T00:00:00+06:00", true},
		{"%Y-%m-%dT%H:%M:%S%z", "2026-02-05T00:00:00+0000", "2026-02-05T06:00:00+06:00", false},
		{"unix", "0", "1970-01-01T06:00:00+06:00", false},
		{"unix_ms", "1500", "1970-01-01T06:00:01.5+06:00", false},
	} {
		format, err := parseTimeFormat(c.format)
		if err != nil {
			t.Errorf("%q: %v", c.format, err)
			continue
		}
		got, dateOnly, ok := format.parse(c.text, bishkek)
		if !ok || got.In(bishkek).Format(time.RFC3339Nano) != c.want || dateOnly != c.dateOnly {
			t.Errorf("%q by %q gives %v, date only %v, ok %v, want %s", c.text, c.format, got.In(bishkek), dateOnly, ok, c.want)
		}
	}
}

func TestTimesThatAreNone(t *testing.T) {
	for format, texts := range map[string][]string{
		"":         {"", "5", "2017-05", "2017-05-32", "2017-02-29", "2017-05-05T25:00", "yesterday", "2017-05-05T10:00:00 PM", "12/31/1899 11:30:00 AM"},
		"%d.%m.%Y": {"2026-02-05", "32.01.2026", "1.2.26"},
		"unix":     {"-1", "1.5", "999999999999999"},
	} {
		layouts, err := parseTimeFormat(format)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range texts {
			if got, _, ok := layouts.parse(text, time.UTC); ok {
				t.Errorf("%q by %q gives %v", text, format, got)
			}
		}
	}
}

func TestTimeFormatErrors(t *testing.T) {
	for format, want := range map[string]string{
		"%":        "ends in the middle",
		"%Y-%":     "ends in the middle",
		"%Q":       "%Q is not known",
		"day %d":   "cannot stand in a time format",
		"%Y_%m":    "cannot stand in a time format",
		"20%y":     "cannot stand in a time format",
		"--":       "no directive",
		"unix_sec": "cannot stand in a time format",
	} {
		if _, err := parseTimeFormat(format); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %q", format, err, want)
		}
	}
}

func TestClocks(t *testing.T) {
	layouts, err := parseClockFormat("")
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]time.Duration{
		"6:00": 6 * time.Hour, "06:00:00": 6 * time.Hour, "14:05:09": 14*time.Hour + 5*time.Minute + 9*time.Second,
		"8:30 AM": 8*time.Hour + 30*time.Minute, "12:00 PM": 12 * time.Hour, "12:15 AM": 15 * time.Minute, "3:05PM": 15*time.Hour + 5*time.Minute,
	} {
		if got, ok := layouts.parseClock(text); !ok || got != want {
			t.Errorf("%q gives %v, %v, want %v", text, got, ok, want)
		}
	}
	for _, text := range []string{"", "N", "25:00", "8:60", "noon"} {
		if got, ok := layouts.parseClock(text); ok {
			t.Errorf("%q gives %v", text, got)
		}
	}
}

// A time of day lands on the local day on which the date fell, whatever the zone and the clock changes.
func TestOnDayProperty(t *testing.T) {
	zones := []*time.Location{time.UTC, mustZone(t, "Asia/Bishkek"), mustZone(t, "America/Los_Angeles"), mustZone(t, "Pacific/Apia"), mustZone(t, "Europe/Moscow")}
	rapid.Check(t, func(t *rapid.T) {
		zone := rapid.SampledFrom(zones).Draw(t, "zone")
		// Not 2011, when Apia left out a day.
		date := time.Date(rapid.IntRange(2012, 2030).Draw(t, "year"), time.Month(rapid.IntRange(1, 12).Draw(t, "month")), rapid.IntRange(1, 28).Draw(t, "day"), 0, 0, 0, 0, zone)
		clock := time.Duration(rapid.IntRange(4*3600, 24*3600-1).Draw(t, "second")) * time.Second
		got := onDay(date, clock, zone)
		if got.Format(time.DateOnly) != date.In(zone).Format(time.DateOnly) {
			t.Fatalf("%v on %v is %v", clock, date, got)
		}
		if wall := time.Duration(got.Hour())*time.Hour + time.Duration(got.Minute())*time.Minute + time.Duration(got.Second())*time.Second; wall != clock {
			t.Fatalf("%v on %v is %v", clock, date, got)
		}
	})
}
