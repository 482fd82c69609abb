package store

import (
	"context"
	"time"
)

// Outbox tells others what happened. Whatever changes that writes here in the same transaction.
type Outbox interface {
	// OutboxEvents returns events with a position greater than after, in order, and where the outbox ends. Organization narrows them; empty for all.
	// No event with a lesser position is added after one was returned.
	OutboxEvents(ctx context.Context, organization string, after int64, limit int) (events []Event, head Head, err error)
	// Told returns a channel that is closed when this process has told something, or has closed the store. What other processes tell does not close it.
	Told() <-chan struct{}
}

// OutboxSweep forgets what was told long ago.
type OutboxSweep interface {
	// SweepOutbox looks at no more than limit events, goes on where it ended the time before, and forgets those from before a time; but for what was told of
	// responses, which whoever counts them anew reads from the beginning, and what one of the followers has not come to. It tells whether there may be more.
	SweepOutbox(ctx context.Context, before time.Time, followers []string, limit int) (more bool, err error)
}

// Head is where an outbox ends; 0 where it is empty.
type Head struct {
	// Position is that of the last of the events that were asked for, Last that of the last of all organisations.
	Position, Last int64
}

// EventKind is what happened.
type EventKind string

// Kinds of events, with what their bodies are.
const (
	CaseOpened         EventKind = "case_opened"       // CaseChanged
	CaseDue            EventKind = "case_due"          // CaseChanged
	CaseBreached       EventKind = "case_breached"     // CaseChanged
	CaseClosed         EventKind = "case_closed"       // CaseChanged
	LightChanged       EventKind = "light_changed"     // LightChange
	SegmentEntered     EventKind = "segment_entered"   // SegmentMove
	SegmentLeft        EventKind = "segment_left"      // SegmentMove
	SegmentsOfResponse EventKind = "response_segments" // ResponseSegments
	CaseOfResponse     EventKind = "response_case"     // ResponseCase
)

// Event is something that happened.
type Event struct {
	// Position is given by the store, ascending in the order of commits.
	Position     int64
	Organization string
	Kind         EventKind
	// Resource is what it happened to, as a resource name.
	Resource string
	// Contact is whom it is about, Person the pseudonym by which it came; empty when unknown. What is told of a contact who is erased goes.
	Contact string
	Person  []byte
	// Where it happened, each empty when unknown: those who are restricted to units see what happened in theirs.
	Company, Location, Region, Employee string
	// Body is what there is to tell, as the kind says, made by EncodeBody.
	Body []byte
	Time time.Time
}

// CaseChanged is the body of events about cases; Resource is the case.
type CaseChanged struct {
	DisplayName, Queue, Owner, Severity string
	FirstResponseDue, ResolutionDue     time.Time `json:",omitzero"`
	RootCause                           string
	Links                               []string
}

// LightChange is the body of events about lights; Resource is the light.
type LightChange struct {
	// Of is what the light is of: company, contact, location or staff; Unit is its identifier.
	Of, Unit string
	// Colour and Previous are red, amber or green; empty for none.
	Colour, Previous string
	Uncertain        bool
	Mean             float64
	Answers          int64
	PolicyVersion    int64
	// Stake is the value of the unit that is at stake; 0 for none.
	Stake float64
	// Rejudged tells that what is known of the unit is the same as before: another policy judges it.
	Rejudged bool `json:",omitempty"`
}

// SegmentMove is the body of events about memberships; Resource is the segment.
type SegmentMove struct{ DisplayName string }

// ResponseSegments are the identifiers of the segments to which a contact belonged when a response was given; Resource is the response.
type ResponseSegments struct{ Segments []string }

// ResponseCase is whether a contact had an unresolved case when a response was given; Resource is the response.
type ResponseCase struct{ Unresolved bool }

// Place is where it happened.
func (e Event) Place() Place {
	return Place{Company: e.Company, Location: e.Location, Region: e.Region, Employee: e.Employee}
}
