package postgres

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/otklik/otklik/libs/pgkit"
	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/store"
)

// addOutcomes adds what replaces the outcomes of invitations.
func addOutcomes(f *flight, changes []*store.Changes, generations []int64) error {
	var organizations, surveys []string
	var gens []int64
	var invitations, refusals [][]byte
	var answered []bool
	var records []int32
	var gone forgotten
	for i, c := range changes {
		for _, invitation := range sortedInvitations(c.Outcomes) {
			o := c.Outcomes[invitation]
			if o == (fact.Outcome{}) {
				gone.add(c.Ledger.Organization, generations[i], invitation)
				continue
			}
			refusal, err := encodeRefusal(o.Refusal)
			if err != nil {
				return err
			}
			organizations = append(organizations, c.Ledger.Organization)
			gens = append(gens, generations[i])
			surveys = append(surveys, invitation.Survey)
			invitations = append(invitations, []byte(invitation.ID))
			answered = append(answered, o.Answered)
			refusals = append(refusals, refusal)
			records = append(records, int32(o.Records))
		}
	}
	gone.remove(f)
	if len(surveys) == 0 {
		return nil
	}
	f.add(`INSERT INTO outcomes (organization, generation, survey, invitation, answered, refusal, records)
		SELECT * FROM unnest($1::text[], $2::bigint[], $3::text[], $4::bytea[], $5::boolean[], $6::bytea[], $7::integer[])
		ON CONFLICT (organization, generation, survey, invitation) DO UPDATE
			SET answered = excluded.answered, refusal = excluded.refusal, records = excluded.records`,
		organizations, gens, surveys, invitations, answered, refusals, records)
	return nil
}

// forgotten are invitations of which nothing is known any more, by column.
type forgotten struct {
	organizations, surveys []string
	generations            []int64
	invitations            [][]byte
}

func (o *forgotten) add(organization string, generation int64, i store.Invitation) {
	o.organizations = append(o.organizations, organization)
	o.generations = append(o.generations, generation)
	o.surveys = append(o.surveys, i.Survey)
	o.invitations = append(o.invitations, []byte(i.ID))
}

// remove removes their outcomes.
func (o *forgotten) remove(f *flight) {
	if len(o.invitations) == 0 {
		return
	}
	f.add(`DELETE FROM outcomes USING unnest($1::text[], $2::bigint[], $3::text[], $4::bytea[]) AS gone (organization, generation, survey, invitation)
		WHERE outcomes.organization = gone.organization AND outcomes.generation = gone.generation AND outcomes.survey = gone.survey
			AND outcomes.invitation = gone.invitation`, o.organizations, o.generations, o.surveys, o.invitations)
}

// sortedInvitations lists invitations in one order for all transactions.
func sortedInvitations(outcomes map[store.Invitation]fact.Outcome) []store.Invitation {
	list := make([]store.Invitation, 0, len(outcomes))
	for i := range outcomes {
		list = append(list, i)
	}
	slices.SortFunc(list, func(a, b store.Invitation) int {
		return cmp.Or(cmp.Compare(a.Survey, b.Survey), cmp.Compare(a.ID, b.ID))
	})
	return list
}

func encodeRefusal(r *fact.Refusal) ([]byte, error) {
	if r == nil {
		return nil, nil
	}
	b, err := r.AppendBinary(nil)
	if err != nil {
		return nil, fmt.Errorf("encode outcome: %w", err)
	}
	return b, nil
}

// Outcomes returns what is stored of invitations.
func (s *Store) Outcomes(ctx context.Context, l store.Ledger, invitations []store.Invitation) (map[store.Invitation]fact.Outcome, error) {
	bySurvey := make(map[string][][]byte, 1)
	for _, i := range invitations {
		bySurvey[i.Survey] = append(bySurvey[i.Survey], []byte(i.ID))
	}
	outcomes := make(map[store.Invitation]fact.Outcome)
	batch := &pgx.Batch{}
	for survey, ids := range bySurvey {
		// Row by row, for the reason that Stored tells.
		batch.Queue(`SELECT asked.invitation, answered, refusal, records FROM unnest($4::bytea[]) AS asked (invitation) CROSS JOIN LATERAL (
			SELECT answered, refusal, records FROM outcomes WHERE `+inLedger+` AND survey = $3 AND outcomes.invitation = asked.invitation LIMIT 1) AS found`,
			l.Organization, l.Rebuild, survey, ids).Query(func(rows pgx.Rows) error { return readOutcomes(rows, survey, outcomes) })
	}
	// Without anything to ask the connection is asked.
	if batch.Len() == 0 {
		batch.Queue(`SELECT 1`)
	}
	if err := s.db.Pool.SendBatch(ctx, batch).Close(); err != nil {
		return nil, fmt.Errorf("read outcomes: %w", pgkit.Translate(err))
	}
	return outcomes, nil
}

func readOutcomes(rows pgx.Rows, survey string, into map[store.Invitation]fact.Outcome) error {
	for rows.Next() {
		var id, refusal []byte
		var o fact.Outcome
		err := rows.Scan(&id, &o.Answered, &refusal, &o.Records)
		if err == nil && refusal != nil {
			o.Refusal, err = fact.DecodeRefusal(refusal)
		}
		if err != nil {
			return err
		}
		into[store.Invitation{Survey: survey, ID: string(id)}] = o
	}
	return rows.Err()
}
