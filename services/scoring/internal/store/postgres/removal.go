package postgres

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/otklik/otklik/libs/pgkit"
	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/store"
)

// remove takes records away. Their identifiers stay, so that they are never added again.
func remove(f *flight, changes []*store.Changes, generations []int64) {
	for i, c := range changes {
		if len(c.Removed) > 0 {
			removeRecords(f, c, generations[i])
		}
		if c.Ledger.Rebuild != 0 {
			continue
		}
		for _, erasure := range slices.Sorted(maps.Keys(c.Erased)) {
			e := c.Erased[erasure]
			f.add(`INSERT INTO erasures (organization, erasure, responses, refusals, aside) VALUES ($1, $2, $3, $4, $5)
				ON CONFLICT (organization, erasure) DO UPDATE SET responses = erasures.responses + excluded.responses,
					refusals = erasures.refusals + excluded.refusals, aside = erasures.aside + excluded.aside`,
				c.Ledger.Organization, erasure, e.Responses, e.Refusals, e.Aside)
		}
	}
}

func removeRecords(f *flight, c *store.Changes, generation int64) {
	digests := make([]store.Digest, len(c.Removed))
	surveys := make(map[string][]string, 2)
	positions := make(map[string][]int64, 2)
	var room []byte
	for i, r := range c.Removed {
		digests[i], room = store.DigestOfRemoval(r, room)
		t := tableOf(r.Place)
		surveys[t] = append(surveys[t], r.Survey)
		positions[t] = append(positions[t], r.Position)
	}
	slices.SortFunc(digests, func(a, b store.Digest) int { return bytes.Compare(a[:], b[:]) })
	f.add(`INSERT INTO identifiers (organization, generation, digest) SELECT $1::text, $2::bigint, * FROM unnest($3::uuid[])
		ON CONFLICT (organization, generation, digest) DO NOTHING`, c.Ledger.Organization, generation, digests)
	for _, table := range slices.Sorted(maps.Keys(surveys)) {
		f.add(`DELETE FROM `+table+` USING unnest($3::text[], $4::bigint[]) AS gone (survey, position)
			WHERE organization = $1 AND generation = $2 AND `+table+`.survey = gone.survey AND `+table+`.position = gone.position`,
			c.Ledger.Organization, generation, surveys[table], positions[table])
	}
	if c.Ledger.Rebuild != 0 {
		return
	}
	var responses []store.Response
	for _, r := range c.Removed {
		if !r.Refusal {
			responses = append(responses, store.Response{Survey: r.Survey, ID: r.ID})
		}
	}
	forgetResponses(f, c.Ledger.Organization, responses)
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
	batch := &pgx.Batch{}
	for i, p := range places {
		f := &found[i]
		batch.Queue(`SELECT body FROM `+tableOf(p)+` WHERE `+inLedger+` AND survey = $3 AND position = $4`, l.Organization, l.Rebuild, p.Survey, p.Position).
			Query(func(rows pgx.Rows) error {
				bodies, err := pgx.CollectRows(rows, pgx.RowTo[[]byte])
				switch {
				case err != nil || len(bodies) == 0:
				case p.Refusal:
					f.Refusal, err = fact.DecodeRefusal(bodies[0])
				default:
					f.Fact, err = fact.Decode(bodies[0])
				}
				return err
			})
		batch.Queue(`SELECT EXISTS (SELECT FROM aside WHERE `+inLedger+` AND position = $3)`, l.Organization, l.Rebuild, p.Position).
			QueryRow(func(row pgx.Row) error { return row.Scan(&f.Aside) })
	}
	if err := s.db.Pool.SendBatch(ctx, batch).Close(); err != nil {
		return nil, fmt.Errorf("find records: %w", pgkit.Translate(err))
	}
	return found, nil
}

// Erased returns what was taken away by an erasure.
func (s *Store) Erased(ctx context.Context, organization, erasure string) (store.Erased, error) {
	var e store.Erased
	err := s.db.Pool.QueryRow(ctx, `SELECT responses, refusals, aside FROM erasures WHERE organization = $1 AND erasure = $2`, organization, erasure).
		Scan(&e.Responses, &e.Refusals, &e.Aside)
	if err != nil && !noRows(err) {
		return store.Erased{}, fmt.Errorf("read what was erased: %w", pgkit.Translate(err))
	}
	return e, nil
}

// Releases returns the blocks of a survey's answers that were released.
func (s *Store) Releases(ctx context.Context, organization, survey string) ([][]byte, error) {
	rows, err := s.db.Pool.Query(ctx, `SELECT block FROM releases WHERE organization = $1 AND survey = $2 ORDER BY number`, organization, survey)
	var blocks [][]byte
	if err == nil {
		blocks, err = pgx.CollectRows(rows, pgx.RowTo[[]byte])
	}
	if err != nil {
		return nil, fmt.Errorf("read releases: %w", pgkit.Translate(err))
	}
	return blocks, nil
}

// AddReleases adds blocks to those of a survey.
func (s *Store) AddReleases(ctx context.Context, organization, survey string, after int, blocks [][]byte) error {
	_, err := s.db.Pool.Exec(ctx, `INSERT INTO releases (organization, survey, number, block)
		SELECT $1::text, $2::text, $3::bigint + place, block FROM unnest($4::bytea[]) WITH ORDINALITY AS added (block, place)`,
		organization, survey, after, blocks)
	if pgkit.IsUniqueViolation(err) {
		err = store.ErrConflict
	}
	if err != nil {
		return fmt.Errorf("add releases: %w", pgkit.Translate(err))
	}
	return nil
}
