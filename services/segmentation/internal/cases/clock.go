package cases

import "time"

// Calendar counts working time; *worktime.Clock is one.
type Calendar interface {
	Add(t time.Time, working time.Duration) time.Time
	Between(from, to time.Time) time.Duration
}

// Clock counts the working time of a case. It stands while the customer is waited for, and once the case is resolved.
type Clock struct {
	// Since is when it was started last; zero while it stands.
	Since time.Time `json:"since,omitzero"`
	// Used is what it had counted by then.
	Used time.Duration `json:"used,omitempty"`
}

// start lets it run.
func (c *Clock) start(now time.Time) {
	if c.Since.IsZero() {
		c.Since = now
	}
}

// stop lets it stand.
func (c *Clock) stop(now time.Time, cal Calendar) {
	c.Used, c.Since = c.Read(now, cal), time.Time{}
}

// Read is what it shows.
func (c Clock) Read(now time.Time, cal Calendar) time.Duration {
	if c.Since.IsZero() || now.Before(c.Since) {
		return c.Used
	}
	return c.Used + cal.Between(c.Since, now)
}

// reaches is when it will show so much; zero while it stands. What it has shown already it reached when it was started.
func (c Clock) reaches(working time.Duration, cal Calendar) time.Time {
	if c.Since.IsZero() {
		return time.Time{}
	}
	return cal.Add(c.Since, working-c.Used)
}

// Warning is when a case is said to be due: when four fifths of the promised time are used.
func (s SLA) Warning() time.Duration { return s.Resolution / 5 * 4 }

// reckon brings up to date until when the case has to be resolved.
func (c *Case) reckon(cal Calendar) {
	c.Due = time.Time{}
	if c.SLA.Resolution > 0 {
		c.Due = c.Clock.reaches(c.SLA.Resolution, cal)
	}
}

// Next is when time does something to the case; zero when it will not.
func (c *Case) Next(cal Calendar) time.Time {
	var next time.Time
	sooner := func(t time.Time) {
		if !t.IsZero() && (next.IsZero() || t.Before(next)) {
			next = t
		}
	}
	if !c.State.Unresolved() {
		return next
	}
	if c.FirstTime.IsZero() && !c.Late.FirstResponse {
		sooner(c.FirstDue)
	}
	if c.SLA.Resolution > 0 && !c.Late.Resolution {
		sooner(c.Due)
		if !c.Warned {
			sooner(c.Clock.reaches(c.SLA.Warning(), cal))
		}
	}
	if c.StepsTaken < len(c.Steps) {
		sooner(c.Clock.reaches(c.Steps[c.StepsTaken].After, cal))
	}
	return next
}

// Tick does what is to be done by now, and says what it did, in the order in which it should have happened.
func (c *Case) Tick(now time.Time, cal Calendar) []Entry {
	var out []Entry
	for next := c.Next(cal); !next.IsZero() && !next.After(now); next = c.Next(cal) {
		out = append(out, c.happen(next, now, cal))
	}
	return out
}

// happen does one thing that was to be done at a time.
func (c *Case) happen(at, now time.Time, cal Calendar) Entry {
	c.UpdateTime = now
	reached := func(working time.Duration) bool {
		t := c.Clock.reaches(working, cal)
		return !t.IsZero() && !t.After(at)
	}
	switch {
	case c.FirstTime.IsZero() && !c.Late.FirstResponse && !c.FirstDue.IsZero() && !c.FirstDue.After(at):
		c.Late.FirstResponse = true
		return Entry{Kind: Breached, Time: now, Promise: FirstResponsePromise, Due: c.FirstDue}
	case c.SLA.Resolution > 0 && !c.Warned && reached(c.SLA.Warning()):
		c.Warned = true
		return Entry{Kind: FellDue, Time: now, Promise: ResolutionPromise, Due: c.Due}
	case c.SLA.Resolution > 0 && !c.Late.Resolution && reached(c.SLA.Resolution):
		c.Late.Resolution = true
		return Entry{Kind: Breached, Time: now, Promise: ResolutionPromise, Due: c.Due}
	}
	step := c.Steps[c.StepsTaken]
	c.StepsTaken++
	before := c.handling()
	c.hand(step.Owner, step.Queue)
	c.Severity = max(c.Severity, step.Severity)
	return Entry{Kind: Escalated, Time: now, Step: c.StepsTaken, Before: &before, After: c.handlingNow()}
}
