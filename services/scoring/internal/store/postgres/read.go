package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/otklik/otklik/libs/pgkit"
	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/store"
)

// Stored tells which records are stored.
func (s *Store) Stored(ctx context.Context, l store.Ledger, records []store.Record) ([]bool, error) {
	digests := make([]store.Digest, len(records))
	var room []byte
	for i, r := range records {
		digests[i], room = store.DigestOf(r, room)
	}
	// Row by row, so that each is found by its whole key. Left to its estimates, which know nothing of an organisation that is new, the server may
	// read all rows of the organisation.
	rows, err := s.db.Pool.Query(ctx, `SELECT asked.digest FROM unnest($3::uuid[]) AS asked (digest) CROSS JOIN LATERAL (
		SELECT FROM identifiers WHERE `+inLedger+` AND identifiers.digest = asked.digest LIMIT 1) AS found`, l.Organization, l.Rebuild, digests)
	var known []store.Digest
	if err == nil {
		known, err = pgx.CollectRows(rows, pgx.RowTo[store.Digest])
	}
	if err != nil {
		return nil, fmt.Errorf("look up records: %w", pgkit.Translate(err))
	}
	found := make(map[store.Digest]bool, len(known))
	for _, d := range known {
		found[d] = true
	}
	stored := make([]bool, len(records))
	for i, d := range digests {
		stored[i] = found[d]
	}
	return stored, nil
}

// Facts calls fn with each response of a survey.
func (s *Store) Facts(ctx context.Context, l store.Ledger, survey string, fn func(position int64, f *fact.Fact) error) error {
	return s.bodies(ctx, "facts", l, survey, func(position int64, body []byte) error {
		f, err := fact.Decode(body)
		if err != nil {
			return fmt.Errorf("decode fact at %d: %w", position, err)
		}
		return fn(position, f)
	})
}

// Refusals calls fn with each refusal of a survey.
func (s *Store) Refusals(ctx context.Context, l store.Ledger, survey string, fn func(position int64, r *fact.Refusal) error) error {
	return s.bodies(ctx, "refusals", l, survey, func(position int64, body []byte) error {
		r, err := fact.DecodeRefusal(body)
		if err != nil {
			return fmt.Errorf("decode refusal at %d: %w", position, err)
		}
		return fn(position, r)
	})
}

// bodies calls fn with each row of a survey in a table; body must not be kept.
func (s *Store) bodies(ctx context.Context, table string, l store.Ledger, survey string, fn func(position int64, body []byte) error) error {
	// The error of fn is passed on as it is.
	var fnErr error
	err := s.stream(ctx, func(tx pgx.Tx) error {
		// The index has the order. To sort, the server would read all before the first row.
		if _, err := tx.Exec(ctx, `SET LOCAL enable_sort = off`); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, `SELECT position, body FROM `+table+` WHERE `+inLedger+` AND survey = $3 ORDER BY position`,
			l.Organization, l.Rebuild, survey)
		if err != nil {
			return err
		}
		defer rows.Close()
		var position int64
		var body []byte
		for rows.Next() {
			// The second value is read in place: fn decodes it before the next row comes.
			if err := rows.Scan(&position, (*pgtype.DriverBytes)(&body)); err != nil {
				return err
			}
			if fnErr = fn(position, body); fnErr != nil {
				return fnErr
			}
		}
		return rows.Err()
	})
	switch {
	case fnErr != nil:
		return fnErr
	case err != nil:
		return fmt.Errorf("read records: %w", pgkit.Translate(err))
	}
	return nil
}

// HasRespondents tells whether any response of a survey names its respondent.
func (s *Store) HasRespondents(ctx context.Context, l store.Ledger, survey string) (bool, error) {
	var found bool
	if err := s.db.Pool.QueryRow(ctx, `SELECT EXISTS (SELECT FROM respondents WHERE `+inLedger+` AND survey = $3)`,
		l.Organization, l.Rebuild, survey).Scan(&found); err != nil {
		return false, fmt.Errorf("look for respondents: %w", pgkit.Translate(err))
	}
	return found, nil
}

// Surveys lists the surveys of which a ledger holds records.
func (s *Store) Surveys(ctx context.Context, l store.Ledger) ([]string, error) {
	// Each step jumps to the next survey rather than reading all records of one. Steps of a single recursive query would be refused where the
	// tables are distributed.
	next := func(table string) string {
		return `(SELECT survey FROM ` + table + ` WHERE ` + inLedger + ` AND survey > $3 ORDER BY survey LIMIT 1)`
	}
	query := `SELECT least(` + next("facts") + `, ` + next("refusals") + `)`
	var surveys []string
	last := ""
	for {
		var found *string
		if err := s.db.Pool.QueryRow(ctx, query, l.Organization, l.Rebuild, last).Scan(&found); err != nil {
			return nil, fmt.Errorf("list surveys: %w", pgkit.Translate(err))
		}
		if found == nil {
			return surveys, nil
		}
		last = *found
		surveys = append(surveys, last)
	}
}
