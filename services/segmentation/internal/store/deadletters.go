package store

import (
	"context"
	"time"
)

// DeadLetters keeps what could not be applied.
type DeadLetters interface {
	// ListDeadLetters returns the dead letters of an organisation with an ID greater than after, in order.
	ListDeadLetters(ctx context.Context, organization string, after int64, limit int) ([]DeadLetter, error)
	// GetDeadLetter returns a dead letter. Errors: ErrNotFound.
	GetDeadLetter(ctx context.Context, organization string, id int64) (DeadLetter, error)
	// DropDeadLetter removes a dead letter that was applied. Errors: ErrNotFound.
	DropDeadLetter(ctx context.Context, organization string, id int64) error
	// DropDeadLettersOf removes the dead letters about a resource that was removed.
	DropDeadLettersOf(ctx context.Context, organization, resource string) error
}

// DeadLetter is an event that could not be applied.
type DeadLetter struct {
	// ID is given by the store, ascending.
	ID           int64
	Organization string
	Follower     string
	// Resource is what the event is about; empty when that cannot be told.
	Resource string
	// Person is the pseudonym of whom it is about; nil when unknown.
	Person   []byte
	Position int64
	// Reason is for people, and holds nothing that was written.
	Reason string
	// Event is the event as it was received.
	Event      []byte
	CreateTime time.Time
}
