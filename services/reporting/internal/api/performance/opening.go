package performance

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/otklik/otklik/services/reporting/internal/api/fault"
	"github.com/otklik/otklik/services/reporting/internal/operation"
	"github.com/otklik/otklik/services/reporting/internal/peers"
)

// openings tells when locations opened. The directory is asked once, and not before a location lacks its first days.
type openings struct {
	segmentation *peers.Segmentation
	days         map[string]operation.Day
}

// on is the day on which a location opened; false where the directory does not tell.
func (o *openings) on(ctx context.Context, name string) (operation.Day, bool, error) {
	if o.days == nil {
		units, err := o.segmentation.Locations(ctx)
		if err != nil {
			return 0, false, fault.Segmentation(err)
		}
		o.days = make(map[string]operation.Day, len(units))
		for _, u := range units {
			if t, err := time.Parse(time.DateOnly, u.GetLocation().GetOpeningDate()); err == nil {
				o.days[strings.TrimPrefix(u.GetName(), locationPrefix)] = operation.DayOf(t)
			}
		}
	}
	day, ok := o.days[name]
	return day, ok, nil
}

// fill adds the days before a location opened: nobody came and nothing was sold, which is known.
func (o *openings) fill(ctx context.Context, t *compared, s sides, c comparison) (sides, error) {
	if len(s.before) > 0 && s.before[0].day == c.before.first {
		return s, nil
	}
	opened, ok, err := o.on(ctx, s.name)
	if err != nil || !ok || opened <= c.before.first {
		return s, err
	}
	t.opened = append(t.opened, s.name)
	s.before, s.after = closed(c.before, opened, s.before), closed(c.after, opened, s.after)
	return s, nil
}

// closed are days with those before the opening; what was recorded stays as it is.
func closed(of span, opened operation.Day, days []count) []count {
	until := min(opened, of.last+1)
	if len(days) > 0 {
		until = min(until, days[0].day)
	}
	var before []count
	for day := of.first; day < until; day++ {
		before = append(before, count{day: day, visitors: true, sales: true, closed: true})
	}
	return slices.Concat(before, days)
}

// mostListed is how many names a note lists.
const mostListed = 10

// shortList are names, but not more than a reader reads.
func shortList(names []string) string {
	if more := len(names) - mostListed; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:mostListed], ", "), more)
	}
	return strings.Join(names, ", ")
}
