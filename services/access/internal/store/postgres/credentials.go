package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/otklik/otklik/services/access/internal/store"
)

const (
	// A secret that is not known costs the look into one index, any other one look more: nobody learns from that who has no secret.
	sqlResolve = `SELECT s.organization, s.owner, s.hint, s.kind, s.expire_time,
	k.version, k.create_time, k.expire_time, k.revoke_time, k.last_use_time, k.body,
	m.version, m.create_time, m.last_login_time, m.body,
	i.invitation, i.survey, i.person, i.respondent, i.create_time, i.expire_time, i.revoke_time
FROM secrets s
LEFT JOIN api_keys k ON s.kind IN (1, 4) AND k.organization = s.organization AND k.id = s.owner
LEFT JOIN members m ON s.kind IN (2, 5) AND m.organization = s.organization AND m.id = s.owner
LEFT JOIN invitations i ON s.kind = 3 AND i.organization = s.organization AND i.id = s.owner
WHERE s.sha256 = $1`

	// Those who note uses wait for each other: they touch many rows, and would meet in another order.
	sqlLockUses = `SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || '/uses', 0))`
	sqlUseKeys  = `UPDATE api_keys k SET last_use_time = u.used FROM (
	SELECT s.organization, s.owner, max(v.used) AS used FROM unnest($1::bytea[], $2::bigint[]) AS v (sha256, used)
	JOIN secrets s ON s.sha256 = v.sha256 AND s.kind = 1 GROUP BY s.organization, s.owner) u
WHERE k.organization = u.organization AND k.id = u.owner AND (k.last_use_time IS NULL OR k.last_use_time < u.used)`
	sqlUseSecrets = `UPDATE secrets s SET last_use_time = u.used FROM (
	SELECT v.sha256, max(v.used) AS used FROM unnest($1::bytea[], $2::bigint[]) AS v (sha256, used) GROUP BY v.sha256) u
WHERE s.sha256 = u.sha256 AND s.kind = 1 AND (s.last_use_time IS NULL OR s.last_use_time < u.used)`

	sqlSweepSecrets = `DELETE FROM secrets WHERE sha256 IN (
	SELECT sha256 FROM secrets WHERE expire_time IS NOT NULL AND expire_time < $1 ORDER BY expire_time LIMIT $2 FOR UPDATE SKIP LOCKED)`
	sqlSweepInvitations = `DELETE FROM invitations WHERE (organization, id) IN (
	SELECT organization, id FROM invitations WHERE expire_time < $1 ORDER BY expire_time LIMIT $2 FOR UPDATE SKIP LOCKED)`
)

// Resolve implements store.Credentials.
func (s *Store) Resolve(ctx context.Context, digest store.Digest) (store.Resolved, error) {
	var r store.ResolvedRow
	if err := s.db.Pool.QueryRow(ctx, sqlResolve, digest[:]).Scan(r.Fields()...); err != nil {
		return store.Resolved{}, s.fail("resolve secret", notFound(err))
	}
	out, err := r.Resolved()
	return out, s.fail("resolve secret", err)
}

// NoteUse implements store.Credentials. Keys come before their secrets, as in every change of a key.
func (s *Store) NoteUse(ctx context.Context, uses []store.Use) error {
	digests, times := make([][]byte, len(uses)), make([]int64, len(uses))
	for i, u := range uses {
		digests[i], times[i] = u.Digest[:], store.ToNano(u.Time)
	}
	return s.update(ctx, "note use", func(ctx context.Context, tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, sqlLockUses); err != nil {
			return err
		}
		for _, statement := range []string{sqlUseKeys, sqlUseSecrets} {
			if _, err := tx.Exec(ctx, statement, digests, times); err != nil {
				return err
			}
		}
		return nil
	})
}

// SweepEnded implements store.Credentials.
func (s *Store) SweepEnded(ctx context.Context, before time.Time, limit int) (removed int, err error) {
	err = s.update(ctx, "sweep what has ended", func(ctx context.Context, tx pgx.Tx) error {
		removed = 0
		for _, statement := range []string{sqlSweepSecrets, sqlSweepInvitations} {
			tag, err := tx.Exec(ctx, statement, store.ToNano(before), limit)
			if err != nil {
				return err
			}
			removed += int(tag.RowsAffected())
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	return removed, nil
}
