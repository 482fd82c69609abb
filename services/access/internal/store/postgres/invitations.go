package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/otklik/otklik/services/access/internal/store"
)

const (
	// In the order of the unique index, so that calls that overlap wait for each other and do not meet.
	sqlInsertInvitations = `INSERT INTO invitations (organization, id, invitation, survey, person, respondent, create_time, expire_time)
SELECT $1, v.id, v.invitation, v.survey, v.person, v.respondent, $2, $3
FROM unnest($4::text[], $5::text[], $6::text[], $7::text[], $8::bytea[]) AS v (id, invitation, survey, person, respondent)
ORDER BY v.invitation COLLATE "C" ON CONFLICT (organization, invitation) DO NOTHING RETURNING id`
	sqlInsertInvitationSecrets = `INSERT INTO secrets (sha256, organization, kind, owner, hint, create_time, expire_time)
SELECT v.sha256, $1, $2, v.id, '', $3, $4 FROM unnest($5::bytea[], $6::text[]) AS v (sha256, id)`
	sqlInvitationExists = `SELECT FROM invitations WHERE organization = $1 AND id = $2`
	sqlRevokeInvitation = `UPDATE invitations SET revoke_time = $3 WHERE organization = $1 AND id = $2 AND revoke_time IS NULL`
	sqlListInvited      = `SELECT ` + invitationColumns + ` FROM invitations WHERE organization = $1 AND person = $2 AND id > $3 ORDER BY id LIMIT $4`
)

// CreateInvitations implements store.Invitations. All are of one call: they have the organisation and the times of the first.
func (s *Store) CreateInvitations(ctx context.Context, invitations []store.NewInvitation) error {
	if len(invitations) == 0 {
		return nil
	}
	n, first := len(invitations), invitations[0]
	created, expires := store.ToNano(first.CreateTime), store.ToNano(first.ExpireTime)
	ids, named, surveys, people := make([]string, n), make([]string, n), make([]string, n), make([]*string, n)
	respondents, digests := make([][]byte, n), make([][]byte, n)
	for i, v := range invitations {
		ids[i], named[i], surveys[i], people[i] = v.ID, v.Invitation.Invitation, v.Survey, store.PersonOf(v.Respondent)
		respondents[i], digests[i] = v.Respondent.Body, v.Digest[:]
	}
	return s.update(ctx, "create invitations", func(ctx context.Context, tx pgx.Tx) error {
		rows, err := tx.Query(ctx, sqlInsertInvitations, first.Organization, created, expires, ids, named, surveys, people, respondents)
		if err != nil {
			return err
		}
		fresh, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			return err
		}
		if len(fresh) < n {
			return &store.TakenError{Index: firstOther(ids, fresh)}
		}
		_, err = tx.Exec(ctx, sqlInsertInvitationSecrets, first.Organization, int16(store.SecretOfInvitation), created, expires, digests, ids)
		return err
	})
}

// firstOther is the index of the first of all that is not among some.
func firstOther(all, some []string) int {
	among := make(map[string]bool, len(some))
	for _, v := range some {
		among[v] = true
	}
	for i, v := range all {
		if !among[v] {
			return i
		}
	}
	return 0
}

// RevokeInvitation implements store.Invitations.
func (s *Store) RevokeInvitation(ctx context.Context, organization, id string, at time.Time) error {
	return s.update(ctx, "revoke invitation", func(ctx context.Context, tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, sqlRevokeInvitation, organization, id, store.ToNano(at))
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			known, err := exists(ctx, tx, sqlInvitationExists, organization, id)
			if err == nil && !known {
				err = store.ErrNotFound
			}
			return err
		}
		_, err = tx.Exec(ctx, sqlDeleteSecrets, organization, kinds(store.SecretOfInvitation), id)
		return err
	})
}

// ListInvited implements store.Invitations.
func (s *Store) ListInvited(ctx context.Context, organization, person, after string, limit int) ([]store.Invitation, error) {
	out, err := list(ctx, s, scanInvitation, sqlListInvited, organization, person, after, limit)
	return out, s.fail("list invitations of a person", err)
}
