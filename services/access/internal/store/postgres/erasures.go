package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/otklik/otklik/services/access/internal/erasure"
	"github.com/otklik/otklik/services/access/internal/store"
	"github.com/otklik/otklik/services/access/internal/webhook"
)

const (
	sqlInsertErasure    = `INSERT INTO erasures (` + store.ErasureColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING`
	sqlSelectErasure    = `SELECT ` + store.ErasureColumns + ` FROM erasures WHERE organization = $1 AND id = $2`
	sqlErasureByRequest = `SELECT ` + store.ErasureColumns + ` FROM erasures WHERE organization = $1 AND request_id = $2`
	sqlListErasures     = `SELECT ` + store.ErasureColumns + ` FROM erasures WHERE organization = $1 AND (create_time, id) < ($2, $3)
	AND ($5::bigint IS NULL OR state = 1 OR end_time >= $5) ORDER BY create_time DESC, id DESC LIMIT $4`
	sqlDueErasures   = `SELECT organization, id FROM erasures WHERE state = 1 AND due_time <= $1 AND claim_end <= $1 ORDER BY due_time LIMIT $2`
	sqlOldestErasure = `SELECT min(create_time) FROM erasures WHERE state = 1`
	sqlClaimErasure  = `UPDATE erasures SET claim_owner = $3, claim_end = $4
WHERE organization = $1 AND id = $2 AND state = 1 AND due_time <= $5 AND claim_end <= $5 RETURNING ` + store.ErasureColumns
	sqlHoldErasure       = `UPDATE erasures SET claim_end = $4 WHERE organization = $1 AND id = $2 AND claim_owner = $3`
	sqlForgetSecrets     = `DELETE FROM secrets WHERE organization = $1 AND kind = $2 AND owner = ANY($3)`
	sqlDeleteInvitations = `DELETE FROM invitations WHERE organization = $1 AND id = ANY($2)`
	sqlEraseDeliveries   = `DELETE FROM webhook_deliveries WHERE organization = $1 AND person = $2`
	sqlRememberErased    = `INSERT INTO erased_persons AS e (organization, person, until) VALUES ($1, $2, $3)
ON CONFLICT (organization, person) DO UPDATE SET until = greatest(e.until, excluded.until)`
	// Whoever enqueues what was read of the log of persons has the place in it, too: messages are stored before they are erased, or left out.
	sqlLockPersons = `SELECT FROM webhook_feed WHERE id = $1 FOR UPDATE`
	sqlAddCount    = `INSERT INTO erasure_counts AS c (organization, erasure, kind, count) VALUES ($1, $2, $3, $4)
ON CONFLICT (organization, erasure, kind) DO UPDATE SET count = c.count + excluded.count RETURNING count`
	sqlSaveErasure = `UPDATE erasures SET state = $4, end_time = $5, due_time = $6, progress = $7,
	claim_owner = CASE WHEN $8 THEN '' ELSE claim_owner END, claim_end = CASE WHEN $8 THEN 0 ELSE claim_end END
WHERE organization = $1 AND id = $2 AND claim_owner = $3`
)

// CreateErasure implements store.Erasures.
func (s *Store) CreateErasure(ctx context.Context, e erasure.Erasure) (stored erasure.Erasure, replayed bool, err error) {
	row, err := store.NewErasureRow(e)
	if err != nil {
		return erasure.Erasure{}, false, err
	}
	err = s.update(ctx, "create erasure", func(ctx context.Context, tx pgx.Tx) error {
		stored, replayed = e, false
		// It waits for another call of the same request, and then finds what that stored.
		tag, err := tx.Exec(ctx, sqlInsertErasure, row.Values()...)
		if err != nil || tag.RowsAffected() > 0 {
			return err
		}
		stored, err = scanErasure(tx.QueryRow(ctx, sqlErasureByRequest, e.Organization, row.RequestID))
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
	e, err := scanErasure(s.db.Pool.QueryRow(ctx, sqlSelectErasure, organization, id))
	return e, s.fail("get erasure", err)
}

// ListErasures implements store.Erasures.
func (s *Store) ListErasures(ctx context.Context, q store.Query, since time.Time) ([]erasure.Erasure, bool, error) {
	created, id := q.Bounds()
	out, err := list(ctx, s, scanErasure, sqlListErasures, q.Organization, created, id, q.Limit+1, store.NullNano(since))
	if err != nil {
		return nil, false, s.fail("list erasures", err)
	}
	return out[:min(len(out), q.Limit)], len(out) > q.Limit, nil
}

// erasureKey names an erasure.
type erasureKey struct{ organization, id string }

// ClaimErasure implements erasure.Queue.
func (s *Store) ClaimErasure(ctx context.Context, owner string, now, until time.Time) (erasure.Erasure, bool, error) {
	at := store.ToNano(now)
	candidates, err := list(ctx, s, func(row store.Scanner) (k erasureKey, err error) { return k, row.Scan(&k.organization, &k.id) },
		sqlDueErasures, at, store.ErasureCandidates)
	if err != nil {
		return erasure.Erasure{}, false, s.fail("look for erasures", err)
	}
	for _, k := range candidates {
		e, err := scanErasure(s.db.Pool.QueryRow(ctx, sqlClaimErasure, k.organization, k.id, owner, store.ToNano(until), at))
		if !errors.Is(err, store.ErrNotFound) {
			return e, err == nil, s.fail("claim erasure", err)
		}
		// Another process was faster.
	}
	return erasure.Erasure{}, false, nil
}

// OldestErasure implements store.Erasures.
func (s *Store) OldestErasure(ctx context.Context) (time.Time, error) {
	var created *int64
	err := s.db.Pool.QueryRow(ctx, sqlOldestErasure).Scan(&created)
	return store.FromNull(created), s.fail("look for the oldest erasure", err)
}

// HoldErasure implements erasure.Queue.
func (s *Store) HoldErasure(ctx context.Context, organization, id, owner string, until time.Time) (bool, error) {
	tag, err := s.db.Pool.Exec(ctx, sqlHoldErasure, organization, id, owner, store.ToNano(until))
	return err == nil && tag.RowsAffected() > 0, s.fail("hold erasure", err)
}

// SaveErasure implements erasure.Queue.
func (s *Store) SaveErasure(ctx context.Context, e erasure.Erasure, owner string, release bool) (bool, error) {
	row, err := store.NewErasureRow(e)
	if err != nil {
		return false, err
	}
	tag, err := s.db.Pool.Exec(ctx, sqlSaveErasure, row.Organization, row.ID, owner, row.State, row.Ended, row.Due, row.Progress, release)
	return err == nil && tag.RowsAffected() > 0, s.fail("save erasure", err)
}

// EraseInvitations implements store.Erasures.
func (s *Store) EraseInvitations(ctx context.Context, organization, erasure string, ids []string, keys int) (erased store.ErasedInvitations, err error) {
	err = s.update(ctx, "erase invitations", func(ctx context.Context, tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, sqlForgetSecrets, organization, int16(store.SecretOfInvitation), ids); err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, sqlDeleteInvitations, organization, ids)
		if err != nil {
			return err
		}
		if err := tx.QueryRow(ctx, sqlAddCount, organization, erasure, store.CountedTokens, tag.RowsAffected()).Scan(&erased.Tokens); err != nil {
			return err
		}
		return tx.QueryRow(ctx, sqlAddCount, organization, erasure, store.CountedKeys, keys).Scan(&erased.Keys)
	})
	return erased, err
}

// EraseDeliveries implements store.Erasures.
func (s *Store) EraseDeliveries(ctx context.Context, organization, erasure, person string, until time.Time) (erased int64, err error) {
	err = s.update(ctx, "erase deliveries", func(ctx context.Context, tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, sqlLockPersons, int16(webhook.Attention)); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, sqlRememberErased, organization, person, store.ToNano(until)); err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, sqlEraseDeliveries, organization, person)
		if err != nil {
			return err
		}
		return tx.QueryRow(ctx, sqlAddCount, organization, erasure, store.CountedDeliveries, tag.RowsAffected()).Scan(&erased)
	})
	return erased, err
}

func scanErasure(row store.Scanner) (erasure.Erasure, error) {
	var r store.ErasureRow
	if err := row.Scan(r.Fields()...); err != nil {
		return erasure.Erasure{}, fmt.Errorf("read erasure: %w", notFound(err))
	}
	return r.Erasure()
}
