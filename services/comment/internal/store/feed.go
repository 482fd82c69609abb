package store

import (
	"context"
	"time"
)

// Feed keeps what was read of the survey service's change log, and how far. One process at a time follows it.
type Feed interface {
	// HoldFeed makes the feed the holder's until a time, unless it is another's at the time now. Errors: ErrLost.
	HoldFeed(ctx context.Context, holder string, now, until time.Time) (Cursor, error)
	// LeaveFeed gives the feed up if it is the holder's.
	LeaveFeed(ctx context.Context, holder string) error
	// Cursor tells how far the feed was read, whoever holds it.
	Cursor(ctx context.Context) (Cursor, error)
	// ApplyEvents stores what a batch says, and moves the cursor, all or nothing. Errors: ErrLost, also when the cursor's position is not batch.From.
	ApplyEvents(ctx context.Context, holder string, batch Batch) error
	// RestartFeed sets the position to 0 under the next pass: the log is another one than before, whose positions say nothing about those of this one.
	// Errors: ErrLost.
	RestartFeed(ctx context.Context, holder string) error
	// EndPass removes responses, and dead letters, that no batch of the present pass brought, at most limit, as ApplyEvents removes them, and tells how many.
	// Errors: ErrLost.
	EndPass(ctx context.Context, holder string, limit int) (int, error)
	// ListDeadLetters returns the dead letters of an organisation with an ID greater than after, in order.
	ListDeadLetters(ctx context.Context, organization string, after int64, limit int) ([]DeadLetter, error)
	// GetDeadLetter returns a dead letter. Errors: ErrNotFound.
	GetDeadLetter(ctx context.Context, organization string, id int64) (DeadLetter, error)
	// ReplayDeadLetter stores the response of a dead letter, as ApplyEvents does, unless a response that came later is there, and removes the dead letter.
	// Errors: ErrNotFound.
	ReplayDeadLetter(ctx context.Context, organization string, id int64, response Response) error
}

// Cursor is how far the feed was read.
type Cursor struct {
	// Position is that of the last event applied.
	Position int64
	// AsOf is the time up to which everything was applied; zero when that is not known.
	AsOf time.Time
	// Pass counts how often the log was begun anew.
	Pass int64
}

// Batch is what some events of the log say, in the order of their positions.
type Batch struct {
	From, To int64
	// AsOf is the time up to which everything is applied with this batch; zero keeps the one before.
	AsOf time.Time
	// Responses take the place of what was stored of the same responses; one without comments removes them. What is stored of an answer with the same or a
	// later position stays as it is. Corrections and testimonials of a comment hold on where its original is the same (Comment.Original, or where there is none
	// its text), and testimonials only where they are part of its text (testimonial.Quote); they go with a comment that says something else, or goes.
	Responses []Response
	// Removals are applied after Responses: a removed response comes after the response by its position.
	Removals []Removal
	// DeadLetters are what could not be analysed; applied before Responses. They take the place of those of the same events of an earlier pass, and go when a
	// later event of their response is without comments.
	DeadLetters []DeadLetter
}

// Removal is that a response was removed: with it go its comments, their corrections and testimonials, its dead letters, and what registers name of it.
type Removal struct {
	Organization, Survey, Response string
	// Erasure is the identifier of the erasure by which it was removed; empty when it was not by one. What goes is counted under it.
	Erasure string
	// Position is that of its event; what is stored of a later one stays.
	Position int64
}

// DeadLetter is a response whose comments could not be analysed.
type DeadLetter struct {
	// ID is given by the store, ascending.
	ID           int64
	Organization string
	// Survey and Response are empty when they cannot be told.
	Survey, Response string
	// Person is the pseudonym of who answered; nil when unknown.
	Person   []byte
	Position int64
	// Reason is for people, and holds nothing that was written.
	Reason string
	// Event is the event as it was received.
	Event      []byte
	CreateTime time.Time
}
