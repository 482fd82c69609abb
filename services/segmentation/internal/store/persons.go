package store

import (
	"context"
	"errors"
	"time"
)

// ErrFurtherIdentities tells that a customer is known by more than whoever erases knows of.
var ErrFurtherIdentities = errors.New("the customer is known by further identities")

// Persons finds and removes what is kept about a person: all that is kept of the contacts that have something of the pseudonym.
type Persons interface {
	// ListPerson returns everything that is kept about a person, in the order of kinds and times.
	ListPerson(ctx context.Context, organization string, person []byte) ([]PersonRecord, error)
	// PersonIdentities returns the pseudonyms of all identities of the contacts that have something of a pseudonym, in their order; none when there is no such
	// contact.
	PersonIdentities(ctx context.Context, organization string, person []byte) ([][]byte, error)
	// ErasePerson removes everything that is kept about a person, and counts it under the erasure; the erasure is empty for one that nobody counts. Where known are
	// given, the person's pseudonyms are to be among them. Errors: ErrFurtherIdentities, and nothing was removed.
	ErasePerson(ctx context.Context, organization, erasure string, person []byte, known ...[]byte) error
	// Erased tells what went by an erasure, by kind, with what followers removed by it; every kind that there is, in order.
	Erased(ctx context.Context, organization, erasure string) ([]Erased, error)
}

// PersonRecord is something that is kept about a person.
type PersonRecord struct {
	// Kind is what it is, in the plural; Name its resource name.
	Kind, Name string
	// Contact is the contact that it is kept of; empty for none.
	Contact string
	Time    time.Time
	// Content is what is kept of it, as JSON; nil when there is no more than the name.
	Content []byte
	// Sealed is what is kept of it under the key of the person: a JSON object, bound to Associated; nil for nothing.
	Sealed []byte
	Key    string
}

// Erased is how much of a kind went by an erasure.
type Erased struct {
	Kind  string
	Count int64
}

// Associated is what everything of an organisation that is sealed here is bound to.
func Associated(organization string) []byte { return []byte("segmentation/" + organization) }
