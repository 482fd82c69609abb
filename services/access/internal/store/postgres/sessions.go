package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/otklik/otklik/services/access/internal/store"
)

const (
	sqlDeleteSession = `DELETE FROM secrets WHERE sha256 = $1 AND organization = $2 AND kind = $3`
	// The member stays as it is until the session is there: who disables it afterwards finds the session.
	sqlHoldMember = sqlSelectMember + ` FOR SHARE`
)

// CreateSession implements store.Sessions.
func (s *Store) CreateSession(ctx context.Context, session store.Session) error {
	return s.update(ctx, "create session", func(ctx context.Context, tx pgx.Tx) error {
		m, err := scanMember(tx.QueryRow(ctx, sqlHoldMember, session.Organization, session.Member))
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
	return s.update(ctx, "end session", func(ctx context.Context, tx pgx.Tx) error {
		_, err := tx.Exec(ctx, sqlDeleteSession, digest[:], organization, int16(store.SecretOfMember))
		return err
	})
}
