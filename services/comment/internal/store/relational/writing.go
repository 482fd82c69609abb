package relational

import (
	"context"

	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/services/comment/internal/store"
)

const (
	sqlTakeCounters = `UPDATE counters SET writes = writes + 1 WHERE id = 1 RETURNING responses, comments, corrections, outbox, dead_letters`
	sqlPutCounters  = `UPDATE counters SET responses = $1, comments = $2, corrections = $3, outbox = $4, dead_letters = $5 WHERE id = 1`
)

// numbers are the last numbers given of each kind.
type numbers struct{ responses, comments, corrections, outbox, deadLetters int64 }

func scanNumbers(row relational.Scanner) (n numbers, err error) {
	err = row.Scan(&n.responses, &n.comments, &n.corrections, &n.outbox, &n.deadLetters)
	return n, err
}

// writing is a transaction whose turn it is.
type writing struct {
	relational.Writer
	dialect Dialect
	numbers
	// deleted are the aspects that organisations deleted, as far as they were needed.
	deleted map[string]deletions
}

// next gives the next number of a kind.
func next(counter *int64) int64 {
	*counter++
	return *counter
}

// write runs fn when it is its turn.
func (s *Store) write(ctx context.Context, doing string, fn func(ctx context.Context, w *writing) error) error {
	err := s.db.Update(ctx, func(ctx context.Context, tx relational.Writer) error {
		given, err := relational.One(ctx, tx, scanNumbers, sqlTakeCounters)
		if err != nil {
			return err
		}
		w := &writing{Writer: tx, dialect: s.db, numbers: given}
		if err := fn(ctx, w); err != nil || w.numbers == given {
			return err
		}
		n := w.numbers
		_, err = w.Exec(ctx, sqlPutCounters, n.responses, n.comments, n.corrections, n.outbox, n.deadLetters)
		return err
	})
	return s.db.Explain(doing, err)
}

// changed tells whether a statement changed a row.
func changed(n int64, err error) (bool, error) { return n > 0, err }

// held is ErrLost where a change found the thing another's.
func held(n int64, err error) error {
	if err == nil && n == 0 {
		return store.ErrLost
	}
	return err
}

// found is ErrNotFound where a change found nothing.
func found(n int64, err error) error {
	if err == nil && n == 0 {
		return store.ErrNotFound
	}
	return err
}
