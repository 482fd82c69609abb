package relational

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/services/segmentation/internal/store"
)

const (
	sqlTakeTurn   = `UPDATE counters SET number = number + 1 WHERE kind = 'writes'`
	sqlCounters   = `SELECT kind, number FROM counters WHERE kind <> 'writes'`
	sqlPutCounter = `INSERT INTO counters (kind, number) VALUES ($1, $2) ON CONFLICT (kind) DO UPDATE SET number = excluded.number`
)

// counter is something that is numbered, in the order of commits, over all organisations.
type counter string

const (
	outboxPositions counter = "outbox"
	deadLetters     counter = "dead_letters"
)

// writing is a transaction whose turn it is.
type writing struct {
	relational.Writer
	// numbers are the last numbers given, given those that were given in this transaction.
	numbers, given map[counter]int64
}

// next gives the next number of a kind, from 1 on.
func (w *writing) next(kind counter) int64 {
	n := w.numbers[kind] + 1
	w.numbers[kind], w.given[kind] = n, n
	return n
}

// errRehearsed undoes what was written in a rehearsal.
var errRehearsed = errors.New("rehearsed")

// write runs fn when it is its turn: writers of all processes take turns. It is done when nil is returned, and undone otherwise and in
// rehearsals. fn may run again, and should leave nothing behind but what it writes.
func (s *Store) write(ctx context.Context, doing string, fn func(ctx context.Context, w *writing) error) error {
	tells := false
	err := s.db.Update(ctx, func(ctx context.Context, tx relational.Writer) error {
		if _, err := tx.Exec(ctx, sqlTakeTurn); err != nil {
			return err
		}
		w := &writing{Writer: tx, numbers: map[counter]int64{}, given: map[counter]int64{}}
		_, err := relational.List(ctx, tx, func(row relational.Scanner) (none struct{}, err error) {
			var kind counter
			var number int64
			err = row.Scan(&kind, &number)
			w.numbers[kind] = number
			return none, err
		}, sqlCounters)
		if err != nil {
			return err
		}
		if err := fn(ctx, w); err != nil {
			return err
		}
		if store.IsRehearsal(ctx) {
			return errRehearsed
		}
		for _, kind := range slices.Sorted(maps.Keys(w.given)) {
			if _, err := w.Exec(ctx, sqlPutCounter, string(kind), w.given[kind]); err != nil {
				return err
			}
		}
		_, tells = w.given[outboxPositions]
		return nil
	})
	if errors.Is(err, errRehearsed) {
		return nil
	}
	if err == nil && tells {
		s.told.send()
	}
	return s.db.Explain(doing, err)
}
