package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/otklik/otklik/libs/pgkit"
	"github.com/otklik/otklik/services/scoring/internal/store"
)

// Partition sets into how many partitions the change log is divided.
func (s *Store) Partition(ctx context.Context, count int) error {
	// The epoch begins with the microsecond, so that it is this store's own.
	err := s.flightOf(ctx, func(f *flight) {
		f.add(`INSERT INTO board (one, epoch, partitions) VALUES (1, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint, $1)
			ON CONFLICT (one) DO NOTHING`, count)
		f.add(`INSERT INTO cursors (partition, position, as_of, version) SELECT n, 0, 0, 0
			FROM generate_series(0, $1::integer - 1) AS n WHERE (SELECT partitions FROM board) = $1 ON CONFLICT (partition) DO NOTHING`, count)
	})
	var partitions int
	if err == nil {
		err = s.db.Pool.QueryRow(ctx, `SELECT partitions FROM board`).Scan(&partitions)
	}
	switch {
	case err != nil:
		return fmt.Errorf("divide the log: %w", pgkit.Translate(err))
	case partitions != count:
		return fmt.Errorf("divide the log by %d, it was divided by %d: %w", count, partitions, store.ErrPartitions)
	}
	return nil
}

// Marks returns how far the live ledgers are.
func (s *Store) Marks(ctx context.Context) (store.Marks, error) {
	m, err := readMarks(ctx, s.db.Pool)
	if err != nil {
		return store.Marks{}, fmt.Errorf("read marks: %w", err)
	}
	return m, nil
}

// querier runs queries: the pool, or a transaction.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// selectMarks reads marks, in one statement and so of one moment.
const selectMarks = `SELECT epoch, position, as_of, version FROM board CROSS JOIN cursors ORDER BY partition`

func readMarks(ctx context.Context, q querier) (store.Marks, error) {
	rows, err := q.Query(ctx, selectMarks)
	if err != nil {
		return store.Marks{}, pgkit.Translate(err)
	}
	return collectMarks(rows)
}

func collectMarks(rows pgx.Rows) (store.Marks, error) {
	var m store.Marks
	var err error
	m.Cursors, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (store.Cursor, error) {
		var c store.Cursor
		var asOf int64
		err := row.Scan(&m.Epoch, &c.Position, &asOf, &c.Version)
		c.AsOf = store.FromNano(asOf)
		return c, err
	})
	return m, pgkit.Translate(err)
}
