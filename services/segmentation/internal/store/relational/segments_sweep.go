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
	sqlAnyTouch = `SELECT 1 FROM segment_touches WHERE organization = $1`
	sqlSweep    = `SELECT body FROM segment_sweeps WHERE organization = $1`
	sqlEndSweep = `INSERT INTO segment_sweeps (organization, done, day, body) VALUES ($1, $2, $3, $4)
ON CONFLICT (organization) DO UPDATE SET done = excluded.done, day = excluded.day, body = excluded.body`
	sqlEvaluated = `UPDATE segments SET evaluated_version = rule_version, evaluate_time = $4, first_time = COALESCE(first_time, $4), fault = ''
WHERE organization = $1 AND id = $2 AND rule_version = $3`
	sqlFault        = `UPDATE segments SET fault = $4 WHERE organization = $1 AND id = $2 AND rule_version = $3`
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
			touched := work.Sweep
			if !touched {
				if touched, err = relational.Exists(ctx, r, sqlAnyTouch, work.Organization); err != nil {
					return err
				}
			}
			if touched {
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
			g, err := relational.One(ctx, w, scanSegment(p.Organization), sqlSelectSegment, p.Organization, id)
			if errors.Is(err, relational.ErrNoRow) {
				continue
			}
			if err != nil {
				return err
			}
			if _, err := w.Exec(ctx, sqlFault, p.Organization, id, g.RuleVersion, fault); err != nil {
				return err
			}
		}
		_, err = w.Exec(ctx, sqlUntouchUntil, p.Organization, p.Touched)
		return err
	})
}
