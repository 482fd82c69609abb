// Package alerting keeps alert rules, alerts and what is told of them in tables, whatever the database: what is written, and when, is said once. The
// backends give it their databases.
//
// Whatever adds alerts or events first takes the row of the counter and holds it until the commit. So numbers are given in the order of commits, and nobody who
// reads events ever finds one with a lesser position than one that was there before.
package alerting

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/otklik/otklik/libs/relational"
)

// Database is what a backend gives.
type Database interface {
	relational.Reader
	// Update runs fn in a transaction, which is durable when nil is returned and undone otherwise.
	Update(ctx context.Context, fn func(ctx context.Context, w relational.Writer) error) error
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
func (t *Tables) update(ctx context.Context, doing string, fn func(ctx context.Context, w relational.Writer) error) error {
	return t.explain(doing, t.db.Update(ctx, fn))
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
