package trigger_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/otklik/otklik/services/segmentation/internal/cases"
	"github.com/otklik/otklik/services/segmentation/internal/trigger"
)

func rule(id string, change ...func(*trigger.Rule)) trigger.Rule {
	r := trigger.Rule{
		ID: id, Trigger: trigger.Trigger{Kind: trigger.Score, Question: "nps", AtMost: 6},
		Outcome: trigger.Outcome{Queue: "care", Severity: cases.Medium, SLA: cases.SLA{FirstResponse: time.Hour, Resolution: 8 * time.Hour}},
	}
	for _, fn := range change {
		fn(&r)
	}
	return r
}

func refusalOf(err error) trigger.Refusal {
	var refusal *trigger.Refusal
	if !errors.As(err, &refusal) {
		return trigger.Refusal{}
	}
	return *refusal
}

func steps(list ...cases.Step) func(*trigger.Rule) {
	return func(r *trigger.Rule) { r.Outcome.Steps = list }
}

func TestCheck(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		rule   trigger.Rule
		field  string
		cyclic bool
	}{
		"as it should be": {rule: rule("r", steps(cases.Step{After: time.Hour, Queue: "lead"}, cases.Step{After: 2 * time.Hour, Owner: "head", Severity: cases.High}))},
		"back to the first queue": {
			rule("r", steps(cases.Step{After: time.Hour, Queue: "lead"}, cases.Step{After: 2 * time.Hour, Queue: "care"})), "escalation[1].queue", true,
		},
		"back to the same owner": {
			rule("r", steps(cases.Step{After: time.Hour, Owner: "ann"}, cases.Step{After: 2 * time.Hour, Owner: "bob"}, cases.Step{After: 3 * time.Hour, Owner: "ann"})),
			"escalation[2].owner", true,
		},
		"steps at once":     {rule("r", steps(cases.Step{After: time.Hour, Queue: "a"}, cases.Step{After: time.Hour, Queue: "b"})), "escalation[1].after", false},
		"a step of nothing": {rule("r", steps(cases.Step{After: time.Hour})), "escalation[0]", false},
		"less severe":       {rule("r", steps(cases.Step{After: time.Hour, Severity: cases.Low})), "escalation[0].severity", false},
		"promises that contradict each other": {
			rule("r", func(r *trigger.Rule) { r.Outcome.SLA.FirstResponse = 9 * time.Hour }), "sla.first_response", false,
		},
		"any score at or below all": {
			rule("r", func(r *trigger.Rule) { r.Trigger = trigger.Trigger{Kind: trigger.Score, AtMost: 10} }), "score.at_most", false,
		},
		"no sentiment": {rule("r", func(r *trigger.Rule) { r.Trigger = trigger.Trigger{Kind: trigger.Sentiment} }), "sentiment.sentiments", false},
		"lights of a survey": {
			rule("r", func(r *trigger.Rule) {
				r.Trigger, r.Where.Surveys = trigger.Trigger{Kind: trigger.Light}, []string{"s"}
			}), "where", false,
		},
	} {
		if got := refusalOf(c.rule.Check()); got.Field != c.field || got.Cyclic != c.cyclic {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestCheckAmong(t *testing.T) {
	t.Parallel()
	hand := func(from, to string) func(*trigger.Rule) {
		return func(r *trigger.Rule) {
			r.Outcome.Queue, r.Outcome.Steps, r.Trigger.Question = from, []cases.Step{{After: time.Hour, Queue: to}}, from+to
		}
	}
	for name, c := range map[string]struct {
		rule   trigger.Rule
		others []trigger.Rule
		with   string
		cyclic bool
	}{
		"alone":                 {rule: rule("r"), others: []trigger.Rule{rule("r")}},
		"another threshold":     {rule: rule("r"), others: []trigger.Rule{rule("a", func(r *trigger.Rule) { r.Trigger.AtMost = 3 })}},
		"the same, otherwise":   {rule: rule("r"), others: []trigger.Rule{rule("a", func(r *trigger.Rule) { r.Outcome.Queue = "sales" })}, with: "a"},
		"the same twice":        {rule: rule("r"), others: []trigger.Rule{rule("a")}, with: "a"},
		"another that sleeps":   {rule: rule("r"), others: []trigger.Rule{rule("a", func(r *trigger.Rule) { r.Disabled = true })}},
		"of another subject":    {rule: rule("r"), others: []trigger.Rule{rule("a", func(r *trigger.Rule) { r.Subject = "delivery" })}},
		"places in other order": {rule: rule("r", where("a", "b")), others: []trigger.Rule{rule("a", where("b", "a"))}, with: "a"},
		"other places":          {rule: rule("r", where("a")), others: []trigger.Rule{rule("a", where("b"))}},
		"round two rules":       {rule: rule("r", hand("x", "y")), others: []trigger.Rule{rule("a", hand("y", "x"))}, cyclic: true},
		"round three rules":     {rule: rule("r", hand("x", "y")), others: []trigger.Rule{rule("a", hand("y", "z")), rule("b", hand("z", "x"))}, cyclic: true},
		"one after another":     {rule: rule("r", hand("x", "y")), others: []trigger.Rule{rule("a", hand("y", "z"))}},
	} {
		if got := refusalOf(c.rule.CheckAmong(c.others)); got.With != c.with || got.Cyclic != c.cyclic {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func where(locations ...string) func(*trigger.Rule) {
	return func(r *trigger.Rule) { r.Where.Locations = locations }
}

// What passes the check never gives a case to a queue that had it.
func TestEscalationGoesOn(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := rule("r")
		for i := range rapid.IntRange(0, 5).Draw(t, "n") {
			r.Outcome.Steps = append(r.Outcome.Steps, cases.Step{
				After: time.Duration(i+1) * time.Hour, Queue: fmt.Sprint(rapid.IntRange(0, 7).Draw(t, "queue")),
			})
		}
		seen, twice := map[string]bool{r.Outcome.Queue: true}, false
		for _, s := range r.Outcome.Steps {
			twice, seen[s.Queue] = twice || seen[s.Queue], true
		}
		if err := r.Check(); (err != nil) != twice {
			t.Fatalf("%+v: %v", r.Outcome.Steps, err)
		}
	})
}
