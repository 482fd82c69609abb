package light

import "time"

// The periods of time of which sums are kept.
const (
	// Window is the time that the light itself looks at.
	Window = iota
	// Recent is the time that the trend is about.
	Recent
	// Before is the time of the same length before it, with which it is compared.
	Before
	periods
)

// Periods are the sums of a unit.
type Periods [periods]Sums

// Empty tells whether nothing is counted.
func (p *Periods) Empty() bool { return *p == Periods{} }

// Parts are what a contact contributes to a unit.
type Parts [periods]Part

// Empty tells whether the contact contributes nothing.
func (p *Parts) Empty() bool { return *p == Parts{} }

// Edges are the moments at which the periods begin. They move on with time, and never back.
type Edges struct{ Window, Recent, Before time.Time }

// day is a day of a policy: 24 hours.
const day = 24 * time.Hour

// EdgesAt are the edges of a policy at a moment.
func (p Policy) EdgesAt(now time.Time) Edges {
	now = now.UTC().Truncate(time.Second)
	e := Edges{Recent: now.Add(-time.Duration(p.TrendDays) * day), Before: now.Add(-2 * time.Duration(p.TrendDays) * day)}
	if p.WindowDays > 0 {
		e.Window = now.Add(-time.Duration(p.WindowDays) * day)
	}
	return e
}

// Member tells in which periods an answer counts.
type Member [periods]bool

// Of tells in which periods a moment lies.
func (e Edges) Of(t time.Time) Member {
	return Member{Window: !t.Before(e.Window), Recent: !t.Before(e.Recent), Before: t.Before(e.Recent) && !t.Before(e.Before)}
}
