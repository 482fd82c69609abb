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
