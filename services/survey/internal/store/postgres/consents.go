package postgres

import (
	"bytes"
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"github.com/otklik/otklik/services/survey/internal/store"
)

const (
	consentColumns = `organization, person, consent, person_key, body`

	sqlInsertConsent        = `INSERT INTO consents (` + consentColumns + `) VALUES ($1, $2, $3, $4, $5)`
	sqlSelectConsent        = `SELECT ` + consentColumns + ` FROM consents WHERE organization = $1 AND person = $2 AND consent = $3`
	sqlListConsents         = `SELECT ` + consentColumns + ` FROM consents WHERE organization = $1 AND person = $2 ORDER BY consent DESC LIMIT $3`
	sqlInsertConsentRequest = `INSERT INTO consent_requests (organization, key, fingerprint, person, consent) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`
	sqlSelectConsentRequest = `SELECT fingerprint, person, consent FROM consent_requests WHERE organization = $1 AND key = $2`

	sqlDeleteConsents = `DELETE FROM consents WHERE organization = $1 AND person = $2 AND ($3::text[] IS NULL OR person_key = ANY($3)) RETURNING person_key`
	sqlCountConsents  = `UPDATE erasures SET consents = consents + $3 WHERE organization = $1 AND erasure = $2`
)

// RecordConsent implements store.Consents.
func (s *Store) RecordConsent(ctx context.Context, c store.Consent, request store.Request) (stored store.Consent, replayed bool, err error) {
	if err := s.ready("record consent"); err != nil {
		return store.Consent{}, false, err
	}
	err = s.update(ctx, func(ctx context.Context, tx pgx.Tx) error {
		stored, replayed = c, false
		if request.Key != "" {
			tag, err := tx.Exec(ctx, sqlInsertConsentRequest, c.Organization, request.Key, notNull(request.Fingerprint), notNull(c.Person), c.ID)
			if err != nil {
				return err
			}
			if tag.RowsAffected() == 0 {
				replayed = true
				return recallConsent(ctx, tx, request, &stored)
			}
		}
		_, err := tx.Exec(ctx, sqlInsertConsent, c.Organization, notNull(c.Person), c.ID, c.Key, notNull(c.Body))
		return err
	})
	if err != nil {
		return store.Consent{}, false, s.fail("record consent", err)
	}
	return stored, replayed, nil
}

// recallConsent looks for the decision of the call that used a request's key; one that was erased leaves c as it is.
func recallConsent(ctx context.Context, tx pgx.Tx, request store.Request, c *store.Consent) error {
	var fingerprint, person []byte
	var id string
	if err := tx.QueryRow(ctx, sqlSelectConsentRequest, c.Organization, request.Key).Scan(&fingerprint, &person, &id); err != nil {
		return err
	}
	if !bytes.Equal(fingerprint, request.Fingerprint) {
		return store.ErrIDReused
	}
	first, err := scanConsent(tx.QueryRow(ctx, sqlSelectConsent, c.Organization, person, id))
	if errors.Is(err, pgx.ErrNoRows) {
		c.ID = id
		return nil
	}
	*c = first
	return err
}

// ListConsents implements store.Consents.
func (s *Store) ListConsents(ctx context.Context, organization string, person []byte, limit int) ([]store.Consent, error) {
	if err := s.ready("list consents"); err != nil {
		return nil, err
	}
	out, err := list(ctx, s, store.Page{}, scanConsent, func(store.Consent) int { return 0 }, sqlListConsents, organization, notNull(person), limit)
	return out, s.fail("list consents", err)
}

// EraseConsents implements store.Consents.
func (s *Store) EraseConsents(ctx context.Context, organization string, person []byte, erasure string, sealedWith []string) (int, error) {
	if err := s.ready("erase consents"); err != nil {
		return 0, err
	}
	var keys []string
	err := s.update(ctx, func(ctx context.Context, tx pgx.Tx) error {
		rows, err := tx.Query(ctx, sqlDeleteConsents, organization, notNull(person), sealedWith)
		if err != nil {
			return err
		}
		if keys, err = pgx.CollectRows(rows, pgx.RowTo[string]); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, sqlInsertErasedKeys, organization, erasure, keys); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, sqlCountConsents, organization, erasure, len(keys))
		return err
	})
	return len(keys), s.fail("erase consents", err)
}

func scanConsent(row pgx.Row) (store.Consent, error) {
	var c store.Consent
	err := row.Scan(&c.Organization, &c.Person, &c.ID, &c.Key, &c.Body)
	return c, err
}
