package sqlite

import (
	"context"
	"time"

	"github.com/otklik/otklik/libs/sqlkit"
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
WHERE s.sha256 = ?`

	sqlUseKey = `UPDATE api_keys SET last_use_time = ?2
WHERE (organization, id) = (SELECT organization, owner FROM secrets WHERE sha256 = ?1 AND kind = 1) AND (last_use_time IS NULL OR last_use_time < ?2)`
	sqlUseSecret = `UPDATE secrets SET last_use_time = ?2 WHERE sha256 = ?1 AND kind = 1 AND (last_use_time IS NULL OR last_use_time < ?2)`

	sqlSweepSecrets     = `DELETE FROM secrets WHERE sha256 IN (SELECT sha256 FROM secrets WHERE expire_time IS NOT NULL AND expire_time < ? LIMIT ?)`
	sqlSweepInvitations = `DELETE FROM invitations WHERE (organization, id) IN (SELECT organization, id FROM invitations WHERE expire_time < ? LIMIT ?)`
)

// Resolve implements store.Credentials.
func (s *Store) Resolve(ctx context.Context, digest store.Digest) (store.Resolved, error) {
	var r store.ResolvedRow
	if err := s.db.QueryRow(ctx, sqlResolve, digest[:]).Scan(r.Fields()...); err != nil {
		return store.Resolved{}, s.fail("resolve secret", notFound(err))
	}
	out, err := r.Resolved()
	return out, s.fail("resolve secret", err)
}

// NoteUse implements store.Credentials.
func (s *Store) NoteUse(ctx context.Context, uses []store.Use) error {
	return s.update(ctx, "note use", func(ctx context.Context, tx *sqlkit.Tx) error {
		for _, u := range uses {
			for _, statement := range []string{sqlUseKey, sqlUseSecret} {
				if _, err := tx.ExecContext(ctx, statement, u.Digest[:], store.ToNano(u.Time)); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// SweepEnded implements store.Credentials.
func (s *Store) SweepEnded(ctx context.Context, before time.Time, limit int) (removed int, err error) {
	err = s.update(ctx, "sweep what has ended", func(ctx context.Context, tx *sqlkit.Tx) error {
		removed = 0
		for _, statement := range []string{sqlSweepSecrets, sqlSweepInvitations} {
			res, err := tx.ExecContext(ctx, statement, store.ToNano(before), limit)
			if err != nil {
				return err
			}
			n, err := res.RowsAffected()
			if err != nil {
				return err
			}
			removed += int(n)
		}
		return nil
	})
	return removed, err
}
