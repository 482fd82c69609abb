package calendar

import (
	"errors"
	"fmt"
	"time"
)

// Grain is the length of the steps of a trend.
type Grain uint8

// Grains. None means one step for the whole period.
const (
	None Grain = iota
	Hour
	Day
	// Week begins on Monday.
	Week
	Month
	Quarter
	Year
)

// String is the name of the grain, as in the API.
func (g Grain) String() string {
	names := [...]string{"NONE", "HOUR", "DAY", "WEEK", "MONTH", "QUARTER", "YEAR"}
	if int(g) < len(names) {
		return names[g]
	}
	return "UNKNOWN"
}

// ErrTooManySteps reports a period that holds more steps than allowed.
var ErrTooManySteps = errors.New("too many steps")

// Step is one step of a trend: the buckets that start within it.
type Step struct {
	Period
	// Start and Next are the step's own first moment and that of the next step, in the location asked for; the buckets may
	// cover less, where the period begins or ends within the step. Zero for the one step of None.
	Start, Next time.Time
}

// Steps cuts a period into the steps of a grain that begin on local time of loc (hours on the full hour, days at the first
// moment of the date, weeks on Monday), in ascending order and without gaps. Steps that hold no bucket (a date that a zone skipped)
// are left out. ErrTooManySteps when there would be more than limit.
func Steps(p Period, g Grain, loc *time.Location, limit int) ([]Step, error) {
	if p.IsEmpty() {
		return nil, nil
	}
	if g == None {
		return []Step{{Period: p}}, nil
	}
	if g > Year {
		return nil, fmt.Errorf("grain %d: unknown", g)
	}
	var steps []Step
	last := p.End.Start()
	for start := floor(p.First.Start().In(loc), g); start.Before(last); {
		following := next(start, g)
		s := Step{Period: Period{First: firstFrom(start), End: firstFrom(following)}.Intersect(p), Start: start, Next: following}
		if !s.IsEmpty() {
			if len(steps) == limit {
				return nil, fmt.Errorf("more than %d steps of a %s: %w", limit, g, ErrTooManySteps)
			}
			steps = append(steps, s)
		}
		start = following
	}
	return steps, nil
}

// floor is the start of the step that holds t.
func floor(t time.Time, g Grain) time.Time {
	if g == Hour {
		return hourStart(t)
	}
	y, m, d := t.Date()
	switch g {
	case Week:
		d -= (int(t.Weekday()) + 6) % 7
	case Month:
		d = 1
	case Quarter:
		m, d = (m-1)/3*3+1, 1
	case Year:
		m, d = time.January, 1
	}
	return dateStart(y, m, d, t.Location())
}

// next is the start of the step after the one that starts at `start`. It is later than start, always.
func next(start time.Time, g Grain) time.Time {
	if g == Hour {
		return nextHour(start)
	}
	y, m, d := start.Date()
	for n := 1; ; n++ {
		var t time.Time
		switch g {
		case Day:
			t = dateStart(y, m, d+n, start.Location())
		case Week:
			t = dateStart(y, m, d-(int(start.Weekday())+6)%7+7*n, start.Location())
		case Month:
			t = dateStart(y, m+time.Month(n), 1, start.Location())
		case Quarter:
			t = dateStart(y, m+time.Month(3*n), 1, start.Location())
		default:
			t = dateStart(y+n, time.January, 1, start.Location())
		}
		if t.After(start) {
			return t
		}
	}
}

// StartsMonth tells whether a moment is the first of a month of loc.
func StartsMonth(t time.Time, loc *time.Location) bool { return floor(t.In(loc), Month).Equal(t) }

// hourStart is the last moment not after t at which the local clock shows a full hour.
func hourStart(t time.Time) time.Time {
	into := time.Duration(t.Minute())*time.Minute + time.Duration(t.Second())*time.Second + time.Duration(t.Nanosecond())
	start := t.Add(-into)
	// Where the clock was changed by less than an hour since, the change is the start of what the clock shows now.
	if changed, _ := t.ZoneBounds(); !changed.IsZero() && start.Before(changed) {
		return changed
	}
	return start
}

// nextHour is the first moment after start at which the local clock shows a full hour, or the clock is changed.
func nextHour(start time.Time) time.Time {
	into := time.Duration(start.Minute())*time.Minute + time.Duration(start.Second())*time.Second
	t := start.Add(time.Hour - into)
	if _, change := start.ZoneBounds(); !change.IsZero() && change.Before(t) {
		return change
	}
	return t
}

// dateStart is the first moment of a date in a location. The date is normalised as by time.Date. Where the zone skipped
// midnight, it is the moment of the change; where the zone skipped the whole date, the first moment after it.
func dateStart(year int, month time.Month, day int, loc *time.Location) time.Time {
	utc := time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
	// Every offset in force around the date is a candidate; the earliest that shows midnight of the date is its start.
	var best time.Time
	probe := utc.Add(-36 * time.Hour).In(loc)
	for {
		_, offset := probe.Zone()
		candidate := utc.Add(-time.Duration(offset) * time.Second).In(loc)
		if _, shown := candidate.Zone(); shown == offset && (best.IsZero() || candidate.Before(best)) {
			best = candidate
		}
		_, end := probe.ZoneBounds()
		if end.IsZero() || end.After(utc.Add(36*time.Hour)) {
			break
		}
		if best.IsZero() && beforeDate(candidate, end, utc) {
			best = end.In(loc)
		}
		probe = end.In(loc)
	}
	return best
}

// beforeDate tells whether the clock jumped over local midnight `date` at `change`: it showed less before, and shows the
// date or a later one after.
func beforeDate(candidate, change, date time.Time) bool {
	y, m, d := change.In(candidate.Location()).Date()
	return !candidate.Before(change) && !time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Before(date)
}

// StepStart is the first moment of the step of a grain that holds t, on local time of loc.
func StepStart(t time.Time, g Grain, loc *time.Location) time.Time { return floor(t.In(loc), g) }
