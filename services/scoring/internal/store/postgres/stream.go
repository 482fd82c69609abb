package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// stream calls fn with a snapshot for reading what is long. fn may take its time over the rows: they come as they are read, never all at once into
// memory, and no timeout of statements ends them. Not all connections are given to streams.
func (s *Store) stream(ctx context.Context, fn func(tx pgx.Tx) error) error {
	if err := s.streams.enter(ctx); err != nil {
		return err
	}
	defer s.streams.leave()
	return s.db.View(ctx, func(ctx context.Context, tx pgx.Tx) error {
		// Compiling a query takes longer than running it where an index is read in order.
		if _, err := tx.Exec(ctx, `SELECT set_config('statement_timeout', '0', true), set_config('jit', 'off', true)`); err != nil {
			return err
		}
		return fn(tx)
	})
}
