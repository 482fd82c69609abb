// Package erasure removes persons from all services that keep something of them, and tells what was removed where. An erasure goes on until it is
// done, over restarts and while services are away.
package erasure

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"
)

// ErrAway tells that a holder cannot be asked at present: it is asked again.
var ErrAway = errors.New("the service does not answer")

// ErrExchanged tells that what a holder keeps was sealed by another vault than the one there is, so that it would find nobody: it is asked again.
var ErrExchanged = errors.New("what it keeps was sealed by another vault: restore the access database")

// ErrFurther tells that a person is known by more than the erasure names: nothing was removed, and the directory is asked again.
var ErrFurther = errors.New("the person is known by further identifiers")

// State is how far an erasure has come. The numbers are stored: they never change.
type State uint8

// The states.
const (
	Running   State = 1
	Succeeded State = 2
)

// Record is one thing that is kept of a person.
type Record struct {
	// Service keeps it; Kind is what it is, in the plural; Name is its resource name or another identifier.
	Service, Kind, Name string
	// Time is when it came about; zero when that is not known.
	Time time.Time
	// Content is all that is kept of it, in the form of the REST API; nil when nobody may see it.
	Content map[string]any
	// Note is why there is no content, for people.
	Note string
}

// Removal is a line of the receipt.
type Removal struct {
	// Service removed it; Kind is what was removed, in the plural; Place is where it was, for people.
	Service string `json:"service"`
	Kind    string `json:"kind"`
	Place   string `json:"place,omitempty"`
	// Count is how many were removed.
	Count int64 `json:"count"`
	// Note says how, when not by deletion.
	Note string `json:"note,omitempty"`
}

// Holder keeps something of persons. A service joins by being one.
type Holder interface {
	// Name is that of the service; it is remembered in erasures under way.
	Name() string
	// Export calls fn with everything that is kept under a pseudonym. Errors: ErrAway, ErrExchanged, that of fn.
	Export(ctx context.Context, organization, person string, fn func(Record) error) error
	// Erase removes everything that is kept under a pseudonym and tells what that was, a line for each kind and place. Called again with the same step it
	// tells the same, together with what it found since. The position returned is that of the holder's own removals, 0 when nothing follows them.
	// Errors: ErrAway, ErrExchanged, ErrFurther.
	Erase(ctx context.Context, s Step) (removals []Removal, reached int64, err error)
}

// Step is the part of an erasure that removes what is kept under one pseudonym.
type Step struct {
	Organization string
	// Person is the pseudonym, Persons are all those that the erasure knows the person by.
	Person  string
	Persons []string
	// Erasure is the resource name under which what is removed is counted: one of its own for each pseudonym.
	Erasure string
	// Position is how far the removals of the holders before reach in the log of changes, for those who follow it: they return when they have applied them.
	Position int64
}

// Directory knows by what else a person is known.
type Directory interface {
	// Persons returns the pseudonyms of everything that a person is known by, the given one first. Errors: ErrAway, ErrExchanged.
	Persons(ctx context.Context, organization, person string) ([]string, error)
}

// Erasure is the removal of a person.
type Erasure struct {
	Organization, ID string
	// RequestID is the client's identifier of the call that asked for it; empty when there was none.
	RequestID string
	State     State
	// CreateTime is when it was asked for, EndTime when it was done.
	CreateTime, EndTime time.Time
	// Due is when it goes on at the earliest.
	Due time.Time
	Progress
}

// Progress is what is known of an erasure beside its state.
type Progress struct {
	// Person is the pseudonym of the identifier that was named.
	Person string `json:"person"`
	// Persons are the pseudonyms of everything that the person is known by, Person first; none until the directory was asked. They are stored before anything is
	// removed, so that nothing is left that nobody finds any more.
	Persons   []string `json:"persons,omitempty"`
	Reason    string   `json:"reason,omitempty"`
	Requester string   `json:"requester,omitempty"`
	// Done are the holders that are done.
	Done []string `json:"done,omitempty"`
	// Removals is the receipt so far.
	Removals []Removal `json:"removals,omitempty"`
	// Position is how far the removals reach in the log of changes.
	Position int64 `json:"position,omitempty"`
	// WaitingFor says what is in the way, for people.
	WaitingFor string `json:"waiting_for,omitempty"`
	// Attempts counts the failures in a row.
	Attempts int `json:"attempts,omitempty"`
}

// Name is the resource name.
func (e Erasure) Name() string { return NamePrefix + e.ID }

// NamePrefix begins the names of erasures.
const NamePrefix = "erasures/"

// Queue hands erasures under way to who works on them, to one at a time.
type Queue interface {
	// ClaimErasure returns an erasure that runs, is due and is claimed by nobody, and claims it for owner until the claim ends; the one that is due
	// longest first. False when there is none.
	ClaimErasure(ctx context.Context, owner string, now, until time.Time) (Erasure, bool, error)
	// HoldErasure prolongs a claim. False when it is not the owner's any more.
	HoldErasure(ctx context.Context, organization, id, owner string, until time.Time) (bool, error)
	// SaveErasure stores State, EndTime, Due and Progress, if the claim is the owner's, and gives the claim up if release is set. False when the claim is
	// not the owner's any more: then nothing is stored.
	SaveErasure(ctx context.Context, e Erasure, owner string, release bool) (bool, error)
}

// step is the part that is about one of the persons.
func (e Erasure) step(i int) Step {
	s := Step{Organization: e.Organization, Person: e.Persons[i], Persons: e.Persons, Erasure: e.Name(), Position: e.Position}
	if i > 0 {
		s.Erasure += "-" + strconv.Itoa(i+1)
	}
	return s
}

// learn adds pseudonyms to those that the person is known by, behind those that there are: their places name the steps. All holders are asked again then.
func (e *Erasure) learn(persons []string) {
	for _, p := range persons {
		if !slices.Contains(e.Persons, p) {
			e.Persons = append(e.Persons, p)
			e.Done, e.Removals = nil, nil
		}
	}
}

// remaining are the holders that are not done, in their order.
func (e Erasure) remaining(holders []Holder) []Holder {
	var out []Holder
	for _, h := range holders {
		if !slices.Contains(e.Done, h.Name()) {
			out = append(out, h)
		}
	}
	return out
}
