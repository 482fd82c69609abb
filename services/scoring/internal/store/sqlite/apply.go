package sqlite

import (
	"context"
	"errors"
	"fmt"

	"github.com/otklik/otklik/libs/sqlkit"
	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/store"
)

// Apply stores a batch.
func (s *Store) Apply(ctx context.Context, b store.Batch) error {
	if b.Rebuild == (store.Ledger{}) {
		if err := s.live.Acquire(ctx, 1); err != nil {
			return fmt.Errorf("apply batch: %w", err)
		}
		defer s.live.Release(1)
	}
	err := s.db.Update(ctx, func(ctx context.Context, tx *sqlkit.Tx) error {
		if err := moveCursor(ctx, tx, b); err != nil {
			return err
		}
		var number int64
		if err := tx.QueryRowContext(ctx, `UPDATE state SET batches = batches + 1 RETURNING batches`).Scan(&number); err != nil {
			return fmt.Errorf("number batch: %w", sqlkit.Translate(err))
		}
		for i := range b.Changes {
			if err := s.change(ctx, tx, &b.Changes[i], number); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("apply batch: %w", err)
	}
	return nil
}

// moveCursor moves the live cursor or that of a rebuild.
func moveCursor(ctx context.Context, tx *sqlkit.Tx, b store.Batch) error {
	if b.Rebuild != (store.Ledger{}) {
		return moveRebuild(ctx, tx, b)
	}
	r, err := tx.ExecContext(ctx,
		`UPDATE cursors SET position = max(position, ?), as_of = max(as_of, ?), version = version + 1 WHERE partition = ? AND version = ?`,
		b.To.Position, store.ToNano(b.To.AsOf), b.Partition, b.From.Version)
	if err != nil {
		return fmt.Errorf("move cursor: %w", err)
	}
	n, err := r.RowsAffected()
	if err != nil {
		return fmt.Errorf("move cursor: %w", err)
	}
	if n == 0 {
		return fmt.Errorf("move cursor of partition %d from version %d: %w", b.Partition, b.From.Version, store.ErrConflict)
	}
	return nil
}

// change stores what changes in one ledger; number is that of the batch.
func (s *Store) change(ctx context.Context, tx *sqlkit.Tx, c *store.Changes, number int64) error {
	gen, err := generationOf(ctx, tx, c.Ledger)
	if err != nil {
		return err
	}
	if err := addRecords(ctx, tx, c, gen); err != nil {
		return err
	}
	if err := replace(ctx, tx, c, gen); err != nil {
		return err
	}
	if err := remove(ctx, tx, c, gen); err != nil {
		return err
	}
	if err := noteRespondents(ctx, tx, c, gen); err != nil {
		return err
	}
	for invitation, o := range c.Outcomes {
		if err := putOutcome(ctx, tx, c.Ledger.Organization, gen, invitation, o); err != nil {
			return err
		}
	}
	for _, chunk := range c.Cells {
		at := place{c.Ledger.Organization, gen, chunk.Survey, chunk.Span}
		if err := s.addChunk(ctx, tx, at, number, chunk.Data); err != nil {
			return err
		}
	}
	if err := purge(ctx, tx, c, gen); err != nil {
		return err
	}
	return changeAside(ctx, tx, c, gen)
}

func generationOf(ctx context.Context, tx *sqlkit.Tx, l store.Ledger) (int64, error) {
	var gen int64
	if err := tx.QueryRowContext(ctx, `SELECT `+generation, l.Rebuild, l.Organization).Scan(&gen); err != nil {
		return 0, fmt.Errorf("find generation: %w", sqlkit.Translate(err))
	}
	return gen, nil
}

// addRecords adds responses and refusals. That one of them was added before is told without saying which.
func addRecords(ctx context.Context, tx *sqlkit.Tx, c *store.Changes, gen int64) error {
	identifiers := bulk{tx: tx, into: `INSERT INTO identifiers (organization, generation, digest, position)`, columns: 4}
	facts := bulk{tx: tx, into: `INSERT INTO facts (organization, generation, survey, position, body)`, columns: 5}
	refusals := bulk{tx: tx, into: `INSERT INTO refusals (organization, generation, survey, position, body)`, columns: 5}
	var room []byte
	for _, r := range c.Records {
		var d store.Digest
		d, room = store.DigestOf(r, room)
		if err := identifiers.add(ctx, c.Ledger.Organization, gen, d[:], r.Position); err != nil {
			return identifierError(err)
		}
		table := &facts
		var body []byte
		var err error
		if r.Fact != nil {
			body, err = r.Fact.AppendBinary(nil)
		} else {
			table = &refusals
			body, err = r.Refusal.AppendBinary(nil)
		}
		if err != nil {
			return fmt.Errorf("encode record at %d: %w", r.Position, err)
		}
		if err := table.add(ctx, c.Ledger.Organization, gen, r.Survey(), r.Position, body); err != nil {
			return fmt.Errorf("add records up to %d: %w", r.Position, err)
		}
	}
	if err := identifiers.flush(ctx); err != nil {
		return identifierError(err)
	}
	if err := errors.Join(facts.flush(ctx), refusals.flush(ctx)); err != nil {
		return fmt.Errorf("add records: %w", err)
	}
	return nil
}

func identifierError(err error) error {
	if sqlkit.IsUniqueViolation(err) {
		return fmt.Errorf("add identifiers: %w", store.ErrDuplicate)
	}
	return fmt.Errorf("add identifiers: %w", err)
}

// noteRespondents notes the surveys of which a response names its respondent.
func noteRespondents(ctx context.Context, tx *sqlkit.Tx, c *store.Changes, gen int64) error {
	noted := make(map[string]bool)
	for _, r := range c.Records {
		if r.Fact == nil || r.Fact.Respondent == "" || noted[r.Fact.Survey] {
			continue
		}
		noted[r.Fact.Survey] = true
		if _, err := tx.ExecContext(ctx, `INSERT OR IGNORE INTO respondents (organization, generation, survey) VALUES (?, ?, ?)`,
			c.Ledger.Organization, gen, r.Fact.Survey); err != nil {
			return fmt.Errorf("note respondents: %w", err)
		}
	}
	return nil
}

func putOutcome(ctx context.Context, tx *sqlkit.Tx, organization string, gen int64, i store.Invitation, o fact.Outcome) error {
	if o == (fact.Outcome{}) {
		if _, err := tx.ExecContext(ctx, `DELETE FROM outcomes WHERE organization = ? AND generation = ? AND survey = ? AND invitation = ?`,
			organization, gen, i.Survey, i.ID); err != nil {
			return fmt.Errorf("remove outcome: %w", err)
		}
		return nil
	}
	var refusal []byte
	if o.Refusal != nil {
		var err error
		if refusal, err = o.Refusal.AppendBinary(nil); err != nil {
			return fmt.Errorf("encode outcome: %w", err)
		}
	}
	if _, err := tx.ExecContext(ctx,
		`INSERT OR REPLACE INTO outcomes (organization, generation, survey, invitation, answered, refusal, records) VALUES (?, ?, ?, ?, ?, ?, ?)`,
		organization, gen, i.Survey, i.ID, o.Answered, refusal, o.Records); err != nil {
		return fmt.Errorf("put outcome: %w", err)
	}
	return nil
}
