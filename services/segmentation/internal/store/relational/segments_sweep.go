package relational

import (
	"context"
	"errors"

	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/services/segmentation/internal/store"
)

const (
	// Whom all contacts are to be compared for comes before whom something was touched for.
	sqlToSweep = `SELECT s.organization, max(CASE WHEN s.evaluated_version <> s.rule_version AND s.fault = '' OR COALESCE(p.day, 0) < $1 OR p.asked > p.done THEN 1 ELSE 0 END)
FROM segments s LEFT JOIN segment_sweeps p ON p.organization = s.organization GROUP BY s.organization ORDER BY s.organization`
	sqlSegmented = `SELECT DISTINCT organization FROM segments ORDER BY organization`
	sqlTouchAt   = `SELECT number FROM segment_touches WHERE organization = $1 LIMIT 1 OFFSET $2`
	sqlSweep     = `SELECT body FROM segment_sweeps WHERE organization = $1`
	sqlEndSweep  = `INSERT INTO segment_sweeps (organization, done, day, body) VALUES ($1, $2, $3, $4)
ON CONFLICT (organization) DO UPDATE SET done = excluded.done, day = excluded.day, body = excluded.body`
	sqlEvaluated = `UPDATE segments SET evaluated_version = rule_version, evaluate_time = $4, first_time = COALESCE(first_time, $4), fault = '', fault_time = NULL
WHERE organization = $1 AND id = $2 AND rule_version = $3`
	sqlFault        = `UPDATE segments SET fault = $4, fault_time = COALESCE(fault_time, $5) WHERE organization = $1 AND id = $2 AND rule_version = $3`
	sqlUntouchUntil = `DELETE FROM segment_touches WHERE organization = $1 AND number <= $2`
)

// ToSweep implements store.Segments.
func (s *Store) ToSweep(ctx context.Context, day int64) (out []string, err error) {
	err = s.db.View(ctx, func(ctx context.Context, r relational.Reader) error {
		type work struct {
			organization string
			due          int64
		}
		all, err := relational.List(ctx, r, func(row relational.Scanner) (w work, err error) {
			return w, row.Scan(&w.organization, &w.due)
		}, sqlToSweep, day)
		if err != nil {
			return err
		}
		for _, w := range all {
			due := w.due != 0
			if !due {
				if due, err = soonerTogether(ctx, r, w.organization); err != nil {
					return err
				}
			}
			if due {
				out = append(out, w.organization)
			}
		}
		return nil
	})
	return out, s.db.Explain("look for organisations whose contacts are all to be compared with rules", err)
}

// Touched implements store.Segments.
func (s *Store) Touched(ctx context.Context) (out []string, err error) {
	err = s.db.View(ctx, func(ctx context.Context, r relational.Reader) error {
		all, err := relational.List(ctx, r, relational.Value[string], sqlSegmented)
		if err != nil {
			return err
		}
		for _, organization := range all {
			touched, err := moreTouches(ctx, r, organization, 0)
			if err != nil {
				return err
			}
			if touched {
				out = append(out, organization)
			}
		}
		return nil
	})
	return out, s.db.Explain("look for organisations of which contacts changed", err)
}

const (
	// mostTouches is how many contacts are compared one by one at most, unless that is less than one of each sparedContacts.
	mostTouches    = 5000
	sparedContacts = 25
)

// moreTouches tells whether more contacts than some are touched.
func moreTouches(ctx context.Context, r relational.Reader, organization string, than int64) (bool, error) {
	found, err := relational.List(ctx, r, relational.Value[int64], sqlTouchAt, organization, than)
	return len(found) > 0, err
}

// soonerTogether tells whether so many contacts are touched that all, as many as were compared last, are sooner compared than they are one by one. It is asked each
// second while very many change: nothing is counted, and the rows that are passed over are those that would be compared one by one.
func soonerTogether(ctx context.Context, r relational.Reader, organization string) (bool, error) {
	if many, err := moreTouches(ctx, r, organization, mostTouches); err != nil || !many {
		return false, err
	}
	last, err := lastSweep(ctx, r, organization)
	if err != nil {
		return false, err
	}
	return moreTouches(ctx, r, organization, max(mostTouches, last.Contacts/sparedContacts))
}

// sweepBody is what is kept of the last comparison of all contacts.
type sweepBody struct {
	store.RFMTable
	// Contacts is how many were compared.
	Contacts int64 `json:",omitempty"`
}

// lastSweep is what is kept of the last comparison of all contacts of an organisation; nothing when there was none.
func lastSweep(ctx context.Context, r relational.Reader, organization string) (last sweepBody, err error) {
	body, err := relational.One(ctx, r, relational.Value[[]byte], sqlSweep, organization)
	if errors.Is(err, relational.ErrNoRow) {
		return last, nil
	}
	if err != nil {
		return last, err
	}
	return last, decode(body, &last)
}

// RFMTable implements store.Segments.
func (s *Store) RFMTable(ctx context.Context, organization string) (t store.RFMTable, err error) {
	err = s.db.View(ctx, func(ctx context.Context, r relational.Reader) error {
		last, err := lastSweep(ctx, r, organization)
		if err != nil {
			return err
		}
		t = last.RFMTable
		t.Touched, err = relational.One(ctx, r, relational.Value[int64], sqlLastTouch)
		return err
	})
	return t, s.db.Explain("read how customers are placed", err)
}

// EndSweep implements store.Segments.
func (s *Store) EndSweep(ctx context.Context, p store.Sweep) error {
	return s.write(ctx, "end comparison of all contacts", func(ctx context.Context, w *writing) error {
		body, err := encode(sweepBody{p.RFM, p.Contacts})
		if err != nil {
			return err
		}
		if _, err := w.Exec(ctx, sqlEndSweep, p.Organization, p.Touched, p.Day, body); err != nil {
			return err
		}
		for id, version := range p.Rules {
			if _, err := w.Exec(ctx, sqlEvaluated, p.Organization, id, version, relational.ToMicro(p.Time)); err != nil {
				return err
			}
		}
		for id, fault := range p.Faults {
			if _, err := w.Exec(ctx, sqlFault, p.Organization, id, fault.RuleVersion, fault.Reason, relational.ToMicro(p.Time)); err != nil {
				return err
			}
		}
		_, err = w.Exec(ctx, sqlUntouchUntil, p.Organization, p.Touched)
		return err
	})
}
