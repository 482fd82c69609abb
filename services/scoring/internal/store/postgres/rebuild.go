package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/otklik/otklik/libs/pgkit"
	"github.com/otklik/otklik/services/scoring/internal/store"
)

// rebuildColumns are those of scanRebuild.
const rebuildColumns = `organization, number, state, created, ended, read, cells_changed, error, position, version, owner, beat`

func scanRebuild(row pgx.Row) (store.Rebuild, error) {
	var r store.Rebuild
	var created, ended, beat int64
	err := row.Scan(&r.Organization, &r.Number, &r.State, &created, &ended, &r.Read, &r.CellsChanged, &r.Error, &r.Position, &r.Version, &r.Owner, &beat)
	switch {
	case noRows(err):
		return store.Rebuild{}, store.ErrNotFound
	case err != nil:
		return store.Rebuild{}, pgkit.Translate(err)
	}
	r.Created, r.Ended, r.Beat = store.FromNano(created), store.FromNano(ended), store.FromNano(beat)
	return r, nil
}

// StartRebuild records a rebuild that begins.
func (s *Store) StartRebuild(ctx context.Context, organization, owner string, created time.Time) (store.Rebuild, error) {
	var r store.Rebuild
	err := s.db.Update(ctx, func(ctx context.Context, tx pgx.Tx) error {
		// The row of the organisation lets one begin at a time.
		var generation int64
		if err := tx.QueryRow(ctx, `
			INSERT INTO ledgers (organization, live, newest) VALUES ($1, 0, 1)
			ON CONFLICT (organization) DO UPDATE SET newest = ledgers.newest + 1 RETURNING newest`, organization).Scan(&generation); err != nil {
			return err
		}
		var err error
		r, err = scanRebuild(tx.QueryRow(ctx, `
			INSERT INTO rebuilds (organization, number, generation, state, created, ended, read, cells_changed, error, position, version, owner, beat)
			SELECT $1, coalesce(max(number), 0) + 1, $2::bigint, 1, $3::bigint, 0, 0, 0, '', 0, 0, $4::text, $3::bigint FROM rebuilds WHERE organization = $1
			RETURNING `+rebuildColumns, organization, generation, store.ToNano(created), prose(owner)))
		if pgkit.IsUniqueViolation(err) {
			return store.ErrRunning
		}
		return err
	})
	if err != nil {
		return store.Rebuild{}, fmt.Errorf("start rebuild: %w", err)
	}
	return r, nil
}

// BeatRebuild records a sign of life.
func (s *Store) BeatRebuild(ctx context.Context, l store.Ledger, at time.Time) error {
	done, err := s.db.Pool.Exec(ctx, `UPDATE rebuilds SET beat = greatest(beat, $3) WHERE organization = $1 AND number = $2 AND state = 1`,
		l.Organization, l.Rebuild, store.ToNano(at))
	err = pgkit.Translate(err)
	if err == nil && done.RowsAffected() == 0 {
		if _, err = s.Rebuild(ctx, l); err == nil {
			err = store.ErrNotRunning
		}
	}
	if err != nil {
		return fmt.Errorf("record sign of life of rebuild: %w", err)
	}
	return nil
}

// running returns a rebuild if it is running, with its generation, and keeps it as it is until the end of the transaction.
func running(ctx context.Context, tx pgx.Tx, l store.Ledger) (store.Rebuild, int64, error) {
	var generation int64
	err := tx.QueryRow(ctx, `SELECT generation FROM rebuilds WHERE organization = $1 AND number = $2 FOR UPDATE`, l.Organization, l.Rebuild).Scan(&generation)
	switch {
	case noRows(err):
		return store.Rebuild{}, 0, store.ErrNotFound
	case err != nil:
		return store.Rebuild{}, 0, err
	}
	r, err := scanRebuild(tx.QueryRow(ctx, `SELECT `+rebuildColumns+` FROM rebuilds WHERE organization = $1 AND number = $2`, l.Organization, l.Rebuild))
	if err == nil && r.State != store.Running {
		err = store.ErrNotRunning
	}
	return r, generation, err
}

// end writes the end of a rebuild.
func end(ctx context.Context, tx pgx.Tx, r *store.Rebuild, state store.State, ended time.Time) error {
	r.State, r.Ended = state, store.FromNano(store.ToNano(ended))
	_, err := tx.Exec(ctx, `UPDATE rebuilds SET state = $3, ended = $4, cells_changed = $5, error = $6 WHERE organization = $1 AND number = $2`,
		r.Organization, r.Number, r.State, store.ToNano(ended), r.CellsChanged, r.Error)
	return err
}

// FailRebuild gives a rebuild up.
func (s *Store) FailRebuild(ctx context.Context, l store.Ledger, reason string, ended time.Time) (store.Rebuild, error) {
	var r store.Rebuild
	err := s.db.Update(ctx, func(ctx context.Context, tx pgx.Tx) (err error) {
		var generation int64
		if r, generation, err = running(ctx, tx, l); err != nil {
			return err
		}
		r.Error = prose(reason)
		if err := discard(ctx, tx, l.Organization, generation); err != nil {
			return err
		}
		return end(ctx, tx, &r, store.Failed, ended)
	})
	if err != nil {
		return store.Rebuild{}, fmt.Errorf("fail rebuild: %w", err)
	}
	s.forget(l)
	return r, nil
}

// discard marks a generation as unused; Sweep removes its rows.
func discard(ctx context.Context, tx pgx.Tx, organization string, generation int64) error {
	_, err := tx.Exec(ctx, `INSERT INTO unused (organization, generation) VALUES ($1, $2) ON CONFLICT (organization, generation) DO NOTHING`,
		organization, generation)
	return err
}

// Rebuild returns a rebuild.
func (s *Store) Rebuild(ctx context.Context, l store.Ledger) (store.Rebuild, error) {
	r, err := scanRebuild(s.db.Pool.QueryRow(ctx, `SELECT `+rebuildColumns+` FROM rebuilds WHERE organization = $1 AND number = $2`,
		l.Organization, l.Rebuild))
	if err != nil {
		return store.Rebuild{}, fmt.Errorf("read rebuild: %w", err)
	}
	return r, nil
}

// Rebuilds lists an organisation's rebuilds, the newest first.
func (s *Store) Rebuilds(ctx context.Context, organization string, before int64, limit int) ([]store.Rebuild, error) {
	return s.listRebuilds(ctx, `WHERE organization = $1 AND ($2 = 0 OR number < $2) ORDER BY number DESC LIMIT $3`, organization, before, limit)
}

// RunningRebuilds lists the running rebuilds of all organisations.
func (s *Store) RunningRebuilds(ctx context.Context) ([]store.Rebuild, error) {
	return s.listRebuilds(ctx, `WHERE state = 1 ORDER BY organization`)
}

func (s *Store) listRebuilds(ctx context.Context, which string, args ...any) ([]store.Rebuild, error) {
	rows, err := s.db.Pool.Query(ctx, `SELECT `+rebuildColumns+` FROM rebuilds `+which, args...)
	var list []store.Rebuild
	if err == nil {
		list, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (store.Rebuild, error) { return scanRebuild(row) })
	}
	if err != nil {
		return nil, fmt.Errorf("list rebuilds: %w", pgkit.Translate(err))
	}
	return list, nil
}
