package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/otklik/otklik/libs/sqlkit"
	"github.com/otklik/otklik/services/scoring/internal/store"
)

// columns of a rebuild, in the order of scanRebuild.
const columns = `organization, number, state, created, ended, read, cells_changed, error, position, version, owner, beat`

type scanner interface{ Scan(dest ...any) error }

func scanRebuild(row scanner) (store.Rebuild, error) {
	var r store.Rebuild
	var created, ended, beat int64
	err := row.Scan(&r.Organization, &r.Number, &r.State, &created, &ended, &r.Read, &r.CellsChanged, &r.Error, &r.Position, &r.Version, &r.Owner, &beat)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return store.Rebuild{}, store.ErrNotFound
	case err != nil:
		return store.Rebuild{}, sqlkit.Translate(err)
	}
	r.Created, r.Ended, r.Beat = store.FromNano(created), store.FromNano(ended), store.FromNano(beat)
	return r, nil
}

// StartRebuild records a rebuild that begins.
func (s *Store) StartRebuild(ctx context.Context, organization, owner string, created time.Time) (store.Rebuild, error) {
	r := store.Rebuild{Organization: organization, State: store.Running, Created: created.UTC(), Owner: owner, Beat: created.UTC()}
	err := s.db.Update(ctx, func(ctx context.Context, tx *sqlkit.Tx) error {
		if err := tx.QueryRowContext(ctx, `SELECT coalesce(max(number), 0) + 1 FROM rebuilds WHERE organization = ?`, organization).
			Scan(&r.Number); err != nil {
			return sqlkit.Translate(err)
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO rebuilds (`+columns+`) VALUES (?, ?, ?, ?, 0, 0, 0, '', 0, 0, ?, ?)`,
			organization, r.Number, r.State, store.ToNano(created), owner, store.ToNano(created))
		if sqlkit.IsUniqueViolation(err) {
			return store.ErrRunning
		}
		return err
	})
	if err != nil {
		return store.Rebuild{}, fmt.Errorf("start rebuild: %w", err)
	}
	return r, nil
}

// moveRebuild moves the cursor of a rebuild.
func moveRebuild(ctx context.Context, tx *sqlkit.Tx, b store.Batch) error {
	r, err := running(ctx, tx, b.Rebuild)
	if err != nil {
		return fmt.Errorf("move cursor of rebuild: %w", err)
	}
	if r.Version != b.From.Version {
		return fmt.Errorf("move cursor of rebuild from version %d, it is at %d: %w", b.From.Version, r.Version, store.ErrConflict)
	}
	if _, err := tx.ExecContext(ctx, `UPDATE rebuilds SET position = max(position, ?), version = version + 1, read = read + ? WHERE organization = ? AND number = ?`,
		b.To.Position, b.Read, r.Organization, r.Number); err != nil {
		return fmt.Errorf("move cursor of rebuild: %w", err)
	}
	return nil
}

// running returns a rebuild if it is running.
func running(ctx context.Context, tx *sqlkit.Tx, l store.Ledger) (store.Rebuild, error) {
	r, err := scanRebuild(tx.QueryRowContext(ctx, `SELECT `+columns+` FROM rebuilds WHERE organization = ? AND number = ?`,
		l.Organization, l.Rebuild))
	if err == nil && r.State != store.Running {
		err = store.ErrNotRunning
	}
	return r, err
}

// end writes the end of a rebuild.
func end(ctx context.Context, tx *sqlkit.Tx, r *store.Rebuild, state store.State, ended time.Time) error {
	r.State, r.Ended = state, ended.UTC()
	_, err := tx.ExecContext(ctx, `UPDATE rebuilds SET state = ?, ended = ?, cells_changed = ?, error = ? WHERE organization = ? AND number = ?`,
		r.State, store.ToNano(ended), r.CellsChanged, r.Error, r.Organization, r.Number)
	return err
}

// FinishRebuild makes the rebuilt ledger the live one.
func (s *Store) FinishRebuild(ctx context.Context, l store.Ledger, at store.Marks, cellsChanged int64, ended time.Time) (store.Rebuild, error) {
	var r store.Rebuild
	err := s.db.Update(ctx, func(ctx context.Context, tx *sqlkit.Tx) (err error) {
		if r, err = running(ctx, tx, l); err != nil {
			return err
		}
		now, err := readMarks(ctx, tx)
		if err != nil {
			return err
		}
		if !now.Same(at) {
			return fmt.Errorf("the live ledgers are at %+v, not at %+v: %w", now, at, store.ErrConflict)
		}
		if err := advance(ctx, tx); err != nil {
			return err
		}
		old, err := generationOf(ctx, tx, store.Ledger{Organization: l.Organization})
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `INSERT OR REPLACE INTO ledgers (organization, live) VALUES (?, ?)`, l.Organization, r.Number); err != nil {
			return err
		}
		if err := discard(ctx, tx, l.Organization, old); err != nil {
			return err
		}
		r.CellsChanged = cellsChanged
		return end(ctx, tx, &r, store.Succeeded, ended)
	})
	if err != nil {
		return store.Rebuild{}, fmt.Errorf("finish rebuild: %w", err)
	}
	return r, nil
}

// BeatRebuild records a sign of life.
func (s *Store) BeatRebuild(ctx context.Context, l store.Ledger, at time.Time) error {
	err := s.db.Update(ctx, func(ctx context.Context, tx *sqlkit.Tx) error {
		if _, err := running(ctx, tx, l); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `UPDATE rebuilds SET beat = ? WHERE organization = ? AND number = ?`, store.ToNano(at), l.Organization, l.Rebuild)
		return err
	})
	if err != nil {
		return fmt.Errorf("beat rebuild: %w", err)
	}
	return nil
}

// FailRebuild gives a rebuild up.
func (s *Store) FailRebuild(ctx context.Context, l store.Ledger, reason string, ended time.Time) (store.Rebuild, error) {
	var r store.Rebuild
	err := s.db.Update(ctx, func(ctx context.Context, tx *sqlkit.Tx) (err error) {
		if r, err = running(ctx, tx, l); err != nil {
			return err
		}
		r.Error = reason
		if err := discard(ctx, tx, l.Organization, r.Number); err != nil {
			return err
		}
		return end(ctx, tx, &r, store.Failed, ended)
	})
	if err != nil {
		return store.Rebuild{}, fmt.Errorf("fail rebuild: %w", err)
	}
	return r, nil
}

// discard marks a generation as unused; Sweep removes its rows.
func discard(ctx context.Context, tx *sqlkit.Tx, organization string, gen int64) error {
	_, err := tx.ExecContext(ctx, `INSERT OR IGNORE INTO unused (organization, generation) VALUES (?, ?)`, organization, gen)
	return err
}

// Rebuild returns a rebuild.
func (s *Store) Rebuild(ctx context.Context, l store.Ledger) (store.Rebuild, error) {
	r, err := scanRebuild(s.db.QueryRow(ctx, `SELECT `+columns+` FROM rebuilds WHERE organization = ? AND number = ?`, l.Organization, l.Rebuild))
	if err != nil {
		return store.Rebuild{}, fmt.Errorf("read rebuild: %w", err)
	}
	return r, nil
}

// Rebuilds lists an organisation's rebuilds, the newest first.
func (s *Store) Rebuilds(ctx context.Context, organization string, before int64, limit int) ([]store.Rebuild, error) {
	return s.listRebuilds(ctx, `SELECT `+columns+` FROM rebuilds WHERE organization = ? AND (? = 0 OR number < ?) ORDER BY number DESC LIMIT ?`,
		organization, before, before, limit)
}

// RunningRebuilds lists the running rebuilds of all organisations.
func (s *Store) RunningRebuilds(ctx context.Context) ([]store.Rebuild, error) {
	return s.listRebuilds(ctx, `SELECT `+columns+` FROM rebuilds WHERE state = 1 ORDER BY organization`)
}

func (s *Store) listRebuilds(ctx context.Context, query string, args ...any) (rebuilds []store.Rebuild, err error) {
	rows, err := s.db.Query(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("list rebuilds: %w", sqlkit.Translate(err))
	}
	defer func() { err = closeRows(rows, err) }()
	for rows.Next() {
		r, err := scanRebuild(rows)
		if err != nil {
			return nil, fmt.Errorf("list rebuilds: %w", err)
		}
		rebuilds = append(rebuilds, r)
	}
	return rebuilds, nil
}

// sweeps are the statements that remove some rows of a generation, by table. The key within the generation tells rows apart.
func sweeps() []string {
	var all []string
	for _, t := range []struct{ table, key string }{
		{"facts", "survey, position"}, {"refusals", "survey, position"}, {"identifiers", "digest"}, {"outcomes", "survey, invitation"},
		{"cells", "survey, span, level, number"}, {"respondents", "survey"}, {"aside", "position"},
	} {
		all = append(all, `DELETE FROM `+t.table+` WHERE organization = ? AND generation = ? AND (`+t.key+`) IN (
			SELECT `+t.key+` FROM `+t.table+` WHERE organization = ? AND generation = ? LIMIT ?)`)
	}
	return all
}

// Sweep removes some records of ledgers that are not in use any more.
func (s *Store) Sweep(ctx context.Context, limit int) (more bool, err error) {
	err = s.db.Update(ctx, func(ctx context.Context, tx *sqlkit.Tx) error {
		var organization string
		var gen int64
		err := tx.QueryRowContext(ctx, `SELECT organization, generation FROM unused LIMIT 1`).Scan(&organization, &gen)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return sqlkit.Translate(err)
		}
		more = true
		left := int64(limit)
		for _, statement := range sweeps() {
			r, err := tx.ExecContext(ctx, statement, organization, gen, organization, gen, left)
			if err != nil {
				return err
			}
			n, err := r.RowsAffected()
			if err != nil {
				return err
			}
			if left -= n; left <= 0 {
				return nil
			}
		}
		_, err = tx.ExecContext(ctx, `DELETE FROM unused WHERE organization = ? AND generation = ?`, organization, gen)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("sweep unused records: %w", err)
	}
	return more, nil
}
