package cases

import (
	"fmt"
	"slices"
	"time"
)

// ReopenWithin is how long after it was resolved a case can be reopened.
const ReopenWithin = 30 * 24 * time.Hour

// ways says from where a state is reached.
var ways = map[State][]State{
	InProgress:      {New, Assigned, WaitingCustomer, Resolved, Closed},
	WaitingCustomer: {Assigned, InProgress},
	Resolved:        {Assigned, InProgress, WaitingCustomer},
	Closed:          {New, Assigned, Resolved},
}

// Open begins the life of a case whose content is set.
func (c *Case) Open(actor string, now time.Time, cal Calendar) Entry {
	c.State, c.CreateTime, c.UpdateTime = New, now, now
	if c.Owner != "" {
		c.State = Assigned
	}
	c.Clock.start(now)
	if c.SLA.FirstResponse > 0 {
		c.FirstDue = cal.Add(now, c.SLA.FirstResponse)
	}
	c.reckon(cal)
	return Entry{Kind: Opened, Time: now, Actor: actor, State: c.State, Rule: c.Rule, After: c.handlingNow()}
}

// Claim makes a case the owner's. It is claimed already where it is the owner's: then there is nothing to remember. Errors: *Refusal.
func (c *Case) Claim(owner, actor string, now time.Time) (Entry, bool, error) {
	switch {
	case !c.State.Unresolved():
		return Entry{}, false, &Refusal{Transition, "state", fmt.Sprintf("is %s: only what is not resolved can be claimed", c.State)}
	case c.Owner == owner:
		return Entry{}, false, nil
	case c.Owner != "":
		return Entry{}, false, &Refusal{Owned, "owner", "is " + c.Owner + ", who has claimed it already: ask for a hand-over, or claim another one"}
	}
	before := c.handling()
	c.hand(owner, "")
	c.UpdateTime = now
	return Entry{Kind: Claimed, Time: now, Actor: actor, Before: &before, After: c.handlingNow()}, true, nil
}

// hand gives the case to an owner or a queue; what is empty stays.
func (c *Case) hand(owner, queue string) {
	if queue != "" && queue != c.Queue {
		if c.Queue != "" {
			c.HandOffs++
		}
		c.Queue = queue
	}
	if owner != "" {
		c.Owner = owner
		if c.State == New {
			c.State = Assigned
		}
	}
}

// release takes the case from its owner.
func (c *Case) release() {
	c.Owner = ""
	if c.State == Assigned {
		c.State = New
	}
}

// Assign gives a case another owner, queue or severity. An owner that is empty takes it from whoever had it. Errors: *Refusal.
func (c *Case) Assign(to Handling, actor string, now time.Time) (Entry, bool, error) {
	before := c.handling()
	if to == before {
		return Entry{}, false, nil
	}
	if !c.State.Open() {
		return Entry{}, false, &Refusal{Transition, "state", "is CLOSED: reopen it first"}
	}
	if to.Owner == "" && before.Owner != "" {
		if c.State != Assigned && c.State != New {
			return Entry{}, false, &Refusal{Transition, "owner", fmt.Sprintf("is needed by a case that is %s: name another one", c.State)}
		}
		c.release()
	}
	if to.Queue == "" && before.Queue != "" {
		c.Queue = ""
	}
	c.hand(to.Owner, to.Queue)
	c.Severity = to.Severity
	c.UpdateTime = now
	return Entry{Kind: Changed, Time: now, Actor: actor, Before: &before, After: c.handlingNow()}, true, nil
}

// Move brings a case to another state. Errors: *Refusal.
func (c *Case) Move(to State, actor string, now time.Time, cal Calendar) (Entry, error) {
	from := c.State
	if err := c.mayMove(to, now); err != nil {
		return Entry{}, err
	}
	e := Entry{Kind: Moved, Time: now, Actor: actor, From: from, State: to}
	if to == InProgress && !from.Unresolved() {
		e.Kind = Reopened
		c.Reopenings++
		c.ResolveTime, c.CloseTime, c.ResolveWorked = time.Time{}, time.Time{}, 0
	}
	c.State, c.UpdateTime = to, now
	// Whoever begins, resolves or closes a case answers by that; whoever reopens it does not.
	if c.FirstTime.IsZero() && e.Kind != Reopened {
		c.FirstTime = now
		c.FirstWorked = cal.Between(c.CreateTime, now)
	}
	if to == InProgress {
		c.Clock.start(now)
	} else {
		c.Clock.stop(now, cal)
	}
	if to == Resolved || to == Closed && c.ResolveTime.IsZero() {
		c.ResolveTime, c.ResolveWorked = now, c.Clock.Used
	}
	if to == Closed {
		c.CloseTime = now
	}
	c.reckon(cal)
	return e, nil
}

// mayMove refuses what is not allowed.
func (c *Case) mayMove(to State, now time.Time) error {
	from := c.State
	switch {
	case to == Closed && from == Closed:
		return &Refusal{AlreadyClosed, "state", "is CLOSED already: it was closed " + c.CloseTime.UTC().Format(time.RFC3339)}
	case to == from, !slices.Contains(ways[to], from):
		return &Refusal{Transition, "state", fmt.Sprintf("cannot go from %s to %s", from, to)}
	case !from.Unresolved() && to == InProgress && c.MergedInto != "":
		return &Refusal{Transition, "state", "of a case that was merged cannot change: see the one it was merged into"}
	case !from.Unresolved() && to == InProgress && now.Sub(c.ResolveTime) > ReopenWithin:
		return &Refusal{Transition, "state", fmt.Sprintf("cannot go from %s to %s later than %d days after it was resolved: open another case", from, to, int(ReopenWithin.Hours()/24))}
	case to != Closed && c.Owner == "":
		return &Refusal{Transition, "owner", fmt.Sprintf("is needed by a case that is %s: claim it first", to)}
	}
	return nil
}

// promise takes over what another case promises where that is stricter. One that is resolved promises nothing any more.
func (c *Case) promise(other *Case, now time.Time, cal Calendar) {
	if !other.State.Unresolved() {
		return
	}
	unanswered := c.FirstTime.IsZero() && other.FirstTime.IsZero()
	if unanswered && !other.FirstDue.IsZero() && (c.FirstDue.IsZero() || other.FirstDue.Before(c.FirstDue)) {
		c.SLA.FirstResponse, c.FirstDue = other.SLA.FirstResponse, other.FirstDue
	}
	used, others := c.Clock.Read(now, cal), other.Clock.Read(now, cal)
	if other.SLA.Resolution == 0 || c.SLA.Resolution > 0 && c.SLA.Resolution-used <= other.SLA.Resolution-others {
		return
	}
	c.SLA.Resolution, c.Clock.Used, c.Warned = other.SLA.Resolution, others, c.Warned && other.Warned
	// It runs, or stands, as it did.
	if !c.Clock.Since.IsZero() {
		c.Clock.Since = now
	}
}

// Merge takes another case into this one, and says what happened to each. The stricter of the promises holds. Errors: *Refusal.
func (c *Case) Merge(other *Case, actor string, now time.Time, cal Calendar) (here, there Entry, err error) {
	switch {
	case c.ID == other.ID:
		return here, there, &Refusal{Unmergeable, "sources", "names the case itself"}
	case c.MergedInto != "" || c.State == Closed:
		return here, there, &Refusal{Unmergeable, "name", "is of a case that is closed: merge into one that is open"}
	case other.MergedInto != "":
		return here, there, &Refusal{Unmergeable, "sources", "names a case that was merged already, into cases/" + other.MergedInto}
	case c.About.Contact != other.About.Contact:
		return here, there, &Refusal{Unmergeable, "sources", "names a case of another contact: what one told is not kept with another"}
	}
	if other.State.Unresolved() {
		c.promise(other, now, cal)
	}
	c.Severity, c.Value = max(c.Severity, other.Severity), max(c.Value, other.Value)
	c.HandOffs, c.Reopenings = c.HandOffs+other.HandOffs, c.Reopenings+other.Reopenings
	c.Late.FirstResponse, c.Late.Resolution = c.Late.FirstResponse || other.Late.FirstResponse, c.Late.Resolution || other.Late.Resolution
	c.Tasks = append(slices.Clone(c.Tasks), other.Tasks...)
	c.UpdateTime = now
	c.reckon(cal)
	from := other.State
	if other.ResolveTime.IsZero() {
		other.Clock.stop(now, cal)
		other.ResolveTime, other.ResolveWorked = now, other.Clock.Used
	}
	if other.CloseTime.IsZero() {
		other.CloseTime = now
	}
	other.State, other.MergedInto, other.UpdateTime = Closed, c.ID, now
	other.reckon(cal)
	return Entry{Kind: Merged, Time: now, Actor: actor, Case: other.ID}, Entry{Kind: Merged, Time: now, Actor: actor, Case: c.ID, From: from, State: Closed}, nil
}

// Separate takes a case out of the one that it was merged into, back to the state and the clock that it had: what was promised is promised still.
func (c *Case) Separate(state State, clock Clock, actor string, now time.Time, cal Calendar) Entry {
	c.State, c.Clock, c.MergedInto, c.UpdateTime = state, clock, "", now
	c.ResolveTime, c.ResolveWorked, c.CloseTime = time.Time{}, 0, time.Time{}
	c.reckon(cal)
	return Entry{Kind: Reopened, Time: now, Actor: actor, From: Closed, State: state}
}

// Return gives back the tasks that a case got from another one, as far as they are still the same.
func (c *Case) Return(tasks []Task) {
	for _, t := range tasks {
		if i := slices.Index(c.Tasks, t); i >= 0 {
			c.Tasks = slices.Delete(slices.Clone(c.Tasks), i, i+1)
		}
	}
}
