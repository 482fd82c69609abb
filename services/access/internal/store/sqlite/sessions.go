package sqlite

import (
	"context"

	"github.com/otklik/otklik/libs/sqlkit"
	"github.com/otklik/otklik/services/access/internal/store"
)

const sqlDeleteSession = `DELETE FROM secrets WHERE sha256 = ? AND organization = ? AND kind = ?`

// CreateSession implements store.Sessions.
func (s *Store) CreateSession(ctx context.Context, session store.Session) error {
	return s.update(ctx, "create session", func(ctx context.Context, tx *sqlkit.Tx) error {
		m, err := scanMember(tx.QueryRowContext(ctx, sqlSelectMember, session.Organization, session.Member))
		if err != nil {
			return err
		}
		if m.Disabled || m.Subject != session.Subject {
			return store.ErrNotFound
		}
		return insertSecret(ctx, tx, session.Organization, store.SecretOfMember, session.Member,
			store.Secret{Digest: session.Digest, CreateTime: session.CreateTime}, session.ExpireTime)
	})
}

// EndSession implements store.Sessions.
func (s *Store) EndSession(ctx context.Context, organization string, digest store.Digest) error {
	return s.update(ctx, "end session", func(ctx context.Context, tx *sqlkit.Tx) error {
		_, err := tx.ExecContext(ctx, sqlDeleteSession, digest[:], organization, int64(store.SecretOfMember))
		return err
	})
}
