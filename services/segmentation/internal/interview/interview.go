// Package interview keeps the rules of personal interviews with contacts: from the task that a red light opens to what was found.
package interview

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// State is how far an interview has come. The numbers are stored: they never change.
type State uint8

// The states of interviews.
const (
	Open State = iota + 1
	Scheduled
	Completed
	Cancelled
	// Lapsed is that the contact's light was red no more before the interview was arranged.
	Lapsed
)

// Active tells whether the interview is still to be held.
func (s State) Active() bool { return s == Open || s == Scheduled }

// Origin is where a task came from. The numbers are stored: they never change.
type Origin uint8

// The origins of tasks.
const (
	RedList Origin = iota + 1
	Manual
)

// Kind is what a finding is. The numbers are stored: they never change.
type Kind uint8

// The kinds of findings.
const (
	Strength Kind = iota + 1
	Weakness
	Wish
)

// DefaultDuration is how long an interview takes unless told otherwise.
const DefaultDuration = time.Hour

// Bounds of what an interview holds.
const (
	MostAnswers  = 50
	MostCodes    = 50
	MostFindings = 50
)

// Interview is an interview but for its words, which are sealed.
type Interview struct {
	Organization string `json:"-"`
	ID           string `json:"-"`
	// Contact is who is interviewed; Company, Location and Region are the contact's when the task was opened, empty for none.
	Contact  string `json:"-"`
	Company  string `json:"-"`
	Location string `json:"-"`
	Region   string `json:"-"`
	// Person is the pseudonym of the contact's by which the words are sealed.
	Person []byte `json:"-"`
	// Survey is whose guide is followed; empty for the built-in one.
	Survey       string        `json:"survey,omitempty"`
	State        State         `json:"-"`
	Origin       Origin        `json:"origin"`
	Interviewer  string        `json:"-"`
	ScheduleTime time.Time     `json:"-"`
	Duration     time.Duration `json:"duration"`
	Codes        []string      `json:"codes,omitempty"`
	Findings     []Finding     `json:"findings,omitempty"`
	// Score is the contact's mean score and Stake the value at stake of the company when the task was opened; no score for one that somebody entered.
	Score        *float64  `json:"score,omitempty"`
	Stake        float64   `json:"-"`
	Sealed       []byte    `json:"-"`
	CreateTime   time.Time `json:"-"`
	UpdateTime   time.Time `json:"update_time"`
	CompleteTime time.Time `json:"complete_time,omitzero"`
	Version      int64     `json:"-"`
}

// Finding is what an interview found about an item of the satisfaction matrix. Its text is among the words.
type Finding struct {
	Survey   string `json:"survey"`
	Question string `json:"question"`
	Kind     Kind   `json:"kind"`
}

// Words are what was said and written: they may name anybody, so they are kept sealed.
type Words struct {
	Answers []Answer `json:"answers,omitempty"`
	Notes   string   `json:"notes,omitempty"`
	// Findings are the texts of the interview's findings, in their order.
	Findings []string `json:"findings,omitempty"`
}

// Answer is what was answered to a question of the guide.
type Answer struct {
	Question string `json:"question"`
	Text     string `json:"text"`
}

// IsZero tells whether there are no words.
func (w Words) IsZero() bool {
	return len(w.Answers) == 0 && w.Notes == "" && !slices.ContainsFunc(w.Findings, func(text string) bool { return text != "" })
}

// FindingText is the text of a finding; empty when it has none.
func (w Words) FindingText(i int) string {
	if i < len(w.Findings) {
		return w.Findings[i]
	}
	return ""
}

// Compare orders interviews as they are to be held: by the value at stake, the greatest first, then by score, the least first and those without one last, then by
// age, the oldest first. It is a total order of the interviews of an organisation.
func Compare(a, b Interview) int {
	return cmp.Or(
		cmp.Compare(b.Stake, a.Stake),
		compareScores(a.Score, b.Score),
		a.CreateTime.Compare(b.CreateTime),
		strings.Compare(a.ID, b.ID),
	)
}

func compareScores(a, b *float64) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return 1
	case b == nil:
		return -1
	}
	return cmp.Compare(*a, *b)
}
