package register

import (
	"fmt"
	"slices"
	"time"
)

// mostChanges is how many changes an entry remembers.
const mostChanges = 100

// Refusal is why an entry cannot be as it would be.
type Refusal struct {
	// Field is the field of the entry that is at fault.
	Field string
	// Description says what is wrong, and what to do.
	Description string
	// Transition tells that the state cannot be reached from the one before.
	Transition bool
}

// Error says why.
func (r *Refusal) Error() string { return r.Field + ": " + r.Description }

// ways says from where a state is reached.
var ways = map[State][]State{
	UnderReview: {Proposed, Done, Rejected},
	Accepted:    {UnderReview},
	InProgress:  {Accepted},
	Done:        {InProgress},
	Rejected:    {Proposed, UnderReview, Accepted, InProgress},
}

// names are how people and the API call the states.
var names = map[State]string{
	Proposed: "PROPOSED", UnderReview: "UNDER_REVIEW", Accepted: "ACCEPTED", InProgress: "IN_PROGRESS", Done: "DONE", Rejected: "REJECTED",
}

// String is how people call it.
func (s State) String() string { return names[s] }

// Move notes by whom and when an entry came to its state from the one before, 0 for a new entry, after checking that it may. Errors: *Refusal.
func (e *Entry) Move(from State, actor string, now time.Time) error {
	if err := e.check(); err != nil {
		return err
	}
	if from == e.State {
		return nil
	}
	if from != 0 && !slices.Contains(ways[e.State], from) {
		return &Refusal{Field: "state", Description: fmt.Sprintf("cannot go from %s to %s", from, e.State), Transition: true}
	}
	e.Changes = append(e.Changes, Change{State: e.State, Actor: actor, Time: now})
	if n := len(e.Changes) - mostChanges; n > 0 {
		e.Changes = slices.Delete(e.Changes, 0, n)
	}
	return nil
}

// check refuses what no entry may be, whatever it was.
func (e *Entry) check() error {
	beyondReview := e.State == Accepted || e.State == InProgress || e.State == Done
	switch {
	case e.Kind == Trend && (e.Likelihood != 0 || e.Impact != 0):
		return &Refusal{Field: "likelihood", Description: "and impact are of risks: a trend has an idea"}
	case e.Kind == Risk && e.Idea != "":
		return &Refusal{Field: "idea", Description: "is of trends: a risk has likelihood, impact and actions"}
	case e.Kind == Risk && beyondReview && e.Severity() == 0:
		return &Refusal{Field: "state", Description: fmt.Sprintf("a risk that is %s is assessed: state likelihood and impact, each from 1 to 5", e.State), Transition: true}
	case e.Kind == Risk && (e.State == InProgress || e.State == Done) && len(e.Actions) == 0:
		return &Refusal{Field: "state", Description: fmt.Sprintf("a risk that is %s has an action plan: state at least one action", e.State), Transition: true}
	case e.Kind == Trend && beyondReview && e.Idea == "":
		return &Refusal{Field: "state", Description: fmt.Sprintf("a trend that is %s became an idea: state the idea", e.State), Transition: true}
	}
	return nil
}
