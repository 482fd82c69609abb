package report

import (
	"time"

	"github.com/otklik/otklik/services/reporting/internal/document"
)

// Rule is how the period of a report follows from the day on which it is made.
type Rule string

// The rules: the last whole one before now, in the time zone of the report.
const (
	LastDay      Rule = "last-day"
	LastWeek     Rule = "last-week"
	LastMonth    Rule = "last-month"
	LastQuarter  Rule = "last-quarter"
	LastHalfYear Rule = "last-half-year"
	LastYear     Rule = "last-year"
	// LastYearOfMonths are the last twelve whole months.
	LastYearOfMonths Rule = "last-12-months"
)

// Comparison is which period a report is compared with.
type Comparison string

// The comparisons.
const (
	Previous   Comparison = "previous"
	YearBefore Comparison = "year-before"
	NoBaseline Comparison = "none"
)

// Resolve is the period of a rule at a time. Weeks begin on Monday.
func (r Rule) Resolve(now time.Time, zone *time.Location) document.Period {
	now = now.In(zone)
	year, month, day := now.Date()
	date := func(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, zone) }
	months := func(length, step int) document.Period {
		first := int(month) - 1
		first -= first % step
		end := date(year, time.Month(first+1), 1)
		return document.Period{Start: date(year, time.Month(first+1-length), 1), End: end, Zone: zone}
	}
	switch r {
	case LastDay:
		return document.Period{Start: date(year, month, day-1), End: date(year, month, day), Zone: zone}
	case LastWeek:
		monday := day - (int(now.Weekday())+6)%7
		return document.Period{Start: date(year, month, monday-7), End: date(year, month, monday), Zone: zone}
	case LastQuarter:
		return months(3, 3)
	case LastHalfYear:
		return months(6, 6)
	case LastYear:
		return months(12, 12)
	case LastYearOfMonths:
		return months(12, 1)
	default:
		return months(1, 1)
	}
}

// Baseline is the period that another one is compared with; false where there is none. What consists of whole months is compared with as many months, other
// periods with as many days, or else with the same length.
func (c Comparison) Baseline(p document.Period) (document.Period, bool) {
	start, end := p.Start.In(p.Zone), p.End.In(p.Zone)
	switch {
	case c == NoBaseline || p.Start.IsZero() || p.End.IsZero():
		return document.Period{}, false
	case c == YearBefore:
		return document.Period{Start: start.AddDate(-1, 0, 0), End: end.AddDate(-1, 0, 0), Zone: p.Zone}, true
	}
	if whole := monthsBetween(start, end); whole > 0 {
		return document.Period{Start: start.AddDate(0, -whole, 0), End: start, Zone: p.Zone}, true
	}
	if days := daysBetween(start, end); days > 0 {
		return document.Period{Start: start.AddDate(0, 0, -days), End: start, Zone: p.Zone}, true
	}
	return document.Period{Start: start.Add(start.Sub(end)), End: start, Zone: p.Zone}, true
}

// monthsBetween is how many calendar months a period consists of; 0 when it does not.
func monthsBetween(start, end time.Time) int {
	if start.Day() != 1 || end.Day() != 1 || !midnight(start) || !midnight(end) {
		return 0
	}
	return (end.Year()-start.Year())*12 + int(end.Month()) - int(start.Month())
}

// daysBetween is how many calendar days a period consists of; 0 when it does not.
func daysBetween(start, end time.Time) int {
	if !midnight(start) || !midnight(end) {
		return 0
	}
	// A day of the change of clocks has 23 or 25 hours.
	const day = 24 * time.Hour
	return int((end.Sub(start) + day/2) / day)
}

func midnight(t time.Time) bool {
	return t.Hour() == 0 && t.Minute() == 0 && t.Second() == 0 && t.Nanosecond() == 0
}

// Grain is the length of the steps of a trend.
type Grain uint8

// The grains.
const (
	Hours Grain = iota
	Days
	Weeks
	Months
)

// TrendOf is the time that a trend shows, and its steps: the period with as much before it as makes a line of it.
func TrendOf(p document.Period) (document.Period, Grain) {
	start, end := p.Start.In(p.Zone), p.End.In(p.Zone)
	if p.Start.IsZero() || p.End.IsZero() {
		return p, Months
	}
	switch days := end.Sub(start).Hours() / 24; {
	case days <= 2:
		return document.Period{Start: end.AddDate(0, 0, -14), End: end, Zone: p.Zone}, Days
	case days <= 10:
		return document.Period{Start: end.AddDate(0, 0, -7*12), End: end, Zone: p.Zone}, Weeks
	case days <= 100:
		return document.Period{Start: end.AddDate(0, -12, 0), End: end, Zone: p.Zone}, Months
	default:
		return p, Months
	}
}
