package sqlite

import (
	"context"
	"database/sql"
	"errors"

	"github.com/otklik/otklik/libs/sqlkit"
	"github.com/otklik/otklik/services/survey/internal/store"
)

// progressUsage is the name under which progress holds up to where usages are counted.
const progressUsage = "usage"

const (
	sqlCountUsage = `INSERT INTO usages (organization, submissions, bytes)
SELECT organization, count(*), sum(length(body)) FROM submissions WHERE position > ? AND position <= ? AND kind < ? GROUP BY organization
ON CONFLICT DO UPDATE SET submissions = submissions + excluded.submissions, bytes = bytes + excluded.bytes`
	sqlAddUsage       = `UPDATE usages SET submissions = submissions + ?, bytes = bytes + ? WHERE organization = ?`
	sqlSelectUsage    = `SELECT submissions, bytes FROM usages WHERE organization = ?`
	sqlSelectProgress = `SELECT position FROM progress WHERE name = ?`
	sqlSetProgress    = `INSERT INTO progress (name, position) VALUES (?, ?) ON CONFLICT DO UPDATE SET position = excluded.position`
)

// CountUsage implements store.Usages.
func (s *Store) CountUsage(ctx context.Context, positions int64) (more bool, err error) {
	head, err := s.Head(ctx)
	if err != nil {
		return false, err
	}
	from, err := progress(ctx, reader{s.db}, progressUsage)
	if err != nil || from >= head {
		return false, s.fail("count usage", err)
	}
	err = s.batcher.Do(ctx, func(ctx context.Context, tx *sqlkit.Tx) error {
		from, err := progress(ctx, tx, progressUsage)
		if err != nil {
			return err
		}
		upTo := min(from+positions, head)
		more = upTo < head
		if upTo <= from {
			return nil
		}
		if _, err := tx.ExecContext(ctx, sqlCountUsage, from, upTo, int64(store.KindRemoval)); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, sqlSetProgress, progressUsage, upTo)
		return err
	})
	return more, s.fail("count usage", err)
}

// GetUsage implements store.Usages.
func (s *Store) GetUsage(ctx context.Context, organization string) (store.Usage, error) {
	var u store.Usage
	err := s.db.QueryRow(ctx, sqlSelectUsage, organization).Scan(&u.Submissions, &u.Bytes)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return u, s.fail("get usage", err)
}

// Progress implements store.Usages.
func (s *Store) Progress(ctx context.Context, name string) (int64, error) {
	position, err := progress(ctx, reader{s.db}, name)
	return position, s.fail("get progress", err)
}

func progress(ctx context.Context, q queryer, name string) (position int64, err error) {
	err = q.QueryRowContext(ctx, sqlSelectProgress, name).Scan(&position)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return position, err
}

// SetProgress implements store.Usages.
func (s *Store) SetProgress(ctx context.Context, name string, position int64) error {
	err := s.batcher.Do(ctx, func(ctx context.Context, tx *sqlkit.Tx) error {
		_, err := tx.ExecContext(ctx, sqlSetProgress, name, position)
		return err
	})
	return s.fail("set progress", err)
}
