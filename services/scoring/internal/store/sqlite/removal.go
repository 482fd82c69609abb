package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/otklik/otklik/libs/sqlkit"
	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/store"
)

// remove takes records away. Their identifiers stay, so that they are never added again.
func remove(ctx context.Context, tx *sqlkit.Tx, c *store.Changes, gen int64) error {
	var room []byte
	for _, r := range c.Removed {
		var d store.Digest
		d, room = store.DigestOfRemoval(r, room)
		if _, err := tx.ExecContext(ctx, `INSERT OR IGNORE INTO identifiers (organization, generation, digest, position) VALUES (?, ?, ?, ?)`,
			c.Ledger.Organization, gen, d[:], r.Position); err != nil {
			return fmt.Errorf("keep identifier of what is removed: %w", err)
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM `+tableOf(r.Place)+` WHERE organization = ? AND generation = ? AND survey = ? AND position = ?`,
			c.Ledger.Organization, gen, r.Survey, r.Position); err != nil {
			return fmt.Errorf("remove record: %w", err)
		}
		if r.Refusal || c.Ledger.Rebuild != 0 {
			continue
		}
		if err := forget(ctx, tx, c.Ledger.Organization, store.Response{Survey: r.Survey, ID: r.ID}); err != nil {
			return err
		}
	}
	if c.Ledger.Rebuild != 0 {
		return nil
	}
	for erasure, e := range c.Erased {
		if _, err := tx.ExecContext(ctx, `INSERT INTO erasures (organization, erasure, responses, refusals, aside) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (organization, erasure) DO UPDATE SET responses = responses + excluded.responses, refusals = refusals + excluded.refusals,
			aside = aside + excluded.aside`, c.Ledger.Organization, erasure, e.Responses, e.Refusals, e.Aside); err != nil {
			return fmt.Errorf("count what is erased: %w", err)
		}
	}
	return nil
}

// tableOf is the table of the records at a place.
func tableOf(p store.Place) string {
	if p.Refusal {
		return "refusals"
	}
	return "facts"
}

// Find returns what is stored at places.
func (s *Store) Find(ctx context.Context, l store.Ledger, places []store.Place) ([]store.Found, error) {
	found := make([]store.Found, len(places))
	for i, p := range places {
		var err error
		if found[i], err = s.find(ctx, l, p); err != nil {
			return nil, fmt.Errorf("find record at %d: %w", p.Position, err)
		}
	}
	return found, nil
}

func (s *Store) find(ctx context.Context, l store.Ledger, p store.Place) (store.Found, error) {
	var body []byte
	err := s.db.QueryRow(ctx, `SELECT body FROM `+tableOf(p)+` WHERE `+inLedger+` AND survey = ? AND position = ?`, ledgerArgs(l, p.Survey, p.Position)...).
		Scan(&body)
	var f store.Found
	switch {
	case errors.Is(err, sql.ErrNoRows):
		err = s.db.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM aside WHERE `+inLedger+` AND position = ?)`, ledgerArgs(l, p.Position)...).Scan(&f.Aside)
		return f, sqlkit.Translate(err)
	case err != nil:
		return f, sqlkit.Translate(err)
	case p.Refusal:
		f.Refusal, err = fact.DecodeRefusal(body)
	default:
		f.Fact, err = fact.Decode(body)
	}
	return f, err
}

// Erased returns what was taken away by an erasure.
func (s *Store) Erased(ctx context.Context, organization, erasure string) (store.Erased, error) {
	var e store.Erased
	err := s.db.QueryRow(ctx, `SELECT responses, refusals, aside FROM erasures WHERE organization = ? AND erasure = ?`, organization, erasure).
		Scan(&e.Responses, &e.Refusals, &e.Aside)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return store.Erased{}, fmt.Errorf("read what was erased: %w", sqlkit.Translate(err))
	}
	return e, nil
}

// Releases returns the blocks of a survey's answers that were released.
func (s *Store) Releases(ctx context.Context, organization, survey string) (blocks [][]byte, err error) {
	rows, err := s.db.Query(ctx, `SELECT block FROM releases WHERE organization = ? AND survey = ? ORDER BY number`, organization, survey)
	if err != nil {
		return nil, fmt.Errorf("read releases: %w", sqlkit.Translate(err))
	}
	return readChunks(rows)
}

// AddReleases adds blocks to those of a survey.
func (s *Store) AddReleases(ctx context.Context, organization, survey string, after int, blocks [][]byte) error {
	err := s.db.Update(ctx, func(ctx context.Context, tx *sqlkit.Tx) error {
		for i, block := range blocks {
			_, err := tx.ExecContext(ctx, `INSERT INTO releases (organization, survey, number, block) VALUES (?, ?, ?, ?)`, organization, survey, after+i+1, block)
			if sqlkit.IsUniqueViolation(err) {
				return store.ErrConflict
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("add releases: %w", err)
	}
	return nil
}
