package postgres

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/otklik/otklik/libs/pgkit"
	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/store"
)

// errEnriched is why a flight with enrichments ends before its COMMIT.
var errEnriched = errors.New("enrichments are not where the batch begins")

// Enriched tells how far the logs of enrichments are applied.
func (s *Store) Enriched(ctx context.Context) (store.Enriched, error) {
	var e store.Enriched
	rows, err := s.db.Pool.Query(ctx, `SELECT source, enrichment_sources.position, number FROM enrichment_sources CROSS JOIN enriched`)
	if err == nil {
		var source, position int64
		_, err = pgx.ForEachRow(rows, []any{&source, &position, &e.Number}, func() error {
			e.Positions[source] = position
			return nil
		})
	}
	if err != nil {
		return store.Enriched{}, fmt.Errorf("read how far enrichments are: %w", pgkit.Translate(err))
	}
	return e, nil
}

// columnsOf are responses by column.
func columnsOf(responses []store.Response) (surveys []string, ids [][]byte) {
	surveys, ids = make([]string, len(responses)), make([][]byte, len(responses))
	for i, r := range responses {
		surveys[i], ids[i] = r.Survey, []byte(r.ID)
	}
	return surveys, ids
}

// Enrichments returns what is known of responses.
func (s *Store) Enrichments(ctx context.Context, organization string, responses []store.Response) (map[store.Response]fact.Enrichment, error) {
	known := make(map[store.Response]fact.Enrichment)
	surveys, ids := columnsOf(responses)
	// Row by row, so that each is found by its whole key, as in Stored.
	rows, err := s.db.Pool.Query(ctx, `SELECT asked.survey, asked.response, found.body FROM unnest($2::text[], $3::bytea[]) AS asked (survey, response)
		CROSS JOIN LATERAL (SELECT body FROM enrichments WHERE organization = $1 AND enrichments.survey = asked.survey
			AND enrichments.response = asked.response AND body <> '' LIMIT 1) AS found`, organization, surveys, ids)
	if err == nil {
		var e store.NumberedEnrichment
		var id, body []byte
		_, err = pgx.ForEachRow(rows, []any{&e.Survey, &id, &body}, func() (err error) {
			e.ID = string(id)
			known[e.Response], err = fact.DecodeEnrichment(body)
			return err
		})
	}
	if err != nil {
		return nil, fmt.Errorf("read enrichments: %w", pgkit.Translate(err))
	}
	return known, nil
}

// Responses returns the records of responses that a ledger holds.
func (s *Store) Responses(ctx context.Context, l store.Ledger, responses []store.Response) (map[store.Response]store.Record, error) {
	surveys, _ := columnsOf(responses)
	digests := make([]store.Digest, len(responses))
	var room []byte
	for i, r := range responses {
		digests[i], room = store.DigestOfResponse(r, room)
	}
	records := make(map[store.Response]store.Record)
	rows, err := s.db.Pool.Query(ctx, `SELECT number, identifier.position, record.body
		FROM unnest($3::text[], $4::uuid[]) WITH ORDINALITY AS asked (survey, digest, number)
		CROSS JOIN LATERAL (SELECT generation, position FROM identifiers WHERE `+inLedger+` AND identifiers.digest = asked.digest LIMIT 1) AS identifier
		CROSS JOIN LATERAL (SELECT body FROM facts WHERE organization = $1 AND facts.generation = identifier.generation AND facts.survey = asked.survey
			AND facts.position = identifier.position LIMIT 1) AS record`, l.Organization, l.Rebuild, surveys, digests)
	if err == nil {
		var number, position int64
		var body []byte
		_, err = pgx.ForEachRow(rows, []any{&number, &position, &body}, func() error {
			f, err := fact.Decode(body)
			if err != nil {
				return fmt.Errorf("decode fact at %d: %w", position, err)
			}
			if r := responses[number-1]; f.ID == r.ID {
				records[r] = store.Record{Position: position, Fact: f}
			}
			return nil
		})
	}
	if err != nil {
		return nil, fmt.Errorf("find responses: %w", pgkit.Translate(err))
	}
	return records, nil
}

// EnrichmentsAfter calls fn with what was stored after a number.
func (s *Store) EnrichmentsAfter(ctx context.Context, organization string, number int64, fn func(store.NumberedEnrichment) error) error {
	// The error of fn is passed on as it is.
	var fnErr error
	err := s.stream(ctx, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `SELECT survey, response, number, body FROM enrichments WHERE organization = $1 AND number > $2 ORDER BY number`,
			organization, number)
		if err != nil {
			return err
		}
		var e store.NumberedEnrichment
		var id, body []byte
		_, err = pgx.ForEachRow(rows, []any{&e.Survey, &id, &e.Number, &body}, func() (err error) {
			e.ID, e.Enrichment = string(id), fact.Enrichment{}
			if len(body) > 0 {
				if e.Enrichment, err = fact.DecodeEnrichment(body); err != nil {
					return err
				}
			}
			fnErr = fn(e)
			return fnErr
		})
		return err
	})
	switch {
	case fnErr != nil:
		return fnErr
	case err != nil:
		return fmt.Errorf("read enrichments: %w", pgkit.Translate(err))
	}
	return nil
}

// Enrich stores enrichments and what they change in live ledgers.
func (s *Store) Enrich(ctx context.Context, b store.EnrichmentBatch) error {
	slices.SortFunc(b.Changes, func(x, y store.EnrichmentChanges) int {
		return cmp.Compare(x.Ledger.Ledger.Organization, y.Ledger.Ledger.Organization)
	})
	generations, err := s.enrich(ctx, &b)
	if errors.Is(err, errGeneration) {
		// Once is enough, as in Apply.
		generations, err = s.enrich(ctx, &b)
	}
	if err != nil {
		return fmt.Errorf("enrich: %w", err)
	}
	s.tidy(ctx, ledgersOf(&b), generations)
	return nil
}

// ledgersOf are the changes of a batch to ledgers.
func ledgersOf(b *store.EnrichmentBatch) []*store.Changes {
	changes := make([]*store.Changes, len(b.Changes))
	for i := range b.Changes {
		changes[i] = &b.Changes[i].Ledger
	}
	return changes
}

// enrich stores a batch, in one flight. It returns the generations of the ledgers that it has written to.
func (s *Store) enrich(ctx context.Context, b *store.EnrichmentBatch) ([]int64, error) {
	f := newFlight()
	move := func() {
		f.guardChange(errEnriched, `UPDATE enrichment_sources SET position = $3 WHERE source = $1 AND position = $2`, int16(b.Source), b.From, b.To)
	}
	if b.MovesOnly() {
		move()
		return nil, s.sendEnrichments(ctx, f, nil)
	}
	changes := ledgersOf(b)
	ledgers := make([]store.Ledger, len(changes))
	for i, c := range changes {
		ledgers[i] = c.Ledger
	}
	generations, err := s.known(ctx, ledgers)
	if err != nil {
		return nil, err
	}
	raiseVersions(f, b.At)
	move()
	f.add(`UPDATE enriched SET number = number + 1`)
	checkLive(f, ledgers, generations)
	for i := range b.Changes {
		if err := keep(f, &b.Changes[i]); err != nil {
			return nil, err
		}
	}
	if err := addRows(f, changes, generations); err != nil {
		return nil, err
	}
	first := &store.Batch{From: b.At.Cursors[0]}
	cells, err := chunksOf(changes, generations)
	if err != nil {
		return nil, err
	}
	cells.add(f, first)
	cells.addDelta(f, first)
	return generations, s.sendEnrichments(ctx, f, ledgers)
}

// sendEnrichments sends a flight, and gives the store's errors for its own.
func (s *Store) sendEnrichments(ctx context.Context, f *flight, ledgers []store.Ledger) error {
	err := s.send(ctx, f)
	switch cause := context.Cause(ctx); {
	case err == nil:
		return nil
	case errors.Is(cause, store.ErrConflict):
		return cause
	case errors.Is(err, errGeneration):
		s.forget(ledgers...)
		return err
	case errors.Is(err, errEnriched), errors.Is(err, errCursor):
		return fmt.Errorf("%w: %w", err, store.ErrConflict)
	}
	return pgkit.Translate(err)
}

// raiseVersions raises the version of each partition by one if they are as expected. What is added to cells belongs to the first.
func raiseVersions(f *flight, at store.Marks) {
	partitions, versions := make([]int32, len(at.Cursors)), make([]int64, len(at.Cursors))
	for i, c := range at.Cursors {
		partitions[i], versions[i] = int32(i), c.Version
	}
	f.add(`SELECT FROM cursors ORDER BY partition FOR UPDATE`)
	f.guard(errCursor, `count(*) = cardinality($1::integer[])`,
		`FROM cursors JOIN unnest($1::integer[], $2::bigint[]) AS known (partition, version) USING (partition, version)
		WHERE (SELECT epoch FROM board) = $3`, partitions, versions, at.Epoch)
	f.add(`UPDATE cursors SET version = version + 1`)
	f.add(`INSERT INTO deltas (partition, version, organization, survey, span, chunk)
		SELECT partition, version, '', '', 0, '' FROM cursors WHERE partition > 0`)
}

// keep stores what is known of responses.
func keep(f *flight, c *store.EnrichmentChanges) error {
	responses := make([]store.Response, 0, len(c.Known))
	for r := range c.Known {
		responses = append(responses, r)
	}
	slices.SortFunc(responses, func(a, b store.Response) int { return cmp.Or(cmp.Compare(a.Survey, b.Survey), cmp.Compare(a.ID, b.ID)) })
	bodies := make([][]byte, len(responses))
	for i, r := range responses {
		bodies[i] = []byte{}
		if e := c.Known[r]; !e.IsZero() {
			var err error
			if bodies[i], err = e.AppendBinary(nil); err != nil {
				return err
			}
		}
	}
	if len(responses) > 0 {
		surveys, ids := columnsOf(responses)
		f.add(`INSERT INTO enrichments (organization, survey, response, number, body)
			SELECT $1::text, survey, response, (SELECT number FROM enriched), body FROM unnest($2::text[], $3::bytea[], $4::bytea[]) AS known (survey, response, body)
			ON CONFLICT (organization, survey, response) DO UPDATE SET number = excluded.number, body = excluded.body`,
			c.Ledger.Ledger.Organization, surveys, ids, bodies)
	}
	forgetResponses(f, c.Ledger.Ledger.Organization, c.Forgotten)
	return nil
}

// forgetResponses removes what is known of responses.
func forgetResponses(f *flight, organization string, responses []store.Response) {
	if len(responses) == 0 {
		return
	}
	surveys, ids := columnsOf(responses)
	f.add(`DELETE FROM enrichments USING unnest($2::text[], $3::bytea[]) AS gone (survey, response)
		WHERE organization = $1 AND enrichments.survey = gone.survey AND enrichments.response = gone.response`, organization, surveys, ids)
}

// replace puts records in the place of those at their positions.
func replace(f *flight, changes []*store.Changes, generations []int64) error {
	for i, c := range changes {
		if len(c.Replaced) == 0 {
			continue
		}
		var surveys []string
		var positions []int64
		var bodies [][]byte
		for _, r := range c.Replaced {
			body, err := r.Fact.AppendBinary(nil)
			if err != nil {
				return fmt.Errorf("encode record at %d: %w", r.Position, err)
			}
			surveys, positions, bodies = append(surveys, r.Fact.Survey), append(positions, r.Position), append(bodies, body)
		}
		f.add(`UPDATE facts SET body = known.body FROM unnest($3::text[], $4::bigint[], $5::bytea[]) AS known (survey, position, body)
			WHERE organization = $1 AND generation = $2 AND facts.survey = known.survey AND facts.position = known.position`,
			c.Ledger.Organization, generations[i], surveys, positions, bodies)
	}
	return nil
}
