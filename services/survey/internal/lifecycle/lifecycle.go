// Package lifecycle knows where a survey stands in its life and what may happen to it there.
package lifecycle

import (
	"errors"
	"time"
)

// State is where a survey stands. The numbers are stored: they never change.
type State uint8

// The states of a survey.
const (
	// Draft: never published, takes no answers.
	Draft State = 1
	// Published: open, takes answers to any of its revisions.
	Published State = 2
	// Closed: takes only answers given before it closed, for a grace period.
	Closed State = 3
	// Archived: put away, takes no answers, keeps those it has.
	Archived State = 4
)

// The reasons for which a step is refused.
var (
	// ErrArchived tells that the survey is archived, from which nothing leads back.
	ErrArchived = errors.New("the survey is archived")
	// ErrNotPublished tells that the survey was never published.
	ErrNotPublished = errors.New("the survey was never published")
	// ErrWasPublished tells that the survey was published and can only be archived.
	ErrWasPublished = errors.New("the survey was published; it can be archived, not deleted")
)

// Status is the part of a survey that its life consists of.
type Status struct {
	// State is where the survey stands.
	State State
	// Revision is the number of the revision published last; 0 before the first.
	Revision int32
	// CloseTime is when the survey was closed; zero while it was not.
	CloseTime time.Time
}

// Edit tells whether display name and draft may change. Errors: ErrArchived.
func (s Status) Edit() error {
	if s.State == Archived {
		return ErrArchived
	}
	return nil
}

// Publish returns the status after publishing and whether anything changed. same tells that the draft equals the revision published last: then
// no new revision is made, and an open survey stays as it is. A closed survey is opened again. Errors: ErrArchived.
func (s Status) Publish(same bool) (Status, bool, error) {
	if s.State == Archived {
		return s, false, ErrArchived
	}
	same = same && s.Revision > 0
	if same && s.State == Published {
		return s, false, nil
	}
	next := Status{State: Published, Revision: s.Revision}
	if !same {
		next.Revision++
	}
	return next, true, nil
}

// Close returns the status after closing at now and whether anything changed. Errors: ErrNotPublished, ErrArchived.
func (s Status) Close(now time.Time) (Status, bool, error) {
	switch s.State {
	case Archived:
		return s, false, ErrArchived
	case Published:
		return Status{State: Closed, Revision: s.Revision, CloseTime: now}, true, nil
	case Closed:
		return s, false, nil
	default:
		return s, false, ErrNotPublished
	}
}

// Archive returns the status after putting the survey away and whether anything changed. The time of closing is kept.
func (s Status) Archive() (Status, bool) {
	if s.State == Archived {
		return s, false
	}
	s.State = Archived
	return s, true
}

// Delete tells whether the survey may be deleted: only one that was never published. Errors: ErrWasPublished.
func (s Status) Delete() error {
	if s.Revision > 0 {
		return ErrWasPublished
	}
	return nil
}
