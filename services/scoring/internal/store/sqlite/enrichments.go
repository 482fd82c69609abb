package sqlite

import (
	"context"
	"errors"
	"fmt"

	"github.com/otklik/otklik/libs/sqlkit"
	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/store"
)

// Enriched tells how far the logs of enrichments are applied.
func (s *Store) Enriched(ctx context.Context) (e store.Enriched, err error) {
	defer func() {
		if err != nil {
			e, err = store.Enriched{}, fmt.Errorf("read how far enrichments are: %w", err)
		}
	}()
	rows, err := s.db.Query(ctx, `SELECT source, position, number FROM enrichment_sources, enriched`)
	if err != nil {
		return e, sqlkit.Translate(err)
	}
	defer func() { err = closeRows(rows, err) }()
	for rows.Next() {
		var source store.Source
		var position int64
		if err := rows.Scan(&source, &position, &e.Number); err != nil {
			return e, err
		}
		e.Positions[source] = position
	}
	return e, nil
}

// bySurvey are the identifiers of responses by survey.
func bySurvey(responses []store.Response) map[string][]string {
	out := make(map[string][]string, 1)
	for _, r := range responses {
		out[r.Survey] = append(out[r.Survey], r.ID)
	}
	return out
}

// Enrichments returns what is known of responses.
func (s *Store) Enrichments(ctx context.Context, organization string, responses []store.Response) (map[store.Response]fact.Enrichment, error) {
	known := make(map[store.Response]fact.Enrichment)
	for survey, ids := range bySurvey(responses) {
		err := eachList(len(ids), func(i int) any { return ids[i] }, func(_ int, args []any) (err error) {
			rows, err := s.db.Query(ctx, `SELECT response, body FROM enrichments WHERE organization = ? AND survey = ? AND body <> x'' AND response IN `+list,
				append([]any{organization, survey}, args...)...)
			if err != nil {
				return sqlkit.Translate(err)
			}
			defer func() { err = closeRows(rows, err) }()
			for rows.Next() {
				r := store.Response{Survey: survey}
				var body []byte
				if err := rows.Scan(&r.ID, &body); err != nil {
					return err
				}
				if known[r], err = fact.DecodeEnrichment(body); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("read enrichments: %w", err)
		}
	}
	return known, nil
}

// Responses returns the records of responses that a ledger holds.
func (s *Store) Responses(ctx context.Context, l store.Ledger, responses []store.Response) (map[store.Response]store.Record, error) {
	digests := make([]store.Digest, len(responses))
	byDigest := make(map[store.Digest]store.Response, len(responses))
	var room []byte
	for i, r := range responses {
		digests[i], room = store.DigestOfResponse(r, room)
		byDigest[digests[i]] = r
	}
	positions := make(map[store.Response]int64)
	err := eachList(len(digests), func(i int) any { return digests[i][:] }, func(_ int, args []any) (err error) {
		rows, err := s.db.Query(ctx, `SELECT digest, position FROM identifiers WHERE `+inLedger+` AND digest IN `+list, ledgerArgs(l, args...)...)
		if err != nil {
			return sqlkit.Translate(err)
		}
		defer func() { err = closeRows(rows, err) }()
		for rows.Next() {
			var d []byte
			var position int64
			if err := rows.Scan(&d, &position); err != nil {
				return err
			}
			positions[byDigest[store.Digest(d)]] = position
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("find responses: %w", err)
	}
	records := make(map[store.Response]store.Record, len(positions))
	for r, position := range positions {
		found, err := s.find(ctx, l, store.Place{Survey: r.Survey, Position: position})
		if err != nil {
			return nil, fmt.Errorf("find responses: %w", err)
		}
		if found.Fact != nil && found.Fact.ID == r.ID {
			records[r] = store.Record{Position: position, Fact: found.Fact}
		}
	}
	return records, nil
}

// EnrichmentsAfter calls fn with what was stored after a number.
func (s *Store) EnrichmentsAfter(ctx context.Context, organization string, number int64, fn func(store.NumberedEnrichment) error) (err error) {
	rows, err := s.db.Query(ctx, `SELECT survey, response, number, body FROM enrichments WHERE organization = ? AND number > ? ORDER BY number`, organization, number)
	if err != nil {
		return fmt.Errorf("read enrichments: %w", sqlkit.Translate(err))
	}
	defer func() { err = closeRows(rows, err) }()
	for rows.Next() {
		var e store.NumberedEnrichment
		var body []byte
		if err := rows.Scan(&e.Survey, &e.ID, &e.Number, &body); err != nil {
			return fmt.Errorf("read enrichments: %w", err)
		}
		if len(body) > 0 {
			if e.Enrichment, err = fact.DecodeEnrichment(body); err != nil {
				return fmt.Errorf("read enrichments: %w", err)
			}
		}
		if err := fn(e); err != nil {
			return err
		}
	}
	return nil
}

// Enrich stores enrichments and what they change in live ledgers.
func (s *Store) Enrich(ctx context.Context, b store.EnrichmentBatch) error {
	err := s.db.Update(ctx, func(ctx context.Context, tx *sqlkit.Tx) error {
		moved := b.MovesOnly()
		number, err := moveEnriched(ctx, tx, b, moved)
		if err != nil || moved {
			return err
		}
		now, err := readMarks(ctx, tx)
		if err != nil {
			return err
		}
		if !now.Same(b.At) {
			return fmt.Errorf("the live ledgers are at %+v, not at %+v: %w", now, b.At, store.ErrConflict)
		}
		if _, err := tx.ExecContext(ctx, `UPDATE cursors SET version = version + 1`); err != nil {
			return fmt.Errorf("raise versions: %w", err)
		}
		var batch int64
		if err := tx.QueryRowContext(ctx, `UPDATE state SET batches = batches + 1 RETURNING batches`).Scan(&batch); err != nil {
			return fmt.Errorf("number batch: %w", sqlkit.Translate(err))
		}
		for i := range b.Changes {
			c := &b.Changes[i]
			if err := keep(ctx, tx, c, number); err != nil {
				return err
			}
			if err := s.change(ctx, tx, &c.Ledger, batch); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("enrich: %w", err)
	}
	return nil
}

// moveEnriched moves the position of a source, and returns the number of the batch.
func moveEnriched(ctx context.Context, tx *sqlkit.Tx, b store.EnrichmentBatch, moved bool) (number int64, err error) {
	done, err := tx.ExecContext(ctx, `UPDATE enrichment_sources SET position = ? WHERE source = ? AND position = ?`, b.To, b.Source, b.From)
	if err != nil {
		return 0, fmt.Errorf("move position of enrichments: %w", err)
	}
	if n, err := done.RowsAffected(); err != nil || n == 0 {
		return 0, errors.Join(fmt.Errorf("enrichments are not at %d: %w", b.From, store.ErrConflict), err)
	}
	if moved {
		return 0, nil
	}
	if err := tx.QueryRowContext(ctx, `UPDATE enriched SET number = number + 1 RETURNING number`).Scan(&number); err != nil {
		return 0, fmt.Errorf("number batch of enrichments: %w", sqlkit.Translate(err))
	}
	return number, nil
}

// keep stores what is known of responses.
func keep(ctx context.Context, tx *sqlkit.Tx, c *store.EnrichmentChanges, number int64) error {
	rows := bulk{tx: tx, into: `INSERT OR REPLACE INTO enrichments (organization, survey, response, number, body)`, columns: 5}
	for r, e := range c.Known {
		body := []byte{}
		if !e.IsZero() {
			var err error
			if body, err = e.AppendBinary(nil); err != nil {
				return err
			}
		}
		if err := rows.add(ctx, c.Ledger.Ledger.Organization, r.Survey, r.ID, number, body); err != nil {
			return fmt.Errorf("keep enrichments: %w", err)
		}
	}
	if err := rows.flush(ctx); err != nil {
		return fmt.Errorf("keep enrichments: %w", err)
	}
	for _, r := range c.Forgotten {
		if err := forget(ctx, tx, c.Ledger.Ledger.Organization, r); err != nil {
			return err
		}
	}
	return nil
}

// forget removes what is known of a response.
func forget(ctx context.Context, tx *sqlkit.Tx, organization string, r store.Response) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM enrichments WHERE organization = ? AND survey = ? AND response = ?`, organization, r.Survey, r.ID); err != nil {
		return fmt.Errorf("forget enrichment: %w", err)
	}
	return nil
}

// replace puts records in the place of those at their positions.
func replace(ctx context.Context, tx *sqlkit.Tx, c *store.Changes, gen int64) error {
	for _, r := range c.Replaced {
		body, err := r.Fact.AppendBinary(nil)
		if err != nil {
			return fmt.Errorf("encode record at %d: %w", r.Position, err)
		}
		if _, err := tx.ExecContext(ctx, `UPDATE facts SET body = ? WHERE organization = ? AND generation = ? AND survey = ? AND position = ?`,
			body, c.Ledger.Organization, gen, r.Fact.Survey, r.Position); err != nil {
			return fmt.Errorf("replace record: %w", err)
		}
	}
	return nil
}
