package sqlite

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/otklik/otklik/libs/sqlkit"
	"github.com/otklik/otklik/services/survey/internal/store"
)

const (
	erasureColumns = `organization, erasure, person, begin_time, responses, refusals, comments, consents, position, settled`

	sqlInsertErasure = `INSERT INTO erasures (organization, erasure, person, begin_time) VALUES (?, ?, ?, ?)
ON CONFLICT DO UPDATE SET begin_time = excluded.begin_time, settled = 0 WHERE person = excluded.person`
	sqlSelectErasure = `SELECT ` + erasureColumns + ` FROM erasures WHERE organization = ? AND erasure = ?`
	sqlErasedKeys    = `SELECT person_key FROM erased_keys WHERE organization = ? AND erasure = ? ORDER BY person_key`
	sqlSettleErasure = `UPDATE erasures SET settled = 1 WHERE organization = ? AND erasure = ? AND begin_time = ?`
	sqlUnsettled     = `SELECT ` + erasureColumns + ` FROM erasures WHERE settled = 0 AND begin_time < ? ORDER BY begin_time LIMIT ?`
)

// BeginErasure implements store.Erasures.
func (s *Store) BeginErasure(ctx context.Context, organization, id string, person []byte, at time.Time) (store.Erasure, error) {
	var out store.Erasure
	err := s.batcher.Do(ctx, func(ctx context.Context, tx *sqlkit.Tx) error {
		if _, err := tx.ExecContext(ctx, sqlInsertErasure, organization, id, person, at.UnixMicro()); err != nil {
			return err
		}
		var err error
		if out, err = scanErasure(tx.QueryRowContext(ctx, sqlSelectErasure, organization, id)); err != nil {
			return err
		}
		if !bytes.Equal(out.Person, person) {
			return store.ErrIDReused
		}
		return nil
	})
	if err != nil {
		return store.Erasure{}, s.fail("begin erasure", err)
	}
	return out, nil
}

// GetErasure implements store.Erasures.
func (s *Store) GetErasure(ctx context.Context, organization, id string) (store.Erasure, error) {
	out, err := scanErasure(s.db.QueryRow(ctx, sqlSelectErasure, organization, id))
	return out, s.fail("get erasure", err)
}

// ErasedKeys implements store.Erasures.
func (s *Store) ErasedKeys(ctx context.Context, organization, id string) ([]string, error) {
	rows, err := s.db.Query(ctx, sqlErasedKeys, organization, id)
	if err != nil {
		return nil, s.fail("list erased keys", err)
	}
	out, err := collect(rows, store.Page{}, func(row scanner) (key string, err error) { return key, row.Scan(&key) }, func(string) int { return 0 })
	return out, s.fail("list erased keys", err)
}

// SettleErasure implements store.Erasures. What was erased is moved out of the write-ahead log, too.
func (s *Store) SettleErasure(ctx context.Context, organization, id string, began time.Time) error {
	err := s.batcher.Do(ctx, func(ctx context.Context, tx *sqlkit.Tx) error {
		_, err := tx.ExecContext(ctx, sqlSettleErasure, organization, id, began.UnixMicro())
		return err
	})
	if err != nil {
		return s.fail("settle erasure", err)
	}
	// Readers may keep a part of the log for a while; it is moved by a later one.
	var busy, log, moved int
	err = s.db.Write.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &log, &moved)
	return s.fail("empty the write-ahead log", err)
}

// UnsettledErasures implements store.Erasures.
func (s *Store) UnsettledErasures(ctx context.Context, before time.Time, limit int) ([]store.Erasure, error) {
	rows, err := s.db.Query(ctx, sqlUnsettled, before.UnixMicro(), limit)
	if err != nil {
		return nil, s.fail("list unsettled erasures", err)
	}
	out, err := collect(rows, store.Page{}, scanErasure, func(store.Erasure) int { return 0 })
	return out, s.fail("list unsettled erasures", err)
}

func scanErasure(row scanner) (store.Erasure, error) {
	var e store.Erasure
	var begun int64
	err := row.Scan(&e.Organization, &e.ID, &e.Person, &begun, &e.Responses, &e.Refusals, &e.Comments, &e.Consents, &e.Position, &e.Settled)
	if errors.Is(err, sql.ErrNoRows) {
		return store.Erasure{}, store.ErrNotFound
	}
	e.BeginTime = time.UnixMicro(begun).UTC()
	return e, err
}
