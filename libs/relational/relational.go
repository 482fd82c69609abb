// Package relational is what stores that keep their data in tables are written against, so that what is written, and when, is said once for whatever
// database. Its packages sqlite and postgres are the databases.
package relational

import (
	"context"
	"errors"
)

var (
	// ErrNoRow tells that a query that has a row at most has none.
	ErrNoRow = errors.New("no row")
	// ErrClosed tells that the database was closed.
	ErrClosed = errors.New("store is closed")
)

// Scanner is a row of a query.
type Scanner interface{ Scan(dest ...any) error }

// Rows are the rows of a query. Who asked closes them.
type Rows interface {
	Scanner
	Next() bool
	Err() error
	Close() error
}

// Reader runs queries. Their parameters are $1, $2 ….
type Reader interface {
	Query(ctx context.Context, query string, args ...any) (Rows, error)
}

// Writer is a transaction that writes.
type Writer interface {
	Reader
	// Exec runs a statement and tells how many rows it changed.
	Exec(ctx context.Context, statement string, args ...any) (int64, error)
	// Many runs a statement once for each of the lists of arguments.
	Many(ctx context.Context, statement string, args [][]any) error
}

// Database is what a backend gives.
type Database interface {
	Reader
	// Update runs fn in a transaction, which is durable when nil is returned and undone otherwise.
	Update(ctx context.Context, fn func(ctx context.Context, w Writer) error) error
	// View runs fn over the data as it is at one moment.
	View(ctx context.Context, fn func(ctx context.Context, r Reader) error) error
	// Explain says what failed, and why: ErrClosed, or an *rpcerr.Error where the database is full, busy or away.
	Explain(doing string, err error) error
	// Ping tells whether the database can be read.
	Ping(ctx context.Context) error
	// Close waits for writes under way. A second call does nothing.
	Close() error
	// Place says where the database is, for logs.
	Place() string
}
