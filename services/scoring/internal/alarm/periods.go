package alarm

import (
	"fmt"
	"time"

	"github.com/otklik/otklik/libs/calendar"
)

// PeriodEnd is the end of the period of a grain that holds a moment.
func PeriodEnd(t time.Time, g calendar.Grain, loc *time.Location) (time.Time, error) {
	steps, err := calendar.Steps(calendar.Period{First: calendar.BucketOf(t), End: calendar.BucketOf(t) + 1}, g, loc, 2)
	if err != nil || len(steps) == 0 {
		return time.Time{}, fmt.Errorf("find end of period: %d steps: %w", len(steps), err)
	}
	return steps[0].Next.UTC(), nil
}

// ends are the ends of periods from one end on that are not after a moment, at most limit of them, and the end that comes next.
func ends(first, last time.Time, g calendar.Grain, loc *time.Location, limit int) (found []time.Time, next time.Time, err error) {
	next = first
	for !next.After(last) && len(found) < limit {
		found = append(found, next)
		if next, err = PeriodEnd(next, g, loc); err != nil {
			return nil, time.Time{}, err
		}
	}
	return found, next, nil
}

// before is the start of the period that lies so many periods before the one that holds a moment.
func before(t time.Time, periods int, g calendar.Grain, loc *time.Location) time.Time {
	start := calendar.StepStart(t, g, loc)
	for range periods {
		// The moment before the start of a period lies in the one before.
		start = calendar.StepStart(start.Add(-1), g, loc)
	}
	return start.UTC()
}
