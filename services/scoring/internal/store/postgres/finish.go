package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/otklik/otklik/services/scoring/internal/store"
)

// FinishRebuild makes the rebuilt ledger the live one.
func (s *Store) FinishRebuild(ctx context.Context, l store.Ledger, at store.Marks, cellsChanged int64, ended time.Time) (store.Rebuild, error) {
	var r store.Rebuild
	err := s.db.Update(ctx, func(ctx context.Context, tx pgx.Tx) error {
		now, err := lockLive(ctx, tx)
		if err != nil {
			return err
		}
		var old int64
		if err := tx.QueryRow(ctx, `SELECT live FROM ledgers WHERE organization = $1 FOR UPDATE`, l.Organization).Scan(&old); err != nil && !noRows(err) {
			return err
		}
		var generation int64
		if r, generation, err = running(ctx, tx, l); err != nil {
			return err
		}
		if !now.Same(at) {
			return fmt.Errorf("the live ledgers have moved on: %w", store.ErrConflict)
		}
		if _, err := tx.Exec(ctx, `UPDATE ledgers SET live = $2 WHERE organization = $1`, l.Organization, generation); err != nil {
			return err
		}
		if err := discard(ctx, tx, l.Organization, old); err != nil {
			return err
		}
		if err := advance(ctx, tx); err != nil {
			return err
		}
		r.CellsChanged = cellsChanged
		return end(ctx, tx, &r, store.Succeeded, ended)
	})
	if cause := context.Cause(ctx); err != nil && errors.Is(cause, store.ErrConflict) {
		err = cause
	}
	if err != nil {
		return store.Rebuild{}, fmt.Errorf("finish rebuild: %w", err)
	}
	s.forget(l, store.Ledger{Organization: l.Organization})
	return r, nil
}

// lockLive returns how far the live ledgers are, and keeps them there until the end of the transaction. All transactions that need them locked
// take the cursors first and in their order.
func lockLive(ctx context.Context, tx pgx.Tx) (store.Marks, error) {
	if _, err := tx.Exec(ctx, `SELECT FROM cursors ORDER BY partition FOR UPDATE`); err != nil {
		return store.Marks{}, err
	}
	return readMarks(ctx, tx)
}

// advance counts that other ledgers are in the place of the live ones. What was made from the ones before conflicts from now on.
func advance(ctx context.Context, tx pgx.Tx) error {
	if _, err := tx.Exec(ctx, `UPDATE board SET epoch = epoch + 1`); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `UPDATE cursors SET version = version + 1`)
	return err
}

// Clear removes all records of all organisations: each gets a new generation, Sweep removes the rows of the others.
func (s *Store) Clear(ctx context.Context, epoch int64, reason string, ended time.Time) error {
	err := s.db.Update(ctx, func(ctx context.Context, tx pgx.Tx) error {
		now, err := lockLive(ctx, tx)
		if err != nil {
			return err
		}
		if now.Epoch != epoch {
			return fmt.Errorf("the epoch is %d, not %d: %w", now.Epoch, epoch, store.ErrConflict)
		}
		if err := advance(ctx, tx); err != nil {
			return err
		}
		for _, statement := range []string{
			`SELECT FROM ledgers ORDER BY organization FOR UPDATE`,
			`SELECT FROM rebuilds WHERE state = 1 ORDER BY organization FOR UPDATE`,
			`INSERT INTO unused (organization, generation)
				SELECT organization, live FROM ledgers UNION SELECT organization, generation FROM rebuilds WHERE state = 1
				ON CONFLICT (organization, generation) DO NOTHING`,
			`UPDATE ledgers SET live = newest + 1, newest = newest + 1`,
			`UPDATE cursors SET position = 0, as_of = 0`,
			`DELETE FROM deltas`,
			`DELETE FROM erasures`,
			`DELETE FROM releases`,
			`DELETE FROM enrichments`,
			`UPDATE enrichment_sources SET position = 0`,
			`UPDATE enriched SET position = 0, number = number + 1`,
		} {
			if _, err := tx.Exec(ctx, statement); err != nil {
				return err
			}
		}
		_, err = tx.Exec(ctx, `UPDATE rebuilds SET state = 3, error = $1, ended = $2 WHERE state = 1`, prose(reason), store.ToNano(ended))
		return err
	})
	if err != nil {
		return fmt.Errorf("clear store: %w", err)
	}
	return nil
}
