package sqlite

import (
	"context"
	"fmt"
	"strings"

	"github.com/otklik/otklik/libs/sqlkit"
	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/store"
)

// listed is how many values a query with a list has room for; a shorter list repeats its last value, so that one prepared statement serves
// lists of any length.
const listed = 64

// list is the SQL of a list.
var list = "(" + strings.Repeat("?, ", listed-1) + "?)"

// eachList calls fn with the arguments of as many lists as n values need.
func eachList(n int, value func(i int) any, fn func(first int, args []any) error) error {
	for first := 0; first < n; first += listed {
		args := make([]any, listed)
		for i := range args {
			args[i] = value(min(first+i, n-1))
		}
		if err := fn(first, args); err != nil {
			return err
		}
	}
	return nil
}

// Stored tells which records are stored.
func (s *Store) Stored(ctx context.Context, l store.Ledger, records []store.Record) ([]bool, error) {
	digests := make([]store.Digest, len(records))
	var room []byte
	for i, r := range records {
		digests[i], room = store.DigestOf(r, room)
	}
	known := make(map[string]bool)
	err := eachList(len(records), func(i int) any { return digests[i][:] }, func(_ int, args []any) (err error) {
		rows, err := s.db.Query(ctx, `SELECT digest FROM identifiers WHERE `+inLedger+` AND digest IN `+list, ledgerArgs(l, args...)...)
		if err != nil {
			return sqlkit.Translate(err)
		}
		defer func() { err = closeRows(rows, err) }()
		for rows.Next() {
			var d []byte
			if err := rows.Scan(&d); err != nil {
				return err
			}
			known[string(d)] = true
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("look up records: %w", err)
	}
	stored := make([]bool, len(records))
	for i, d := range digests {
		stored[i] = known[string(d[:])]
	}
	return stored, nil
}

// Outcomes returns what is stored of invitations.
func (s *Store) Outcomes(ctx context.Context, l store.Ledger, invitations []store.Invitation) (map[store.Invitation]fact.Outcome, error) {
	outcomes := make(map[store.Invitation]fact.Outcome)
	bySurvey := make(map[string][]string, 1)
	for _, i := range invitations {
		bySurvey[i.Survey] = append(bySurvey[i.Survey], i.ID)
	}
	for survey, ids := range bySurvey {
		err := eachList(len(ids), func(i int) any { return ids[i] }, func(_ int, args []any) error {
			return s.readOutcomes(ctx, l, survey, args, outcomes)
		})
		if err != nil {
			return nil, fmt.Errorf("read outcomes: %w", err)
		}
	}
	return outcomes, nil
}

func (s *Store) readOutcomes(ctx context.Context, l store.Ledger, survey string, ids []any, into map[store.Invitation]fact.Outcome) (err error) {
	rows, err := s.db.Query(ctx,
		`SELECT invitation, answered, refusal, records FROM outcomes WHERE `+inLedger+` AND survey = ? AND invitation IN `+list,
		ledgerArgs(l, append([]any{survey}, ids...)...)...)
	if err != nil {
		return sqlkit.Translate(err)
	}
	defer func() { err = closeRows(rows, err) }()
	for rows.Next() {
		invitation := store.Invitation{Survey: survey}
		var o fact.Outcome
		var refusal []byte
		if err := rows.Scan(&invitation.ID, &o.Answered, &refusal, &o.Records); err != nil {
			return err
		}
		if refusal != nil {
			if o.Refusal, err = fact.DecodeRefusal(refusal); err != nil {
				return err
			}
		}
		into[invitation] = o
	}
	return nil
}

// Facts calls fn with each response of a survey.
func (s *Store) Facts(ctx context.Context, l store.Ledger, survey string, fn func(position int64, f *fact.Fact) error) error {
	return s.bodies(ctx, `SELECT position, body FROM facts WHERE `+inLedger+` AND survey = ? ORDER BY position`, ledgerArgs(l, survey),
		func(position int64, body []byte) error {
			f, err := fact.Decode(body)
			if err != nil {
				return fmt.Errorf("decode fact at %d: %w", position, err)
			}
			return fn(position, f)
		})
}

// Refusals calls fn with each refusal of a survey.
func (s *Store) Refusals(ctx context.Context, l store.Ledger, survey string, fn func(position int64, r *fact.Refusal) error) error {
	return s.bodies(ctx, `SELECT position, body FROM refusals WHERE `+inLedger+` AND survey = ? ORDER BY position`, ledgerArgs(l, survey),
		func(position int64, body []byte) error {
			r, err := fact.DecodeRefusal(body)
			if err != nil {
				return fmt.Errorf("decode refusal at %d: %w", position, err)
			}
			return fn(position, r)
		})
}

func (s *Store) bodies(ctx context.Context, query string, args []any, fn func(position int64, body []byte) error) (err error) {
	rows, err := s.db.Query(ctx, query, args...)
	if err != nil {
		return fmt.Errorf("read records: %w", sqlkit.Translate(err))
	}
	defer func() { err = closeRows(rows, err) }()
	for rows.Next() {
		var position int64
		var body []byte
		if err := rows.Scan(&position, &body); err != nil {
			return fmt.Errorf("read records: %w", err)
		}
		if err := fn(position, body); err != nil {
			return err
		}
	}
	return nil
}

// HasRespondents tells whether any response of a survey names its respondent.
func (s *Store) HasRespondents(ctx context.Context, l store.Ledger, survey string) (bool, error) {
	var found bool
	if err := s.db.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM respondents WHERE `+inLedger+` AND survey = ?)`, ledgerArgs(l, survey)...).
		Scan(&found); err != nil {
		return false, fmt.Errorf("look for respondents: %w", sqlkit.Translate(err))
	}
	return found, nil
}

// Surveys lists the surveys of which a ledger holds records.
func (s *Store) Surveys(ctx context.Context, l store.Ledger) (surveys []string, err error) {
	// Each step jumps to the next survey rather than reading all records of one.
	const query = `SELECT min(survey) FROM (
		SELECT min(survey) AS survey FROM facts WHERE ` + inLedger + ` AND survey > ?
		UNION ALL SELECT min(survey) FROM refusals WHERE ` + inLedger + ` AND survey > ?)`
	for last := ""; ; {
		var next *string
		args := append(ledgerArgs(l, last), ledgerArgs(l, last)...)
		if err := s.db.QueryRow(ctx, query, args...).Scan(&next); err != nil {
			return nil, fmt.Errorf("list surveys: %w", sqlkit.Translate(err))
		}
		if next == nil {
			return surveys, nil
		}
		last = *next
		surveys = append(surveys, last)
	}
}
