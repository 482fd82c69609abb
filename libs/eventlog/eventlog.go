// Package eventlog follows another service's log of events: it delivers every event at least once and in order, to a sink that applies a
// batch and remembers the position in one transaction, which makes it exactly once in effect. It survives restarts of either side and merges
// what has queued into larger batches without a timer.
package eventlog

import (
	"context"
	"errors"
	"time"
)

// Batch is what a source delivers at a time.
type Batch[E any] struct {
	// Events in the order of the log; none in a heartbeat.
	Events []E
	// AsOf is the source's time up to which the log is delivered with this batch; zero when the source does not say. A batch that says so
	// reaches to Head: all events up to that position are delivered.
	AsOf time.Time
	// Head is the position of the newest event in the log, whatever its partition; 0 when the source does not say.
	Head int64
}

// Stream delivers batches.
type Stream[E any] interface {
	// Recv waits for the next batch. After an error the stream is dead. It returns when the context that it was opened with ends.
	Recv() (Batch[E], error)
}

// Source is a log that can be followed from any position.
type Source[E any] interface {
	// Open starts a stream of all events after the position; 0 is the beginning. The stream lives as long as ctx.
	Open(ctx context.Context, after int64) (Stream[E], error)
}

// Sink applies events.
type Sink[E any] interface {
	// Position returns the position of the last applied event, 0 when there is none.
	Position(ctx context.Context) (int64, error)
	// Apply applies the events, all or none, and stores and returns the position after them in the same transaction. After an error they are
	// tried again, for as long as it takes: the sink itself must find a way past an event that can never be applied. After ErrMoved the source
	// is opened anew where the sink is.
	Apply(ctx context.Context, events []E) (int64, error)
}

// ErrMoved tells that a sink was put elsewhere since its Position was asked for, so that the events do not continue what is applied.
var ErrMoved = errors.New("the position was moved by others")

// Watermarked is what a Sink may implement in addition, to be told how far the source says that the log has been delivered.
type Watermarked interface {
	// Reached is called after everything that the source had stored up to asOf is applied: after each batch that says so, heartbeats included.
	Reached(asOf time.Time)
}

// Status tells where a consumer is.
type Status struct {
	// Connected tells whether a stream is open.
	Connected bool
	// Position of the last applied event.
	Position int64
	// Head is the position of the newest event that the source has told of; Head − Position is the backlog in events, at most.
	Head int64
}
