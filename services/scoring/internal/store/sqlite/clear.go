package sqlite

import (
	"context"
	"fmt"
	"time"

	"github.com/otklik/otklik/libs/sqlkit"
	"github.com/otklik/otklik/services/scoring/internal/store"
)

// Clear removes all records of all organisations.
func (s *Store) Clear(ctx context.Context, epoch int64, reason string, ended time.Time) error {
	err := s.db.Update(ctx, func(ctx context.Context, tx *sqlkit.Tx) error {
		var now int64
		if err := tx.QueryRowContext(ctx, `SELECT epoch FROM state`).Scan(&now); err != nil {
			return sqlkit.Translate(err)
		}
		if now != epoch {
			return fmt.Errorf("the epoch is %d, not %d: %w", now, epoch, store.ErrConflict)
		}
		if err := advance(ctx, tx); err != nil {
			return err
		}
		// Numbers of rebuilds, which are generations too, are not used again: the rebuilds themselves stay.
		for _, table := range []string{"facts", "refusals", "identifiers", "outcomes", "cells", "respondents", "aside", "ledgers", "unused", "erasures", "releases", "enrichments"} {
			if _, err := tx.ExecContext(ctx, `DELETE FROM `+table); err != nil {
				return fmt.Errorf("empty %s: %w", table, err)
			}
		}
		if _, err := tx.ExecContext(ctx, `UPDATE cursors SET position = 0, as_of = 0`); err != nil {
			return fmt.Errorf("put cursors back: %w", err)
		}
		for _, statement := range []string{`UPDATE enrichment_sources SET position = 0`, `UPDATE enriched SET number = number + 1`} {
			if _, err := tx.ExecContext(ctx, statement); err != nil {
				return fmt.Errorf("put enrichments back: %w", err)
			}
		}
		if _, err := tx.ExecContext(ctx, `UPDATE rebuilds SET state = ?, error = ?, ended = ? WHERE state = ?`,
			store.Failed, reason, store.ToNano(ended), store.Running); err != nil {
			return fmt.Errorf("end rebuilds: %w", err)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("clear store: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.appended)
	return nil
}
