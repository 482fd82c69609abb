package policy

import "math"

// Location is what a comparison needs of a location: its days need not be kept.
type Location struct {
	name string
	held bool
	// enough tells that it has LeastDays before and after.
	enough        bool
	before, after float64
	// weeks are the means of its weeks, from the first week before on; not a number where it has no day.
	weeks []float64
}

// Around is what the days of a location say around a change; weeks is how many weeks are compared on each side at most. Weeks that its days begin or end within
// are left out, for which its days may reach a week beyond.
func Around(p Place, change int64, weeks int) Location {
	c, ok := means(p, change, int64(weeks))
	out := Location{name: p.Name, held: p.Held, enough: ok}
	if !ok {
		return out
	}
	out.before, out.after = c.before, c.after
	for week := -int64(weeks); week < int64(weeks); week++ {
		v, ok := c.weeks[week]
		if !ok {
			v = math.NaN()
		}
		out.weeks = append(out.weeks, v)
	}
	return out
}

// place is the location as it is compared.
func (l Location) place() place {
	out := place{before: l.before, after: l.after, weeks: make(map[int64]float64, len(l.weeks))}
	for i, v := range l.weeks {
		if !math.IsNaN(v) {
			out.weeks[int64(i-len(l.weeks)/2)] = v
		}
	}
	return out
}

// weekOf is the week of a day, counted from the day of the change.
func weekOf(day, change int64) int64 { return int64(math.Floor(float64(day-change) / 7)) }

// whole are the first and the last week of a location that its days do not begin or end within: a week with its Saturday and without its Monday tells of other
// days than a whole one. Days on which it was not known a week further in either, such as days of rest, may be lacking at the ends; gaps in between may be anywhere.
func whole(days []Point, change int64) (first, last int64) {
	if len(days) == 0 {
		return 0, -1
	}
	there := make(map[int64]bool, len(days))
	begin, end := days[0].Day, days[0].Day
	for _, d := range days {
		there[d.Day] = true
		begin, end = min(begin, d.Day), max(end, d.Day)
	}
	first, last = weekOf(begin, change), weekOf(end, change)
	for day := change + 7*first; day < begin; day++ {
		if there[day+7] {
			first++
			break
		}
	}
	for day := end + 1; day < change+7*(last+1); day++ {
		if there[day-7] {
			last--
			break
		}
	}
	return first, last
}
