// Package trigger holds the rules by which cases are opened: what they look for, what they ask of a case, and which of them cannot stand together.
package trigger

import (
	"slices"
	"time"

	"github.com/otklik/otklik/services/segmentation/internal/cases"
)

// Kind is what a rule looks for; the names are as they are kept.
type Kind string

// The kinds.
const (
	// Score is a score at or below a threshold.
	Score Kind = "score"
	// Sentiment is what the comments of a response express.
	Sentiment Kind = "sentiment"
	// Aspect is what they say of one thing.
	Aspect Kind = "aspect"
	// Keyword is words that they hold.
	Keyword Kind = "keyword"
	// Alert is a change of a score.
	Alert Kind = "alert"
	// Light is a light that turned red.
	Light Kind = "light"
)

// Rule opens cases.
type Rule struct {
	Organization string    `json:"-"`
	ID           string    `json:"-"`
	DisplayName  string    `json:"display_name"`
	Disabled     bool      `json:"disabled,omitempty"`
	Trigger      Trigger   `json:"trigger"`
	Where        Where     `json:"where,omitzero"`
	Subject      string    `json:"subject,omitempty"`
	Outcome      Outcome   `json:"outcome"`
	UpdatedBy    string    `json:"updated_by,omitempty"`
	CreateTime   time.Time `json:"-"`
	UpdateTime   time.Time `json:"-"`
	Version      int64     `json:"-"`
}

// Trigger is what a rule looks for. Fields of other kinds are empty.
type Trigger struct {
	Kind Kind `json:"kind"`
	// Question limits a score to one question; empty for any, when AtMost is on 1..10.
	Question string  `json:"question,omitempty"`
	AtMost   float64 `json:"at_most,omitempty"`
	// Sentiments are those that match: of the whole, or of the aspect.
	Sentiments []uint8 `json:"sentiments,omitempty"`
	Aspect     string  `json:"aspect,omitempty"`
	// Query is words as the comment service searches for them.
	Query string `json:"query,omitempty"`
	// AlertRule limits alerts to those of one rule; empty for any. Down leaves out those of scores that rose.
	AlertRule string `json:"alert_rule,omitempty"`
	Down      bool   `json:"down,omitempty"`
	// Lights are the kinds of lights; none for all.
	Lights []string `json:"lights,omitempty"`
}

// Where limits a rule to circumstances. What is empty limits nothing.
type Where struct {
	Surveys     []string `json:"surveys,omitempty"`
	Touchpoints []string `json:"touchpoints,omitempty"`
	Channels    []string `json:"channels,omitempty"`
	Locations   []string `json:"locations,omitempty"`
	Regions     []string `json:"regions,omitempty"`
	Companies   []string `json:"companies,omitempty"`
}

// Outcome is what a rule asks of a case.
type Outcome struct {
	Queue    string         `json:"queue,omitempty"`
	Owner    string         `json:"owner,omitempty"`
	Severity cases.Severity `json:"severity"`
	SLA      cases.SLA      `json:"sla,omitzero"`
	Steps    []cases.Step   `json:"steps,omitempty"`
	// Within is for how long after it was opened a case takes what is the same; 0 for as long as it is unresolved.
	Within time.Duration `json:"within,omitempty"`
}

// Occurrence is something that rules look at.
type Occurrence struct {
	Kinds []Kind
	// Resource is what a case is linked with, such as `surveys/s/responses/r`.
	Resource                    string
	Time                        time.Time
	About                       cases.About
	Survey, Touchpoint, Channel string
	Answers                     []Answer
	Sentiment                   uint8
	Aspects                     []Mention
	AlertRule, Unit             string
	Down                        bool
	Light                       string
	// Holds tells whether the comments hold words; nil where there are none.
	Holds func(query string) bool
}

// Answer is a score that was given.
type Answer struct {
	Question string
	// Value is on the scale of the question, Ten on 1..10, the best being 10.
	Value, Ten float64
}

// Mention is that comments speak of an aspect.
type Mention struct {
	Aspect    string
	Sentiment uint8
}

// About is the subject of a rule's cases: what is stated, or what it looks for.
func (r Rule) About() string {
	switch {
	case r.Subject != "":
		return r.Subject
	case r.Trigger.Kind == Aspect:
		return "aspects/" + r.Trigger.Aspect
	case r.Trigger.Kind == Alert:
		return "alert"
	case r.Trigger.Kind == Light:
		return "light"
	}
	return "answers"
}

// Matches tells whether a rule opens a case for something.
func (r Rule) Matches(o Occurrence) bool {
	return !r.Disabled && slices.Contains(o.Kinds, r.Trigger.Kind) && r.Where.holds(o) && r.Trigger.holds(o)
}

func (w Where) holds(o Occurrence) bool {
	for _, c := range []struct {
		among []string
		is    string
	}{
		{w.Surveys, o.Survey}, {w.Touchpoints, o.Touchpoint}, {w.Channels, o.Channel}, {w.Locations, o.About.Location}, {w.Regions, o.About.Region},
		{w.Companies, o.About.Company},
	} {
		if len(c.among) > 0 && !slices.Contains(c.among, c.is) {
			return false
		}
	}
	return true
}

func (t Trigger) holds(o Occurrence) bool {
	switch t.Kind {
	case Score:
		return slices.ContainsFunc(o.Answers, func(a Answer) bool {
			if t.Question == "" {
				return a.Ten <= t.AtMost
			}
			return a.Question == t.Question && a.Value <= t.AtMost
		})
	case Sentiment:
		return slices.Contains(t.Sentiments, o.Sentiment)
	case Aspect:
		return slices.ContainsFunc(o.Aspects, func(m Mention) bool { return m.Aspect == t.Aspect && slices.Contains(t.Sentiments, m.Sentiment) })
	case Keyword:
		return o.Holds != nil && o.Holds(t.Query)
	case Alert:
		return (t.AlertRule == "" || t.AlertRule == o.AlertRule) && (!t.Down || o.Down)
	case Light:
		return len(t.Lights) == 0 || slices.Contains(t.Lights, o.Light)
	}
	return false
}
