package trigger

import (
	"fmt"
	"reflect"
	"slices"
	"time"
)

// Refusal is why a rule cannot be.
type Refusal struct {
	// Field is the field of the rule at fault.
	Field, Description string
	// Cyclic tells that its escalation returns to where the case was before, Conflict that it says otherwise than the rule named by With.
	Cyclic bool
	With   string
}

// Error says why.
func (r *Refusal) Error() string { return r.Field + ": " + r.Description }

// MostSteps bounds the steps of an escalation.
const MostSteps = 10

// mostPromised bounds promises and steps: beyond it no case waits for anything.
const mostPromised = 2000 * time.Hour

// Check refuses a rule that contradicts itself. Errors: *Refusal.
func (r Rule) Check() error {
	if err := r.Trigger.check(); err != nil {
		return err
	}
	if (r.Trigger.Kind == Light || r.Trigger.Kind == Alert) && (len(r.Where.Surveys) > 0 && r.Trigger.Kind == Light || len(r.Where.Touchpoints)+len(r.Where.Channels) > 0) {
		return &Refusal{Field: "where", Description: "names circumstances of answers, which this trigger does not have: it would never match"}
	}
	return r.Outcome.check()
}

func (t Trigger) check() error {
	switch t.Kind {
	case Score:
		if t.Question == "" && (t.AtMost < 1 || t.AtMost >= 10) {
			return &Refusal{Field: "score.at_most", Description: "must be from 1 to less than 10 where no question is named: scores of any question are compared on 1..10"}
		}
	case Sentiment, Aspect:
		if len(t.Sentiments) == 0 {
			return &Refusal{Field: string(t.Kind) + ".sentiments", Description: "must name one at least: it would never match"}
		}
	}
	return nil
}

func (o Outcome) check() error {
	promises := o.SLA
	switch {
	case promises.FirstResponse > mostPromised || promises.Resolution > mostPromised:
		return &Refusal{Field: "sla", Description: fmt.Sprintf("must promise something within %.0f hours of working time", mostPromised.Hours())}
	case promises.FirstResponse > 0 && promises.Resolution > 0 && promises.FirstResponse > promises.Resolution:
		return &Refusal{Field: "sla.first_response", Description: "must not be longer than the time until the case is resolved: the two contradict each other"}
	case len(o.Steps) > MostSteps:
		return &Refusal{Field: "escalation", Description: fmt.Sprintf("must have at most %d steps", MostSteps)}
	}
	return o.checkSteps()
}

// checkSteps refuses an escalation that does not go on: each step is later than the one before, is no less severe, and gives the case to nobody who had it.
func (o Outcome) checkSteps() error {
	queues, owners := []string{o.Queue}, []string{o.Owner}
	after, severity := time.Duration(0), o.Severity
	for i, s := range o.Steps {
		field := fmt.Sprintf("escalation[%d]", i)
		switch {
		case s.After <= after:
			return &Refusal{Field: field + ".after", Description: "must be later than the step before it"}
		case s.After > mostPromised:
			return &Refusal{Field: field + ".after", Description: fmt.Sprintf("must be within %.0f hours of working time", mostPromised.Hours())}
		case s.Queue == "" && s.Owner == "" && s.Severity == 0:
			return &Refusal{Field: field, Description: "changes nothing: name an owner, a queue or a severity"}
		case s.Severity != 0 && s.Severity < severity:
			return &Refusal{Field: field + ".severity", Description: fmt.Sprintf("must not be less than before: it was %s", severity)}
		case s.Queue != "" && slices.Contains(queues, s.Queue):
			return &Refusal{Field: field + ".queue", Description: "had the case before: the escalation is cyclic", Cyclic: true}
		case s.Owner != "" && slices.Contains(owners, s.Owner):
			return &Refusal{Field: field + ".owner", Description: "had the case before: the escalation is cyclic", Cyclic: true}
		}
		after, severity = s.After, max(severity, s.Severity)
		queues, owners = append(queues, s.Queue), append(owners, s.Owner)
	}
	return nil
}

// CheckAmong refuses a rule that contradicts another one: both look for the same in the same circumstances about the same subject, and ask otherwise. It also
// refuses escalations which, rule after rule, hand cases round: queue A to B, and B to A. Errors: *Refusal.
func (r Rule) CheckAmong(others []Rule) error {
	if r.Disabled {
		return nil
	}
	for _, o := range others {
		if o.Disabled || o.ID == r.ID || o.About() != r.About() || !reflect.DeepEqual(o.Trigger, r.Trigger) || !reflect.DeepEqual(o.Where.sorted(), r.Where.sorted()) {
			continue
		}
		if reflect.DeepEqual(o.Outcome, r.Outcome) {
			return &Refusal{Field: "trigger", Description: "is that of caseRules/" + o.ID + ", which asks for the same", With: o.ID}
		}
		return &Refusal{Field: "trigger", Description: "is that of caseRules/" + o.ID + ", which asks otherwise of the same cases: change one of them", With: o.ID}
	}
	return r.checkRound(others)
}

// sorted is the same limits in one order.
func (w Where) sorted() Where {
	for _, list := range []*[]string{&w.Surveys, &w.Touchpoints, &w.Channels, &w.Locations, &w.Regions, &w.Companies} {
		if len(*list) == 0 {
			*list = nil
			continue
		}
		*list = slices.Sorted(slices.Values(*list))
	}
	return w
}

// checkRound looks for a way from a queue of the rule's escalation back to where it came from.
func (r Rule) checkRound(others []Rule) error {
	ways := map[string][]string{}
	for _, o := range others {
		if !o.Disabled && o.ID != r.ID {
			o.Outcome.addWays(ways)
		}
	}
	own := map[string][]string{}
	r.Outcome.addWays(own)
	for i, s := range r.Outcome.Steps {
		for from, to := range own {
			if slices.Contains(to, s.Queue) && reaches(ways, own, s.Queue, from) {
				return &Refusal{
					Field: fmt.Sprintf("escalation[%d].queue", i), Cyclic: true,
					Description: fmt.Sprintf("is a queue from which other rules escalate to %q: cases would go round", from),
				}
			}
		}
	}
	return nil
}

// addWays adds from which queue to which an escalation leads.
func (o Outcome) addWays(ways map[string][]string) {
	at := o.Queue
	for _, s := range o.Steps {
		if s.Queue != "" {
			if at != "" {
				ways[at] = append(ways[at], s.Queue)
			}
			at = s.Queue
		}
	}
}

// reaches tells whether escalations lead from a queue to another one.
func reaches(ways, own map[string][]string, from, to string) bool {
	seen, next := map[string]bool{}, []string{from}
	for len(next) > 0 {
		at := next[0]
		next = next[1:]
		if at == to {
			return true
		}
		if !seen[at] {
			seen[at] = true
			next = append(append(next, ways[at]...), own[at]...)
		}
	}
	return false
}

// Needs tells whether any of the rules that are not disabled is of one of the kinds.
func Needs(rules []Rule, kinds ...Kind) bool {
	return slices.ContainsFunc(rules, func(r Rule) bool { return !r.Disabled && slices.Contains(kinds, r.Trigger.Kind) })
}
