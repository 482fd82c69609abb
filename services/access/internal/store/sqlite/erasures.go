package sqlite

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/otklik/otklik/libs/sqlkit"
	"github.com/otklik/otklik/services/access/internal/erasure"
	"github.com/otklik/otklik/services/access/internal/store"
)

const (
	sqlInsertErasure    = `INSERT INTO erasures (` + store.ErasureColumns + `) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`
	sqlSelectErasure    = `SELECT ` + store.ErasureColumns + ` FROM erasures WHERE organization = ? AND id = ?`
	sqlErasureByRequest = `SELECT ` + store.ErasureColumns + ` FROM erasures WHERE organization = ? AND request_id = ?`
	sqlListErasures     = `SELECT ` + store.ErasureColumns + ` FROM erasures WHERE organization = ? AND (create_time, id) < (?, ?)
	AND (? IS NULL OR state = 1 OR end_time >= ?) ORDER BY create_time DESC, id DESC LIMIT ?`
	sqlDueErasure    = `SELECT ` + store.ErasureColumns + ` FROM erasures WHERE state = 1 AND due_time <= ? AND claim_end <= ? ORDER BY due_time LIMIT 1`
	sqlOldestErasure = `SELECT min(create_time) FROM erasures WHERE state = 1`
	sqlClaimErasure  = `UPDATE erasures SET claim_owner = ?, claim_end = ? WHERE organization = ? AND id = ?`
	sqlHoldErasure   = `UPDATE erasures SET claim_end = ? WHERE organization = ? AND id = ? AND claim_owner = ?`
	sqlSaveErasure   = `UPDATE erasures SET state = ?, end_time = ?, due_time = ?, progress = ?
WHERE organization = ? AND id = ? AND claim_owner = ?`
	sqlForgetSecrets     = `DELETE FROM secrets WHERE organization = ? AND kind = ? AND owner IN (SELECT value FROM json_each(?))`
	sqlDeleteInvitations = `DELETE FROM invitations WHERE organization = ? AND id IN (SELECT value FROM json_each(?))`
	sqlEraseDeliveries   = `DELETE FROM webhook_deliveries WHERE organization = ? AND person = ?`
	sqlRememberErased    = `INSERT INTO erased_persons (organization, person, until) VALUES (?, ?, ?)
ON CONFLICT (organization, person) DO UPDATE SET until = max(until, excluded.until)`
	sqlAddCount = `INSERT INTO erasure_counts (organization, erasure, kind, count) VALUES (?, ?, ?, ?)
ON CONFLICT (organization, erasure, kind) DO UPDATE SET count = count + excluded.count RETURNING count`
	sqlFreeErasure = `UPDATE erasures SET claim_owner = '', claim_end = 0 WHERE organization = ? AND id = ?`
)

// CreateErasure implements store.Erasures.
func (s *Store) CreateErasure(ctx context.Context, e erasure.Erasure) (stored erasure.Erasure, replayed bool, err error) {
	row, err := store.NewErasureRow(e)
	if err != nil {
		return erasure.Erasure{}, false, err
	}
	err = s.update(ctx, "create erasure", func(ctx context.Context, tx *sqlkit.Tx) error {
		stored, replayed = e, false
		inserted, err := affected(tx.ExecContext(ctx, sqlInsertErasure, row.Values()...))
		if err != nil || inserted {
			return err
		}
		stored, err = scanErasure(tx.QueryRowContext(ctx, sqlErasureByRequest, e.Organization, row.RequestID))
		if errors.Is(err, store.ErrNotFound) {
			return store.ErrExists
		}
		replayed = err == nil
		return err
	})
	if err != nil {
		return erasure.Erasure{}, false, err
	}
	return stored, replayed, nil
}

// GetErasure implements store.Erasures.
func (s *Store) GetErasure(ctx context.Context, organization, id string) (erasure.Erasure, error) {
	e, err := scanErasure(s.db.QueryRow(ctx, sqlSelectErasure, organization, id))
	return e, s.fail("get erasure", err)
}

// ListErasures implements store.Erasures.
func (s *Store) ListErasures(ctx context.Context, q store.Query, since time.Time) ([]erasure.Erasure, bool, error) {
	created, id := q.Bounds()
	out, err := list(ctx, s, scanErasure, sqlListErasures, q.Organization, created, id, store.NullNano(since), store.NullNano(since), q.Limit+1)
	if err != nil {
		return nil, false, s.fail("list erasures", err)
	}
	return out[:min(len(out), q.Limit)], len(out) > q.Limit, nil
}

// ClaimErasure implements erasure.Queue.
func (s *Store) ClaimErasure(ctx context.Context, owner string, now, until time.Time) (claimed erasure.Erasure, ok bool, err error) {
	// Looked for by a reader first, so that waiting for work writes nothing.
	at := store.ToNano(now)
	if _, err := scanErasure(s.db.QueryRow(ctx, sqlDueErasure, at, at)); errors.Is(err, store.ErrNotFound) {
		return erasure.Erasure{}, false, nil
	} else if err != nil {
		return erasure.Erasure{}, false, s.fail("look for erasures", err)
	}
	err = s.update(ctx, "claim erasure", func(ctx context.Context, tx *sqlkit.Tx) error {
		claimed, err = scanErasure(tx.QueryRowContext(ctx, sqlDueErasure, at, at))
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, sqlClaimErasure, owner, store.ToNano(until), claimed.Organization, claimed.ID)
		return err
	})
	if errors.Is(err, store.ErrNotFound) {
		return erasure.Erasure{}, false, nil
	}
	return claimed, err == nil, err
}

// OldestErasure implements store.Erasures.
func (s *Store) OldestErasure(ctx context.Context) (time.Time, error) {
	var created *int64
	err := s.db.QueryRow(ctx, sqlOldestErasure).Scan(&created)
	return store.FromNull(created), s.fail("look for the oldest erasure", err)
}

// HoldErasure implements erasure.Queue.
func (s *Store) HoldErasure(ctx context.Context, organization, id, owner string, until time.Time) (held bool, err error) {
	err = s.update(ctx, "hold erasure", func(ctx context.Context, tx *sqlkit.Tx) error {
		held, err = affected(tx.ExecContext(ctx, sqlHoldErasure, store.ToNano(until), organization, id, owner))
		return err
	})
	return held, err
}

// SaveErasure implements erasure.Queue.
func (s *Store) SaveErasure(ctx context.Context, e erasure.Erasure, owner string, release bool) (saved bool, err error) {
	row, err := store.NewErasureRow(e)
	if err != nil {
		return false, err
	}
	err = s.update(ctx, "save erasure", func(ctx context.Context, tx *sqlkit.Tx) error {
		saved, err = affected(tx.ExecContext(ctx, sqlSaveErasure, row.State, row.Ended, row.Due, row.Progress, row.Organization, row.ID, owner))
		if err != nil || !saved || !release {
			return err
		}
		_, err = tx.ExecContext(ctx, sqlFreeErasure, row.Organization, row.ID)
		return err
	})
	return saved, err
}

// EraseInvitations implements store.Erasures.
func (s *Store) EraseInvitations(ctx context.Context, organization, erasure string, ids []string, keys int) (erased store.ErasedInvitations, err error) {
	names, err := json.Marshal(ids)
	if err != nil {
		return erased, fmt.Errorf("spell identifiers of invitations: %w", err)
	}
	err = s.update(ctx, "erase invitations", func(ctx context.Context, tx *sqlkit.Tx) error {
		if _, err := tx.ExecContext(ctx, sqlForgetSecrets, organization, int64(store.SecretOfInvitation), string(names)); err != nil {
			return err
		}
		res, err := tx.ExecContext(ctx, sqlDeleteInvitations, organization, string(names))
		if err != nil {
			return err
		}
		n, err := res.RowsAffected()
		if err != nil {
			return err
		}
		if err := tx.QueryRowContext(ctx, sqlAddCount, organization, erasure, store.CountedTokens, n).Scan(&erased.Tokens); err != nil {
			return err
		}
		return tx.QueryRowContext(ctx, sqlAddCount, organization, erasure, store.CountedKeys, keys).Scan(&erased.Keys)
	})
	return erased, err
}

// EraseDeliveries implements store.Erasures. What was erased is moved out of the write-ahead log, too.
func (s *Store) EraseDeliveries(ctx context.Context, organization, erasure, person string, until time.Time) (erased int64, err error) {
	err = s.update(ctx, "erase deliveries", func(ctx context.Context, tx *sqlkit.Tx) error {
		if _, err := tx.ExecContext(ctx, sqlRememberErased, organization, person, store.ToNano(until)); err != nil {
			return err
		}
		res, err := tx.ExecContext(ctx, sqlEraseDeliveries, organization, person)
		if err != nil {
			return err
		}
		n, err := res.RowsAffected()
		if err != nil {
			return err
		}
		return tx.QueryRowContext(ctx, sqlAddCount, organization, erasure, store.CountedDeliveries, n).Scan(&erased)
	})
	if err == nil {
		s.db.EmptyLog(ctx)
	}
	return erased, err
}

func scanErasure(row store.Scanner) (erasure.Erasure, error) {
	var r store.ErasureRow
	if err := row.Scan(r.Fields()...); err != nil {
		return erasure.Erasure{}, fmt.Errorf("read erasure: %w", notFound(err))
	}
	return r.Erasure()
}
