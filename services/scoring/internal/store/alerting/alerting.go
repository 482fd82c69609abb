// Package alerting keeps alert rules, alerts and what is told of them in tables, whatever the database: what is written, and when, is said once. The
// backends give it their databases.
//
// Whatever adds alerts or events first takes the row of the counter and holds it until the commit. So numbers are given in the order of commits, and nobody who
// reads events ever finds one with a lesser position than one that was there before.
package alerting

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
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
}

// Database is what a backend gives.
type Database interface {
	Reader
	// Update runs fn in a transaction, which is durable when nil is returned and undone otherwise.
	Update(ctx context.Context, fn func(ctx context.Context, w Writer) error) error
	// Translate says in the store's words what failed.
	Translate(err error) error
}

// Tables is a store.Alerts over a database.
type Tables struct{ db Database }

// New keeps alerts in a database whose schema is up to date.
func New(db Database) *Tables { return &Tables{db: db} }

// explain says what failed, and in the store's words why.
func (t *Tables) explain(doing string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", doing, t.db.Translate(err))
}

// update runs fn in a transaction.
func (t *Tables) update(ctx context.Context, doing string, fn func(ctx context.Context, w Writer) error) error {
	return t.explain(doing, t.db.Update(ctx, fn))
}

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

// decode reads what encode wrote.
func decode(body []byte, into any) error {
	if err := json.Unmarshal(body, into); err != nil {
		return fmt.Errorf("decode row: %w", err)
	}
	return nil
}

func encode(v any) ([]byte, error) {
	body, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encode row: %w", err)
	}
	return body, nil
}
