// Package store defines what the reporting service keeps and what it may rely on when it does: what was recorded of stores beside answers, and definitions,
// schedules and results of reports. Answers are not among it.
//
// Every key begins with the organisation, and no call sees or changes what another organisation owns. Identifiers and texts are valid UTF-8 without NUL. Where
// a backend can be shared, several stores over the same data keep every promise together as one does alone. Times are kept to the microsecond.
//
// Beside the errors that the methods name, each may return ctx's error, ErrClosed, or an *rpcerr.Error UNAVAILABLE of the backend (storage full or busy),
// after which the call can be repeated. A write that returns nil is durable; one that returns an error has changed nothing, unless ctx ended or the backend
// failed while it was being committed, when it may have been written: repeat it.
package store

import (
	"context"
	"errors"

	"github.com/otklik/otklik/libs/lead"
	"github.com/otklik/otklik/libs/relational"
)

// The errors of a Store.
var (
	// ErrNotFound tells that the organisation has no such thing.
	ErrNotFound = errors.New("not found")
	// ErrExists tells that the identifier is taken.
	ErrExists = errors.New("exists")
	// ErrChanged tells that the thing has another version than the one that the change is based on.
	ErrChanged = errors.New("changed meanwhile")
	// ErrTooMany tells that the organisation has as many as it may have.
	ErrTooMany = errors.New("too many")
	// ErrLost tells that another process is at work.
	ErrLost = lead.ErrLost
	// ErrClosed tells that the store was closed.
	ErrClosed = relational.ErrClosed
)

// Store keeps the reporting service's data. Safe for concurrent use.
type Store interface {
	lead.Lease
	Operations
	Kpis
	Benchmarks
	Reports
	Schedules
	Exports
	Shares
	// Ping tells whether the store can be read.
	Ping(ctx context.Context) error
	// Place says where the data is, for logs.
	Place() string
	// Close waits for writes under way and releases everything. Calls after it return ErrClosed; a second Close does nothing.
	Close() error
}
