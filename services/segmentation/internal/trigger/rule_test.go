package trigger_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/otklik/otklik/services/segmentation/internal/cases"
	"github.com/otklik/otklik/services/segmentation/internal/trigger"
)

const negative, positive = 1, 3

func TestMatches(t *testing.T) {
	t.Parallel()
	answer := trigger.Occurrence{
		Kinds: []trigger.Kind{trigger.Score}, Survey: "s", About: cases.About{Location: "shop"}, Answers: []trigger.Answer{{Question: "nps", Value: 6, Ten: 6.4}},
	}
	comment := trigger.Occurrence{
		Kinds: []trigger.Kind{trigger.Sentiment, trigger.Aspect, trigger.Keyword}, Survey: "s", Sentiment: negative,
		Aspects: []trigger.Mention{{Aspect: "delivery", Sentiment: negative}, {Aspect: "price", Sentiment: positive}},
		Holds:   func(query string) bool { return query == "fraud" },
	}
	alert := trigger.Occurrence{Kinds: []trigger.Kind{trigger.Alert}, AlertRule: "a"}
	light := trigger.Occurrence{Kinds: []trigger.Kind{trigger.Light}, Light: "company"}
	for name, c := range map[string]struct {
		trigger trigger.Trigger
		where   trigger.Where
		o       trigger.Occurrence
		want    bool
	}{
		"at the threshold":         {trigger.Trigger{Kind: trigger.Score, Question: "nps", AtMost: 6}, trigger.Where{}, answer, true},
		"above":                    {trigger.Trigger{Kind: trigger.Score, Question: "nps", AtMost: 5}, trigger.Where{}, answer, false},
		"another question":         {trigger.Trigger{Kind: trigger.Score, Question: "csat", AtMost: 6}, trigger.Where{}, answer, false},
		"any question":             {trigger.Trigger{Kind: trigger.Score, AtMost: 6.4}, trigger.Where{}, answer, true},
		"any question, on 1 to 10": {trigger.Trigger{Kind: trigger.Score, AtMost: 6}, trigger.Where{}, answer, false},
		"elsewhere":                {trigger.Trigger{Kind: trigger.Score, Question: "nps", AtMost: 6}, trigger.Where{Locations: []string{"depot"}}, answer, false},
		"there":                    {trigger.Trigger{Kind: trigger.Score, Question: "nps", AtMost: 6}, trigger.Where{Locations: []string{"depot", "shop"}}, answer, true},
		"sentiment":                {trigger.Trigger{Kind: trigger.Sentiment, Sentiments: []uint8{negative}}, trigger.Where{}, comment, true},
		"another sentiment":        {trigger.Trigger{Kind: trigger.Sentiment, Sentiments: []uint8{positive}}, trigger.Where{}, comment, false},
		"aspect":                   {trigger.Trigger{Kind: trigger.Aspect, Aspect: "delivery", Sentiments: []uint8{negative}}, trigger.Where{}, comment, true},
		"aspect that is praised":   {trigger.Trigger{Kind: trigger.Aspect, Aspect: "price", Sentiments: []uint8{negative}}, trigger.Where{}, comment, false},
		"keyword":                  {trigger.Trigger{Kind: trigger.Keyword, Query: "fraud"}, trigger.Where{}, comment, true},
		"another keyword":          {trigger.Trigger{Kind: trigger.Keyword, Query: "late"}, trigger.Where{}, comment, false},
		"score of a comment":       {trigger.Trigger{Kind: trigger.Score, AtMost: 9}, trigger.Where{}, comment, false},
		"alert":                    {trigger.Trigger{Kind: trigger.Alert, AlertRule: "a"}, trigger.Where{}, alert, true},
		"alert of what rose":       {trigger.Trigger{Kind: trigger.Alert, Down: true}, trigger.Where{}, alert, false},
		"light":                    {trigger.Trigger{Kind: trigger.Light}, trigger.Where{}, light, true},
		"light of another kind":    {trigger.Trigger{Kind: trigger.Light, Lights: []string{"contact"}}, trigger.Where{}, light, false},
	} {
		if got := (trigger.Rule{Trigger: c.trigger, Where: c.where}).Matches(c.o); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
		if (trigger.Rule{Disabled: true, Trigger: c.trigger, Where: c.where}).Matches(c.o) {
			t.Errorf("%s: a disabled rule matched", name)
		}
	}
}

// One case of a subject, the same whatever the order of the rules.
func TestChoose(t *testing.T) {
	t.Parallel()
	o := trigger.Occurrence{Kinds: []trigger.Kind{trigger.Score}, Answers: []trigger.Answer{{Question: "nps", Value: 2}}}
	list := []trigger.Rule{
		rule("mild"),
		rule("severe", func(r *trigger.Rule) { r.Outcome.Severity, r.Outcome.SLA.Resolution = cases.High, 0 }),
		rule("quick", func(r *trigger.Rule) { r.Outcome.Severity = cases.High }),
		rule("quick2", func(r *trigger.Rule) { r.Outcome.Severity = cases.High }),
		rule("other", func(r *trigger.Rule) { r.Subject = "delivery" }),
		rule("far", func(r *trigger.Rule) { r.Trigger.AtMost, r.Outcome.Severity = 1, cases.Critical }),
	}
	rapid.Check(t, func(t *rapid.T) {
		var got []string
		for _, r := range trigger.Choose(rapid.Permutation(list).Draw(t, "rules"), o) {
			got = append(got, r.ID)
		}
		if !slices.Equal(got, []string{"quick", "other"}) {
			t.Fatalf("got %v", got)
		}
	})
}

func TestCase(t *testing.T) {
	t.Parallel()
	r := rule("r", steps(cases.Step{After: time.Hour, Queue: "lead"}))
	c := r.Case(trigger.Occurrence{About: cases.About{Contact: "c"}, Touchpoint: "checkout"})
	if c.Touchpoint != "checkout" || c.Subject != "answers" || c.About.Party() != "contacts/c" || c.Queue != "care" || len(c.Steps) != 1 || c.Rule != "r" || c.ID == "" {
		t.Errorf("got %+v", c)
	}
}
