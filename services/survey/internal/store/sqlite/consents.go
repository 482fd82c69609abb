package sqlite

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/otklik/otklik/libs/sqlkit"
	"github.com/otklik/otklik/services/survey/internal/store"
)

const (
	consentColumns = `organization, person, consent, person_key, body`

	sqlInsertConsent        = `INSERT INTO consents (` + consentColumns + `) VALUES (?, ?, ?, ?, ?)`
	sqlSelectConsent        = `SELECT ` + consentColumns + ` FROM consents WHERE organization = ? AND person = ? AND consent = ?`
	sqlListConsents         = `SELECT ` + consentColumns + ` FROM consents WHERE organization = ? AND person = ? ORDER BY consent DESC LIMIT ?`
	sqlDeleteConsents       = `DELETE FROM consents` + sqlErased
	sqlInsertConsentRequest = `INSERT INTO consent_requests (organization, key, fingerprint, person, consent) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`
	sqlSelectConsentRequest = `SELECT fingerprint, person, consent FROM consent_requests WHERE organization = ? AND key = ?`

	// The keys are a list in JSON, or NULL for all.
	sqlErased         = ` WHERE organization = ? AND person = ? AND iif(? IS NULL, true, person_key IN (SELECT value FROM json_each(?)))`
	sqlKeysOfConsents = `INSERT INTO erased_keys (organization, erasure, person_key)
SELECT DISTINCT organization, ?, person_key FROM consents` + sqlErased + ` ON CONFLICT DO NOTHING`
	sqlCountConsents = `UPDATE erasures SET consents = consents + ? WHERE organization = ? AND erasure = ?`
)

func insertConsent(ctx context.Context, tx *sqlkit.Tx, c *store.Consent) error {
	_, err := tx.ExecContext(ctx, sqlInsertConsent, c.Organization, c.Person, c.ID, c.Key, c.Body)
	return err
}

// RecordConsent implements store.Consents.
func (s *Store) RecordConsent(ctx context.Context, c store.Consent, request store.Request) (stored store.Consent, replayed bool, err error) {
	err = s.batcher.Do(ctx, func(ctx context.Context, tx *sqlkit.Tx) (err error) {
		stored, replayed = c, false
		if request.Key != "" {
			res, err := tx.ExecContext(ctx, sqlInsertConsentRequest, c.Organization, request.Key, request.Fingerprint, c.Person, c.ID)
			if err != nil {
				return err
			}
			if n, err := res.RowsAffected(); err != nil || n == 0 {
				replayed = true
				return errors.Join(err, recallConsent(ctx, tx, request, &stored))
			}
		}
		return insertConsent(ctx, tx, &c)
	})
	if err != nil {
		return store.Consent{}, false, s.fail("record consent", err)
	}
	return stored, replayed, nil
}

// recallConsent looks for the decision of the call that used a request's key; one that was erased leaves c as it is.
func recallConsent(ctx context.Context, tx *sqlkit.Tx, request store.Request, c *store.Consent) error {
	var fingerprint, person []byte
	var id string
	if err := tx.QueryRowContext(ctx, sqlSelectConsentRequest, c.Organization, request.Key).Scan(&fingerprint, &person, &id); err != nil {
		return err
	}
	if !bytes.Equal(fingerprint, request.Fingerprint) {
		return store.ErrIDReused
	}
	first, err := scanConsent(tx.QueryRowContext(ctx, sqlSelectConsent, c.Organization, person, id))
	if errors.Is(err, sql.ErrNoRows) {
		c.ID = id
		return nil
	}
	*c = first
	return err
}

// ListConsents implements store.Consents.
func (s *Store) ListConsents(ctx context.Context, organization string, person []byte, limit int) ([]store.Consent, error) {
	rows, err := s.db.Query(ctx, sqlListConsents, organization, person, limit)
	if err != nil {
		return nil, s.fail("list consents", err)
	}
	out, err := collect(rows, store.Page{}, scanConsent, func(store.Consent) int { return 0 })
	return out, s.fail("list consents", err)
}

// EraseConsents implements store.Consents.
func (s *Store) EraseConsents(ctx context.Context, organization string, person []byte, erasure string, sealedWith []string) (int, error) {
	var keys *string
	if sealedWith != nil {
		list, err := json.Marshal(sealedWith)
		if err != nil {
			return 0, fmt.Errorf("erase consents: %w", err)
		}
		text := string(list)
		keys = &text
	}
	var count int64
	err := s.batcher.Do(ctx, func(ctx context.Context, tx *sqlkit.Tx) error {
		if _, err := tx.ExecContext(ctx, sqlKeysOfConsents, erasure, organization, person, keys, keys); err != nil {
			return err
		}
		res, err := tx.ExecContext(ctx, sqlDeleteConsents, organization, person, keys, keys)
		if err != nil {
			return err
		}
		if count, err = res.RowsAffected(); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, sqlCountConsents, count, organization, erasure)
		return err
	})
	return int(count), s.fail("erase consents", err)
}

func scanConsent(row scanner) (store.Consent, error) {
	var c store.Consent
	err := row.Scan(&c.Organization, &c.Person, &c.ID, &c.Key, &c.Body)
	return c, err
}
