package ingest

import (
	"context"
	"errors"
	"fmt"

	"github.com/otklik/otklik/libs/eventlog"
	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/store"
)

// Event is one of a log of findings.
type Event interface {
	// GetPosition returns the position of the event.
	GetPosition() int64
	// GetOrganization returns whose data it is about.
	GetOrganization() string
}

// Findings is another service's log of what it finds out about responses. What the log tells last of a response counts, so that it can be read again from
// any position.
type Findings[E Event] struct {
	// source is the service.
	source store.Source
	// about tells in messages what is found out.
	about string
	// open starts a stream of all events after a position.
	open func(ctx context.Context, after int64) (eventlog.Stream[E], error)
	// find reads an event.
	find func(E) (finding, verdict)
}

// finding is what an event says of a response.
type finding struct {
	response store.Response
	// say puts what is found out now in the place of what the service said before.
	say func(*fact.Enrichment)
}

// verdict is what an event is.
type verdict uint8

const (
	// odd is one that should be about a response and is not.
	odd verdict = iota
	// foreign is one that is about something else.
	foreign
	// found is one that is about a response.
	found
)

// Open starts a stream of all events after a position.
func (e *Enricher[E]) Open(ctx context.Context, after int64) (eventlog.Stream[E], error) {
	s, err := e.log.open(ctx, after)
	if err != nil {
		return nil, fmt.Errorf("open log of %s: %w", e.log.about, err)
	}
	return findingStream[E]{s, ctx, e, after}, nil
}

type findingStream[E Event] struct {
	eventlog.Stream[E]
	// ctx is what the stream was opened with: its own ends with it.
	ctx   context.Context
	sink  *Enricher[E]
	after int64
}

// Recv waits for the next batch. A log that ends before the position that was asked for is another one than before, as after a restored backup:
// it is read from its beginning.
func (s findingStream[E]) Recv() (eventlog.Batch[E], error) {
	b, err := s.Stream.Recv()
	if err == nil {
		return b, nil
	}
	if isAhead(err) {
		err = errors.Join(err, s.sink.startOver(s.ctx, s.after))
	}
	return eventlog.Batch[E]{}, fmt.Errorf("read log of %s: %w", s.sink.log.about, err)
}

// Committed rests after a batch.
func (s findingStream[E]) Committed(int64) { s.sink.rest(s.ctx) }
