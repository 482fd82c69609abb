package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"github.com/otklik/otklik/services/survey/internal/store"
)

const (
	sqlCountUsage = `INSERT INTO usages (organization, submissions, bytes)
SELECT organization, count(*), sum(length(body)) FROM submissions WHERE position > $1 AND position <= $2 AND kind < $3 GROUP BY organization
ON CONFLICT (organization) DO UPDATE SET submissions = usages.submissions + excluded.submissions, bytes = usages.bytes + excluded.bytes`
	sqlAddUsage       = `UPDATE usages SET submissions = submissions + $2, bytes = bytes + $3 WHERE organization = $1`
	sqlSelectUsage    = `SELECT submissions, bytes FROM usages WHERE organization = $1`
	sqlSelectProgress = `SELECT position FROM progress WHERE name = $1`
	sqlSetProgress    = `INSERT INTO progress (name, position) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET position = excluded.position`
	sqlMoveUsage      = `UPDATE progress SET position = $1 WHERE name = 'usage'`
)

// CountUsage implements store.Usages.
func (s *Store) CountUsage(ctx context.Context, positions int64) (more bool, err error) {
	if err := s.ready("count usage"); err != nil {
		return false, err
	}
	head, err := s.readHead(ctx)
	if err != nil {
		return false, s.fail("count usage", err)
	}
	err = s.update(ctx, func(ctx context.Context, tx pgx.Tx) error {
		var from int64
		if err := tx.QueryRow(ctx, sqlLockUsage).Scan(&from); err != nil {
			return err
		}
		upTo := min(from+positions, head)
		more = upTo < head
		if upTo <= from {
			return nil
		}
		if _, err := tx.Exec(ctx, sqlCountUsage, from, upTo, int16(store.KindRemoval)); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, sqlMoveUsage, upTo)
		return err
	})
	return more, s.fail("count usage", err)
}

// GetUsage implements store.Usages.
func (s *Store) GetUsage(ctx context.Context, organization string) (store.Usage, error) {
	if err := s.ready("get usage"); err != nil {
		return store.Usage{}, err
	}
	var u store.Usage
	err := s.db.Pool.QueryRow(ctx, sqlSelectUsage, organization).Scan(&u.Submissions, &u.Bytes)
	if errors.Is(err, pgx.ErrNoRows) {
		err = nil
	}
	return u, s.fail("get usage", err)
}

// Progress implements store.Usages.
func (s *Store) Progress(ctx context.Context, name string) (int64, error) {
	if err := s.ready("get progress"); err != nil {
		return 0, err
	}
	var position int64
	err := s.db.Pool.QueryRow(ctx, sqlSelectProgress, name).Scan(&position)
	if errors.Is(err, pgx.ErrNoRows) {
		err = nil
	}
	return position, s.fail("get progress", err)
}

// SetProgress implements store.Usages.
func (s *Store) SetProgress(ctx context.Context, name string, position int64) error {
	if err := s.ready("set progress"); err != nil {
		return err
	}
	_, err := s.db.Pool.Exec(ctx, sqlSetProgress, name, position)
	return s.fail("set progress", err)
}
