package schedule_test

import (
	"errors"
	"testing"
	"time"
	_ "time/tzdata"

	"pgregory.net/rapid"

	"github.com/otklik/otklik/services/reporting/internal/schedule"
)

const zone = "Asia/Bishkek"

func TestWhatCannotBeIsRefused(t *testing.T) {
	monday := []time.Weekday{time.Monday}
	for name, c := range map[string]struct {
		in    schedule.Recurrence
		field string
	}{
		"daily":                        {schedule.Recurrence{Frequency: schedule.Daily, Zone: zone}, ""},
		"weekly":                       {schedule.Recurrence{Frequency: schedule.Weekly, Weekdays: monday, Zone: zone}, ""},
		"weekly without a day":         {schedule.Recurrence{Frequency: schedule.Weekly, Zone: zone}, "weekdays"},
		"weekly twice on a day":        {schedule.Recurrence{Frequency: schedule.Weekly, Weekdays: []time.Weekday{1, 1}, Zone: zone}, "weekdays"},
		"daily on a day":               {schedule.Recurrence{Frequency: schedule.Daily, Weekdays: monday, Zone: zone}, "weekdays"},
		"last day":                     {schedule.Recurrence{Frequency: schedule.Monthly, Day: schedule.Last, Zone: zone}, ""},
		"31 without a choice":          {schedule.Recurrence{Frequency: schedule.Monthly, Day: 31, Zone: zone}, "short_month"},
		"31, or the last day":          {schedule.Recurrence{Frequency: schedule.Monthly, Day: 31, Short: schedule.LastDay, Zone: zone}, ""},
		"a choice without need":        {schedule.Recurrence{Frequency: schedule.Monthly, Day: 28, Short: schedule.Skip, Zone: zone}, "short_month"},
		"32":                           {schedule.Recurrence{Frequency: schedule.Monthly, Day: 32, Short: schedule.Skip, Zone: zone}, "day_of_month"},
		"31 February":                  {schedule.Recurrence{Frequency: schedule.Yearly, Month: 2, Day: 31, Short: schedule.LastDay, Zone: zone}, "day_of_month"},
		"30 February":                  {schedule.Recurrence{Frequency: schedule.Yearly, Month: 2, Day: 30, Short: schedule.Skip, Zone: zone}, "day_of_month"},
		"29 February":                  {schedule.Recurrence{Frequency: schedule.Yearly, Month: 2, Day: 29, Short: schedule.Skip, Zone: zone}, ""},
		"31 April":                     {schedule.Recurrence{Frequency: schedule.Yearly, Month: 4, Day: 31, Short: schedule.Skip, Zone: zone}, "day_of_month"},
		"31 of the second of quarters": {schedule.Recurrence{Frequency: schedule.Quarterly, Month: 2, Day: 31, Short: schedule.Skip, Zone: zone}, ""},
		"fourth month of quarters":     {schedule.Recurrence{Frequency: schedule.Quarterly, Month: 4, Day: 1, Zone: zone}, "month"},
		"month of every month":         {schedule.Recurrence{Frequency: schedule.Monthly, Month: 1, Day: 1, Zone: zone}, "month"},
		"neither day nor weekday":      {schedule.Recurrence{Frequency: schedule.HalfYearly, Month: 1, Zone: zone}, "day_of_month"},
		"both":                         {schedule.Recurrence{Frequency: schedule.Monthly, Day: 1, Nth: 1, Weekdays: monday, Zone: zone}, "nth_weekday"},
		"second Monday":                {schedule.Recurrence{Frequency: schedule.Monthly, Nth: 2, Weekdays: monday, Zone: zone}, ""},
		"fifth Monday, to be skipped":  {schedule.Recurrence{Frequency: schedule.Monthly, Nth: 5, Short: schedule.Skip, Weekdays: monday, Zone: zone}, ""},
		"fifth Monday":                 {schedule.Recurrence{Frequency: schedule.Monthly, Nth: 5, Weekdays: monday, Zone: zone}, "short_month"},
		"no time of day":               {schedule.Recurrence{Frequency: schedule.Daily, Minute: 1440, Zone: zone}, "minute_of_day"},
		"no zone":                      {schedule.Recurrence{Frequency: schedule.Daily}, "time_zone"},
		"unknown zone":                 {schedule.Recurrence{Frequency: schedule.Daily, Zone: "Asia/Atlantis"}, "time_zone"},
		"the machine's zone":           {schedule.Recurrence{Frequency: schedule.Daily, Zone: "Local"}, "time_zone"},
	} {
		err := c.in.Check()
		var refusal *schedule.Refusal
		if (err == nil) != (c.field == "") || err != nil && (!errors.As(err, &refusal) || refusal.Field != c.field) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func next(t *testing.T, r schedule.Recurrence, after string, want ...string) {
	t.Helper()
	if err := r.Check(); err != nil {
		t.Fatal(err)
	}
	loc, err := time.LoadLocation(r.Zone)
	if err != nil {
		t.Fatal(err)
	}
	at, err := time.ParseInLocation("2006-01-02 15:04", after, loc)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range want {
		if at, err = r.Next(at); err != nil {
			t.Fatal(err)
		}
		if got := at.In(loc).Format("2006-01-02 15:04 -0700"); got != w {
			t.Fatalf("%s, not %s", got, w)
		}
	}
}

func TestNext(t *testing.T) {
	next(t, schedule.Recurrence{Frequency: schedule.Monthly, Day: 31, Short: schedule.LastDay, Minute: 480, Zone: zone}, "2026-01-31 08:00",
		"2026-02-28 08:00 +0600", "2026-03-31 08:00 +0600", "2026-04-30 08:00 +0600")
	next(t, schedule.Recurrence{Frequency: schedule.Monthly, Day: 31, Short: schedule.Skip, Minute: 480, Zone: zone}, "2026-01-31 08:00",
		"2026-03-31 08:00 +0600", "2026-05-31 08:00 +0600")
	next(t, schedule.Recurrence{Frequency: schedule.Yearly, Month: 2, Day: 29, Short: schedule.Skip, Zone: zone}, "2097-01-01 00:00",
		"2104-02-29 00:00 +0600", "2108-02-29 00:00 +0600")
	next(t, schedule.Recurrence{Frequency: schedule.Quarterly, Month: 1, Day: 5, Zone: zone}, "2026-01-05 00:00", "2026-04-05 00:00 +0600", "2026-07-05 00:00 +0600")
	next(t, schedule.Recurrence{Frequency: schedule.HalfYearly, Month: 6, Day: schedule.Last, Zone: zone}, "2026-01-05 00:00", "2026-06-30 00:00 +0600", "2026-12-31 00:00 +0600")
	next(t, schedule.Recurrence{Frequency: schedule.Weekly, Weekdays: []time.Weekday{time.Friday, time.Monday}, Minute: 1, Zone: zone}, "2026-03-02 00:01",
		"2026-03-06 00:01 +0600", "2026-03-09 00:01 +0600")
	next(t, schedule.Recurrence{Frequency: schedule.Monthly, Nth: 2, Weekdays: []time.Weekday{time.Tuesday}, Zone: zone}, "2026-03-01 00:00", "2026-03-10 00:00 +0600", "2026-04-14 00:00 +0600")
	next(t, schedule.Recurrence{Frequency: schedule.Monthly, Nth: schedule.Last, Weekdays: []time.Weekday{time.Friday}, Zone: zone}, "2026-03-01 00:00", "2026-03-27 00:00 +0600")
	next(t, schedule.Recurrence{Frequency: schedule.Monthly, Nth: 5, Short: schedule.Skip, Weekdays: []time.Weekday{time.Monday}, Zone: zone}, "2026-03-01 00:00",
		"2026-03-30 00:00 +0600", "2026-06-29 00:00 +0600")
}

// Clocks that change leave nothing out and do nothing twice.
func TestClocksThatChange(t *testing.T) {
	daily := func(minute int, zone string) schedule.Recurrence {
		return schedule.Recurrence{Frequency: schedule.Daily, Minute: minute, Zone: zone}
	}
	// At 2:00 it became 3:00, and at 3:00 again 2:00.
	next(t, daily(150, "Europe/Berlin"), "2026-03-28 12:00", "2026-03-29 03:00 +0200", "2026-03-30 02:30 +0200")
	next(t, daily(150, "Europe/Berlin"), "2026-10-24 12:00", "2026-10-25 02:30 +0200", "2026-10-26 02:30 +0100")
	// Where midnight itself is left out.
	next(t, daily(0, "Africa/Cairo"), "2026-04-23 12:00", "2026-04-24 01:00 +0300", "2026-04-25 00:00 +0300")
	// By half an hour.
	next(t, daily(135, "Australia/Lord_Howe"), "2026-10-03 12:00", "2026-10-04 02:30 +1100", "2026-10-05 02:15 +1100")
	// A whole day was left out: what was to be done on it is not done on another one.
	next(t, daily(600, "Pacific/Apia"), "2011-12-29 12:00", "2011-12-31 10:00 +1400")
}

// TestOneOccurrenceADay over zones whose clocks change at all sorts of times: each day that there is has one occurrence, in order, on that day, at the time of day
// or, where that is left out, as soon after it as clocks allow.
func TestOneOccurrenceADay(t *testing.T) {
	zones := []string{
		"Asia/Bishkek", "Europe/Berlin", "America/St_Johns", "Pacific/Apia", "Africa/Casablanca", "Australia/Lord_Howe", "Africa/Cairo", "America/Havana",
		"America/Sao_Paulo", "Antarctica/Troll", "Asia/Tehran", "Pacific/Chatham", "UTC",
	}
	rapid.Check(t, func(t *rapid.T) {
		r := schedule.Recurrence{Frequency: schedule.Daily, Minute: rapid.IntRange(0, 1439).Draw(t, "minute"), Zone: rapid.SampledFrom(zones).Draw(t, "zone")}
		loc, err := time.LoadLocation(r.Zone)
		if err != nil {
			t.Fatal(err)
		}
		at := time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "after"), 0)
		last := ""
		for n := range 40 {
			following, err := r.Next(at)
			if err != nil || !following.After(at) || following.Sub(at) > 75*time.Hour {
				t.Fatalf("after %v comes %v, %v", at.In(loc), following, err)
			}
			if again, err := r.Next(following.Add(-time.Nanosecond)); err != nil || !again.Equal(following) {
				t.Fatalf("just before %v comes %v, %v", following, again, err)
			}
			local := following.In(loc)
			minute := local.Hour()*60 + local.Minute()
			if minute < r.Minute || minute > r.Minute && local.Add(-time.Nanosecond).In(loc).Hour()*60+local.Add(-time.Nanosecond).In(loc).Minute() >= r.Minute &&
				local.Add(-time.Nanosecond).In(loc).Day() == local.Day() {
				t.Fatalf("%v is not the time of day %d", local, r.Minute)
			}
			day := local.Format(time.DateOnly)
			if n > 0 && day <= last {
				t.Fatalf("%s after %s", day, last)
			}
			at, last = following, day
		}
	})
}

// TestOccurrencesKeepTheirRule: whatever is asked for, occurrences ascend, fall as stated, and none is left out between two.
func TestOccurrencesKeepTheirRule(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := schedule.Recurrence{
			Frequency: rapid.SampledFrom([]schedule.Frequency{schedule.Monthly, schedule.Quarterly, schedule.HalfYearly, schedule.Yearly}).Draw(t, "frequency"),
			Minute:    rapid.IntRange(0, 1439).Draw(t, "minute"), Zone: rapid.SampledFrom([]string{zone, "Europe/Berlin", "America/Havana"}).Draw(t, "zone"),
		}
		cycle := map[schedule.Frequency]int{schedule.Monthly: 1, schedule.Quarterly: 3, schedule.HalfYearly: 6, schedule.Yearly: 12}[r.Frequency]
		if cycle > 1 {
			r.Month = rapid.IntRange(1, cycle).Draw(t, "month")
		}
		r.Day = rapid.OneOf(rapid.Just(schedule.Last), rapid.IntRange(1, 28)).Draw(t, "day")
		if err := r.Check(); err != nil {
			t.Fatal(err)
		}
		loc, err := time.LoadLocation(r.Zone)
		if err != nil {
			t.Fatal(err)
		}
		at := time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "after"), 0)
		var months []int
		for range 6 {
			if at, err = r.Next(at); err != nil {
				t.Fatal(err)
			}
			local := at.In(loc)
			months = append(months, local.Year()*12+int(local.Month())-1)
			if r.Day > 0 && local.Day() != r.Day || r.Day == schedule.Last && local.AddDate(0, 0, 1).Day() != 1 {
				t.Fatalf("%v is not day %d", local, r.Day)
			}
			if cycle > 1 && (int(local.Month())-1)%cycle != r.Month-1 {
				t.Fatalf("%v is not month %d of %d", local, r.Month, cycle)
			}
		}
		for i := 1; i < len(months); i++ {
			if months[i]-months[i-1] != cycle {
				t.Fatalf("%d months between occurrences", months[i]-months[i-1])
			}
		}
	})
}
