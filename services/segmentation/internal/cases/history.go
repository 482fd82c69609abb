package cases

import "time"

// Happening is what happened to a case; the numbers are those of the API.
type Happening uint8

// The happenings.
const (
	Opened Happening = iota + 1
	Linked
	Claimed
	Changed
	Moved
	Noted
	FellDue
	Breached
	Escalated
	Merged
	Reopened
)

// Promise is one of an SLA; the numbers are those of the API.
type Promise uint8

// The promises.
const (
	FirstResponsePromise Promise = iota + 1
	ResolutionPromise
)

// Handling is who sees to a case, and how urgent it is.
type Handling struct {
	Owner    string   `json:"owner,omitempty"`
	Queue    string   `json:"queue,omitempty"`
	Severity Severity `json:"severity,omitempty"`
}

// Entry is something that happened to a case: a line of its history.
type Entry struct {
	// Seq is given by the store, ascending.
	Seq  int64     `json:"-"`
	Kind Happening `json:"-"`
	Time time.Time `json:"-"`
	// Actor is the credential; empty for the service itself.
	Actor string `json:"-"`
	// Origin is the case it happened to, where that was merged into this one; empty otherwise.
	Origin string `json:"-"`
	// Request is the caller's identifier of the call; empty for none.
	Request string `json:"-"`
	// Content is a digest of what that call asked.
	Content []byte `json:"content,omitempty"`
	// State is where it was moved, and From from where.
	State State `json:"state,omitempty"`
	From  State `json:"from,omitempty"`
	// Text is a note.
	Text string `json:"text,omitempty"`
	// Link is what was linked, and Rule what linked it.
	Link string `json:"link,omitempty"`
	Rule string `json:"rule,omitempty"`
	// Case is the other one of a merge.
	Case string `json:"case,omitempty"`
	// Fields are what was changed beside Before and After.
	Fields  []string  `json:"fields,omitempty"`
	Before  *Handling `json:"before,omitempty"`
	After   *Handling `json:"after,omitempty"`
	Promise Promise   `json:"promise,omitempty"`
	Due     time.Time `json:"due,omitzero"`
	Step    int       `json:"step,omitempty"`
}

// Link is what a case is about: something that a trigger saw, or a person added.
type Link struct {
	// Resource is its name, such as `surveys/s/responses/r`.
	Resource string
	// Rule saw it; empty where a person linked it.
	Rule string
	Time time.Time
}

func (c *Case) handling() Handling { return Handling{c.Owner, c.Queue, c.Severity} }

func (c *Case) handlingNow() *Handling {
	h := c.handling()
	return &h
}
