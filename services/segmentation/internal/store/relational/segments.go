package relational

import (
	"context"
	"errors"
	"time"

	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/services/segmentation/internal/store"
)

const (
	segmentColumns = `id, body, fault, fault_time, version, rule_version, evaluated_version, evaluate_time, first_time, members, create_time, update_time`

	sqlInsertSegment = `INSERT INTO segments (organization, id, body, version, rule_version, create_time, update_time) VALUES ($1, $2, $3, $4, $5, $6, $6)`
	sqlSelectSegment = `SELECT ` + segmentColumns + ` FROM segments WHERE organization = $1 AND id = $2`
	sqlSegmentsAfter = `SELECT ` + segmentColumns + ` FROM segments WHERE organization = $1 AND id > $2 ORDER BY id`
	sqlCountSegments = `SELECT count(*) FROM segments WHERE organization = $1`
	sqlUpdateSegment = `UPDATE segments SET body = $4, version = $5, rule_version = $6, update_time = $7, fault = $8, fault_time = $9 WHERE organization = $1 AND id = $2 AND version = $3`
	sqlDeleteSegment = `DELETE FROM segments WHERE organization = $1 AND id = $2`
	sqlDropMembers   = `DELETE FROM memberships WHERE organization = $1 AND segment = $2`
)

// segmentVersions number segments and their rules, so that no segment ever has a version again that one of its name had.
const segmentVersions counter = "segments"

func scanSegment(organization string) func(row relational.Scanner) (store.Segment, error) {
	return func(row relational.Scanner) (store.Segment, error) {
		s := store.Segment{Organization: organization}
		var id string
		var body []byte
		var evaluated, first, faulty *int64
		var created, updated int64
		if err := row.Scan(&id, &body, &s.Fault, &faulty, &s.Version, &s.RuleVersion, &s.EvaluatedVersion, &evaluated, &first, &s.Members, &created, &updated); err != nil {
			return s, err
		}
		s.ID, s.FaultTime = id, relational.FromNull(faulty)
		s.EvaluateTime, s.FirstTime = relational.FromNull(evaluated), relational.FromNull(first)
		s.CreateTime, s.UpdateTime = relational.FromMicro(created), relational.FromMicro(updated)
		return s, decode(body, &s)
	}
}

// CreateSegment implements store.Segments.
func (s *Store) CreateSegment(ctx context.Context, g store.Segment, limit int) (out store.Segment, err error) {
	err = s.write(ctx, "create segment", func(ctx context.Context, w *writing) error {
		_, err := relational.One(ctx, w, scanSegment(g.Organization), sqlSelectSegment, g.Organization, g.ID)
		if err == nil {
			return store.ErrExists
		}
		if !errors.Is(err, relational.ErrNoRow) {
			return err
		}
		n, err := relational.One(ctx, w, relational.Value[int64], sqlCountSegments, g.Organization)
		if err != nil {
			return err
		}
		if n >= int64(limit) {
			return store.ErrTooMany
		}
		body, err := encode(g)
		if err != nil {
			return err
		}
		version := w.next(segmentVersions)
		if _, err := w.Exec(ctx, sqlInsertSegment, g.Organization, g.ID, body, version, version, relational.ToMicro(g.CreateTime)); err != nil {
			return err
		}
		out, err = relational.One(ctx, w, scanSegment(g.Organization), sqlSelectSegment, g.Organization, g.ID)
		return err
	})
	return out, err
}

// GetSegment implements store.Segments.
func (s *Store) GetSegment(ctx context.Context, organization, id string) (store.Segment, error) {
	g, err := relational.One(ctx, s.db, scanSegment(organization), sqlSelectSegment, organization, id)
	return g, s.db.Explain("get segment", notFound(err))
}

// ListSegments implements store.Segments.
func (s *Store) ListSegments(ctx context.Context, organization, after string, limit int) ([]store.Segment, error) {
	query, args := sqlSegmentsAfter, []any{organization, after}
	if limit > 0 {
		query, args = query+` LIMIT $3`, append(args, limit)
	}
	out, err := relational.List(ctx, s.db, scanSegment(organization), query, args...)
	return out, s.db.Explain("list segments", err)
}

// UpdateSegment implements store.Segments.
func (s *Store) UpdateSegment(ctx context.Context, g store.Segment) (out store.Segment, err error) {
	err = s.write(ctx, "update segment", func(ctx context.Context, w *writing) error {
		before, err := relational.One(ctx, w, scanSegment(g.Organization), sqlSelectSegment, g.Organization, g.ID)
		if err != nil {
			return notFound(err)
		}
		if before.Version != g.Version {
			return store.ErrChanged
		}
		body, err := encode(g)
		if err != nil {
			return err
		}
		version := w.next(segmentVersions)
		rule, fault, faulty := before.RuleVersion, before.Fault, before.FaultTime
		if before.Rule != g.Rule {
			rule, fault, faulty = version, "", time.Time{}
		}
		if _, err := w.Exec(ctx, sqlUpdateSegment, g.Organization, g.ID, g.Version, body, version, rule, relational.ToMicro(g.UpdateTime), fault,
			relational.NullMicro(faulty)); err != nil {
			return err
		}
		out, err = relational.One(ctx, w, scanSegment(g.Organization), sqlSelectSegment, g.Organization, g.ID)
		return err
	})
	return out, err
}

// DeleteSegment implements store.Segments.
func (s *Store) DeleteSegment(ctx context.Context, organization, id string) error {
	return s.write(ctx, "delete segment", func(ctx context.Context, w *writing) error {
		if err := found(w.Exec(ctx, sqlDeleteSegment, organization, id)); err != nil {
			return err
		}
		_, err := w.Exec(ctx, sqlDropMembers, organization, id)
		return err
	})
}
