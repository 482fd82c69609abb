package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/otklik/otklik/libs/sqlkit"
	"github.com/otklik/otklik/services/scoring/internal/store"
)

// Shared tells that no other process may write to the store.
func (s *Store) Shared() bool { return false }

// Partition sets into how many partitions the change log is divided.
func (s *Store) Partition(ctx context.Context, count int) error {
	err := s.db.Update(ctx, func(ctx context.Context, tx *sqlkit.Tx) error {
		var known int
		var epoch int64
		if err := tx.QueryRowContext(ctx, `SELECT partitions, epoch FROM state`).Scan(&known, &epoch); err != nil {
			return sqlkit.Translate(err)
		}
		if known != 0 && known != count {
			return fmt.Errorf("%d rather than %d: %w", count, known, store.ErrPartitions)
		}
		if known == count && epoch != 0 {
			return nil
		}
		if _, err := tx.ExecContext(ctx, `UPDATE state SET partitions = ?, epoch = ?`, count, time.Now().UnixMicro()); err != nil {
			return err
		}
		for p := range count {
			if _, err := tx.ExecContext(ctx, `INSERT OR IGNORE INTO cursors (partition, position, as_of, version) VALUES (?, 0, 0, 0)`, p); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("set number of partitions: %w", err)
	}
	return nil
}

// queryer runs queries, in a transaction or not.
type queryer interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// readMarks reads how far the live ledgers are, in one statement.
func readMarks(ctx context.Context, q queryer) (m store.Marks, err error) {
	rows, err := q.QueryContext(ctx, `SELECT epoch, partition, position, as_of, version FROM state JOIN cursors ORDER BY partition`)
	if err != nil {
		return store.Marks{}, fmt.Errorf("read marks: %w", sqlkit.Translate(err))
	}
	defer func() { err = closeRows(rows, err) }()
	for rows.Next() {
		var partition int
		var asOf int64
		var c store.Cursor
		if err := rows.Scan(&m.Epoch, &partition, &c.Position, &asOf, &c.Version); err != nil {
			return store.Marks{}, fmt.Errorf("read marks: %w", err)
		}
		c.AsOf = store.FromNano(asOf)
		m.Cursors = append(m.Cursors, c)
	}
	return m, nil
}

// Marks returns how far the live ledgers are.
func (s *Store) Marks(ctx context.Context) (store.Marks, error) { return readMarks(ctx, kept{s.db}) }

// kept runs queries with prepared statements.
type kept struct{ db *sqlkit.DB }

// QueryContext runs a query.
func (k kept) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return k.db.Query(ctx, query, args...)
}

// Follow tells whether the live ledgers are where they were: what was added since is not kept apart.
func (s *Store) Follow(ctx context.Context, since store.Marks) ([]store.Delta, store.Marks, error) {
	m, err := s.Marks(ctx)
	if err != nil {
		return nil, store.Marks{}, fmt.Errorf("follow: %w", err)
	}
	if !m.Same(since) {
		return nil, store.Marks{}, fmt.Errorf("follow: %w", store.ErrBehind)
	}
	return nil, m, nil
}

// everybody is the number of batches that may be waiting to be applied at a time.
const everybody = 1 << 30

// Hold calls fn while no batch is applied to live ledgers.
func (s *Store) Hold(ctx context.Context, fn func(ctx context.Context) error) error {
	if err := s.live.Acquire(ctx, everybody); err != nil {
		return fmt.Errorf("hold: %w", err)
	}
	defer s.live.Release(everybody)
	return fn(ctx)
}

// advance raises the epoch and the version of each partition by one.
func advance(ctx context.Context, tx *sqlkit.Tx) error {
	if _, err := tx.ExecContext(ctx, `UPDATE state SET epoch = epoch + 1`); err != nil {
		return fmt.Errorf("raise epoch: %w", err)
	}
	if _, err := tx.ExecContext(ctx, `UPDATE cursors SET version = version + 1`); err != nil {
		return fmt.Errorf("raise versions: %w", err)
	}
	return nil
}
