// Package register holds the rules of the registers of trends and risks.
package register

import "time"

// Kind is what an entry is; the numbers are those of the API.
type Kind uint8

// The kinds.
const (
	Trend Kind = iota + 1
	Risk
)

// State is how far an entry has come; the numbers are those of the API.
type State uint8

// The states.
const (
	Proposed State = iota + 1
	UnderReview
	Accepted
	InProgress
	Done
	Rejected
)

// Entry is a trend or a risk.
type Entry struct {
	Organization, ID               string
	Kind                           Kind
	State                          State
	DisplayName, Description, Idea string
	// Likelihood and Impact are from 1 to 5; 0 when not assessed.
	Likelihood, Impact int
	Actions            []Action
	Owner, Survey      string
	Aspect             string
	Sentiment          uint8
	Phrase             string
	// Theme names what a proposed entry is about, so that it is proposed once; empty for what people entered.
	Theme string
	// Comments are names, `surveys/{survey}/responses/{response}/comments/{comment}`.
	Comments               []string
	QValue                 *float64
	Changes                []Change
	CreateTime, UpdateTime time.Time
	Version                int64
}

// Action is a step of an action plan.
type Action struct {
	Text, Owner string
	Due         time.Time
	Done        bool
}

// Change is that an entry was moved.
type Change struct {
	State State
	Actor string
	Time  time.Time
}

// Severity is likelihood × impact, 0 when not assessed.
func (e Entry) Severity() int { return e.Likelihood * e.Impact }
