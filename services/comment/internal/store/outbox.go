package store

import (
	"context"
	"time"
)

// Outbox tells other services what comments of responses say. Whatever changes that writes here in the same transaction; what was told of a response before
// is replaced, and what would say the same again is not told.
type Outbox interface {
	// OutboxEvents returns events with a position greater than after, in order, and where the outbox ends. Organization narrows them; empty for all.
	// No event with a lesser position is added after one was returned.
	OutboxEvents(ctx context.Context, organization string, after int64, limit int) (events []Event, head Head, err error)
}

// Head is where an outbox ends; 0 where it is empty.
type Head struct {
	// Position is that of the last of the events that were asked for, Last that of the last of all organisations.
	Position, Last int64
}

// Event is what comments of a response say now.
type Event struct {
	Position                       int64
	Organization, Survey, Response string
	Sentiment                      Sentiment
	Aspects                        []AspectMention // each aspect once, without evidence
	Language                       Language
	Removed                        bool
	Model                          string
	Time                           time.Time
}
