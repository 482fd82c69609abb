package register_test

import (
	"errors"
	"testing"
	"time"

	"github.com/otklik/otklik/services/comment/internal/register"
)

func entry(kind register.Kind, state register.State) register.Entry {
	e := register.Entry{Kind: kind, State: state, Actions: []register.Action{{Text: "open a till"}}}
	if kind == register.Risk {
		e.Likelihood, e.Impact = 4, 3
	} else {
		e.Idea = "sell it"
	}
	return e
}

// Every pair of states is allowed or refused as the API says.
func TestTransitions(t *testing.T) {
	t.Parallel()
	allowed := map[[2]register.State]bool{}
	for _, w := range [][2]register.State{
		{register.Proposed, register.UnderReview}, {register.UnderReview, register.Accepted}, {register.Accepted, register.InProgress},
		{register.InProgress, register.Done}, {register.Proposed, register.Rejected}, {register.UnderReview, register.Rejected},
		{register.Accepted, register.Rejected}, {register.InProgress, register.Rejected}, {register.Done, register.UnderReview},
		{register.Rejected, register.UnderReview},
	} {
		allowed[w] = true
	}
	for from := register.Proposed; from <= register.Rejected; from++ {
		for to := register.Proposed; to <= register.Rejected; to++ {
			for _, kind := range []register.Kind{register.Trend, register.Risk} {
				e := entry(kind, to)
				err := e.Move(from, "key", time.Now())
				if want := allowed[[2]register.State{from, to}] || from == to; (err == nil) != want {
					t.Errorf("%v from %v to %v: %v", kind, from, to, err)
				}
				if moved := err == nil && from != to; moved != (len(e.Changes) == 1) {
					t.Errorf("%v from %v to %v: changes %v", kind, from, to, e.Changes)
				}
			}
		}
	}
}

func TestWhatAStateNeeds(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*register.Entry)
		kind   register.Kind
		from   register.State
		to     register.State
		field  string
	}{
		"an accepted risk is assessed":          {func(e *register.Entry) { e.Impact = 0 }, register.Risk, register.UnderReview, register.Accepted, "state"},
		"a risk in progress has an action plan": {func(e *register.Entry) { e.Actions = nil }, register.Risk, register.Accepted, register.InProgress, "state"},
		"an accepted trend is an idea":          {func(e *register.Entry) { e.Idea = "" }, register.Trend, register.UnderReview, register.Accepted, "state"},
		"a trend has no likelihood":             {func(e *register.Entry) { e.Likelihood = 2 }, register.Trend, register.UnderReview, register.UnderReview, "likelihood"},
		"a risk has no idea":                    {func(e *register.Entry) { e.Idea = "x" }, register.Risk, register.UnderReview, register.UnderReview, "idea"},
	} {
		e := entry(c.kind, c.to)
		c.change(&e)
		var refusal *register.Refusal
		if err := e.Move(c.from, "", time.Now()); !errors.As(err, &refusal) || refusal.Field != c.field {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSeverity(t *testing.T) {
	t.Parallel()
	if s := (register.Entry{Likelihood: 4, Impact: 5}).Severity(); s != 20 {
		t.Errorf("got %d", s)
	}
}
