package relational

import (
	"context"
	"errors"

	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/services/segmentation/internal/store"
)

const (
	// Whom all contacts are to be compared for comes before whom something was touched for.
	sqlSegmentWork = `SELECT s.organization, max(CASE WHEN s.evaluated_version <> s.rule_version AND s.fault = '' OR COALESCE(p.day, 0) < $1 OR p.asked > p.done THEN 1 ELSE 0 END)
FROM segments s LEFT JOIN segment_sweeps p ON p.organization = s.organization GROUP BY s.organization ORDER BY s.organization`
	sqlTouchAt      = `SELECT number FROM segment_touches WHERE organization = $1 LIMIT 1 OFFSET $2`
	sqlCountTouches = `SELECT count(*) FROM segment_touches WHERE organization = $1`
	sqlSweep        = `SELECT body FROM segment_sweeps WHERE organization = $1`
	sqlEndSweep     = `INSERT INTO segment_sweeps (organization, done, day, body) VALUES ($1, $2, $3, $4)
ON CONFLICT (organization) DO UPDATE SET done = excluded.done, day = excluded.day, body = excluded.body`
	sqlEvaluated = `UPDATE segments SET evaluated_version = rule_version, evaluate_time = $4, first_time = COALESCE(first_time, $4), fault = '', fault_time = NULL
WHERE organization = $1 AND id = $2 AND rule_version = $3`
	sqlFault        = `UPDATE segments SET fault = $4, fault_time = COALESCE(fault_time, $5) WHERE organization = $1 AND id = $2 AND rule_version = $3`
	sqlUntouchUntil = `DELETE FROM segment_touches WHERE organization = $1 AND number <= $2`
)

// SegmentWork implements store.Segments.
func (s *Store) SegmentWork(ctx context.Context, day int64) (out []store.SegmentWork, err error) {
	err = s.db.View(ctx, func(ctx context.Context, r relational.Reader) error {
		all, err := relational.List(ctx, r, func(row relational.Scanner) (work store.SegmentWork, err error) {
			var sweep int64
			err = row.Scan(&work.Organization, &sweep)
			work.Sweep = sweep != 0
			return work, err
		}, sqlSegmentWork, day)
		if err != nil {
			return err
		}
		for _, work := range all {
			if work.Touched, err = moreTouches(ctx, r, work.Organization, 0); err != nil {
				return err
			}
			if work.Touched && !work.Sweep {
				if work.Sweep, err = soonerTogether(ctx, r, work.Organization); err != nil {
					return err
				}
			}
			if work.Touched || work.Sweep {
				out = append(out, work)
			}
		}
		return nil
	})
	if err != nil {
		return nil, s.db.Explain("look for what is to be compared with rules", err)
	}
	return out, nil
}

const (
	// mostTouches is how many contacts are compared one by one at most, unless that is less than one of each sparedContacts.
	mostTouches    = 5000
	sparedContacts = 25
)

// moreTouches tells whether more contacts than some are touched.
func moreTouches(ctx context.Context, r relational.Reader, organization string, than int) (bool, error) {
	found, err := relational.List(ctx, r, relational.Value[int64], sqlTouchAt, organization, than)
	return len(found) > 0, err
}

// soonerTogether tells whether so many contacts are touched that all are sooner compared than they are one by one.
func soonerTogether(ctx context.Context, r relational.Reader, organization string) (bool, error) {
	if many, err := moreTouches(ctx, r, organization, mostTouches); err != nil || !many {
		return false, err
	}
	touched, err := relational.One(ctx, r, relational.Value[int64], sqlCountTouches, organization)
	if err != nil {
		return false, err
	}
	all, err := relational.One(ctx, r, relational.Value[int64], sqlAll, organization)
	return touched*sparedContacts > all, err
}

// RFMTable implements store.Segments.
func (s *Store) RFMTable(ctx context.Context, organization string) (t store.RFMTable, err error) {
	err = s.db.View(ctx, func(ctx context.Context, r relational.Reader) error {
		if t.Touched, err = relational.One(ctx, r, relational.Value[int64], sqlLastTouch); err != nil {
			return err
		}
		body, err := relational.One(ctx, r, relational.Value[[]byte], sqlSweep, organization)
		if errors.Is(err, relational.ErrNoRow) {
			return nil
		}
		if err != nil {
			return err
		}
		return decode(body, &t)
	})
	return t, s.db.Explain("read how customers are placed", err)
}

// EndSweep implements store.Segments.
func (s *Store) EndSweep(ctx context.Context, p store.Sweep) error {
	return s.write(ctx, "end comparison of all contacts", func(ctx context.Context, w *writing) error {
		body, err := encode(p.RFM)
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
