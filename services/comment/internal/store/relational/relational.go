// Package relational keeps the comment service's data in tables, whatever the database: what is written, and when, is said once. Packages sqlite and
// postgres open their databases and say where they differ.
//
// Whatever changes data first takes the row of the counters and holds it until the commit. So writers of all processes take turns, numbers are given in the
// order of commits, and nobody who reads the outbox ever finds an event with a lesser position than one that was there before.
package relational

import (
	"context"
	"errors"
	"time"

	"github.com/otklik/otklik/services/comment/internal/search"
	"github.com/otklik/otklik/services/comment/internal/store"
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
	Dialect
	// Update runs fn in a transaction, which is durable when nil is returned and undone otherwise.
	Update(ctx context.Context, fn func(ctx context.Context, w Writer) error) error
	// View runs fn over the data as it is at one moment.
	View(ctx context.Context, fn func(ctx context.Context, r Reader) error) error
	// Explain says what failed, and in the store's words why.
	Explain(doing string, err error) error
	Ping(ctx context.Context) error
	Close() error
}

// Dialect is how a database searches for words.
type Dialect interface {
	// InsertTerms is the statement that stores the terms of a comment: organization, seq, terms as EncodeTerms makes them.
	InsertTerms() string
	// DeleteTerms is the statement that removes them: organization, seq.
	DeleteTerms() string
	// EncodeTerms is how terms are stored: one or two parameters.
	EncodeTerms(terms string) []any
	// Matching is a condition on the comment c; arg adds a parameter and returns its name.
	Matching(words *search.Query, arg func(any) string) string
	// Rank is an expression that is the less the better a comment c fits. It stands in a query whose joins RankJoin are.
	Rank(words *search.Query, arg func(any) string) (join, condition, expression string)
}

// Store is a store.Store over a Database.
type Store struct {
	db Database
}

var _ store.Store = (*Store)(nil)

// New makes a store over a database whose schema is up to date.
func New(db Database) *Store { return &Store{db: db} }

// Ping implements store.Store.
func (s *Store) Ping(ctx context.Context) error { return s.db.Explain("ping", s.db.Ping(ctx)) }

// Close implements store.Store.
func (s *Store) Close() error { return s.db.Close() }

// errNoRow tells that a query that has a row at most has none.
var errNoRow = errors.New("no row")

// list reads all rows of a query.
func list[T any](ctx context.Context, r Reader, scan func(Scanner) (T, error), query string, args ...any) (out []T, err error) {
	rows, err := r.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, rows.Err()
}

// listOnce is list for a query whose text is put together from conditions: it fills no cache of prepared statements, of which there would be too many.
func listOnce[T any](ctx context.Context, db Database, scan func(Scanner) (T, error), query string, args ...any) (out []T, err error) {
	err = db.View(ctx, func(ctx context.Context, r Reader) error {
		out, err = list(ctx, r, scan, query, args...)
		return err
	})
	return out, err
}

// one reads the only row of a query; errNoRow when there is none.
func one[T any](ctx context.Context, r Reader, scan func(Scanner) (T, error), query string, args ...any) (T, error) {
	found, err := list(ctx, r, scan, query, args...)
	if err == nil && len(found) == 0 {
		err = errNoRow
	}
	if err != nil {
		var none T
		return none, err
	}
	return found[0], nil
}

// value reads a row of one column.
func value[T any](row Scanner) (v T, err error) {
	err = row.Scan(&v)
	return v, err
}

// exists tells whether a query has a row.
func exists(ctx context.Context, r Reader, query string, args ...any) (bool, error) {
	_, err := one(ctx, r, value[int64], query+` LIMIT 1`, args...)
	if errors.Is(err, errNoRow) {
		return false, nil
	}
	return err == nil, err
}

// notFound is the store's word for no row.
func notFound(err error) error {
	if errors.Is(err, errNoRow) {
		return store.ErrNotFound
	}
	return err
}

// page cuts what was read with one more than a page holds, and tells whether there was more.
func page[T any](found []T, limit int) ([]T, bool) {
	if len(found) > limit {
		return found[:limit], true
	}
	return found, false
}

// toMicro is t as it is kept: microseconds since 1970.
func toMicro(t time.Time) int64 { return t.UnixMicro() }

// fromMicro is the time that toMicro made n of.
func fromMicro(n int64) time.Time { return time.UnixMicro(n).UTC() }

// nullMicro is t as a time that may be missing is kept.
func nullMicro(t time.Time) *int64 {
	if t.IsZero() {
		return nil
	}
	n := toMicro(t)
	return &n
}

// fromNull is the time that nullMicro made n of.
func fromNull(n *int64) time.Time {
	if n == nil {
		return time.Time{}
	}
	return fromMicro(*n)
}
