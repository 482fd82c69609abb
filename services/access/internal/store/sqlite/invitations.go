package sqlite

import (
	"context"
	"time"

	"github.com/otklik/otklik/libs/sqlkit"
	"github.com/otklik/otklik/services/access/internal/store"
)

const (
	sqlInsertInvitation = `INSERT INTO invitations (organization, id, invitation, survey, person, respondent, create_time, expire_time)
VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`
	sqlInvitationExists = `SELECT 1 FROM invitations WHERE organization = ? AND id = ?`
	sqlRevokeInvitation = `UPDATE invitations SET revoke_time = ? WHERE organization = ? AND id = ? AND revoke_time IS NULL`
	sqlListInvited      = `SELECT ` + invitationColumns + ` FROM invitations INDEXED BY invitations_by_person
WHERE organization = ? AND person = ? AND id > ? ORDER BY id LIMIT ?`
)

// CreateInvitations implements store.Invitations.
func (s *Store) CreateInvitations(ctx context.Context, invitations []store.NewInvitation) error {
	return s.update(ctx, "create invitations", func(ctx context.Context, tx *sqlkit.Tx) error {
		for i, v := range invitations {
			fresh, err := affected(tx.ExecContext(ctx, sqlInsertInvitation, v.Organization, v.ID, v.Invitation.Invitation, v.Survey,
				store.PersonOf(v.Respondent), v.Respondent.Body, store.ToNano(v.CreateTime), store.ToNano(v.ExpireTime)))
			if err != nil {
				return err
			}
			if !fresh {
				return &store.TakenError{Index: i}
			}
			if err := insertSecret(ctx, tx, v.Organization, store.SecretOfInvitation, v.ID,
				store.Secret{Digest: v.Digest, CreateTime: v.CreateTime}, v.ExpireTime); err != nil {
				return err
			}
		}
		return nil
	})
}

// RevokeInvitation implements store.Invitations.
func (s *Store) RevokeInvitation(ctx context.Context, organization, id string, at time.Time) error {
	return s.update(ctx, "revoke invitation", func(ctx context.Context, tx *sqlkit.Tx) error {
		changed, err := affected(tx.ExecContext(ctx, sqlRevokeInvitation, store.ToNano(at), organization, id))
		if err != nil {
			return err
		}
		if !changed {
			var one int
			return notFound(tx.QueryRowContext(ctx, sqlInvitationExists, organization, id).Scan(&one))
		}
		_, err = tx.ExecContext(ctx, sqlDeleteSecrets, organization, int64(store.SecretOfInvitation), int64(store.SecretOfInvitation), id)
		return err
	})
}

// ListInvited implements store.Invitations.
func (s *Store) ListInvited(ctx context.Context, organization, person, after string, limit int) ([]store.Invitation, error) {
	out, err := list(ctx, s, scanInvitation, sqlListInvited, organization, person, after, limit)
	return out, s.fail("list invitations of a person", err)
}
