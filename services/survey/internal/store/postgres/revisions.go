package postgres

import (
	"context"
	"math"

	"github.com/jackc/pgx/v5"

	"github.com/otklik/otklik/services/survey/internal/store"
)

const revisionColumns = `organization, survey, revision, publish_time, body`

const (
	sqlSelectRevision = `SELECT ` + revisionColumns + ` FROM revisions WHERE organization = $1 AND survey = $2 AND revision = $3`
	sqlListRevisions  = `SELECT ` + revisionColumns + ` FROM revisions WHERE organization = $1 AND survey = $2 AND revision < $3::bigint
ORDER BY revision DESC LIMIT $4`
)

// GetRevision implements store.Surveys.
func (s *Store) GetRevision(ctx context.Context, organization, survey string, number int32) (store.Revision, error) {
	if err := s.open(); err != nil {
		return store.Revision{}, err
	}
	out, err := scanRevision(s.db.Pool.QueryRow(ctx, sqlSelectRevision, organization, survey, number))
	return out, s.fail("get revision", err)
}

// ListRevisions implements store.Surveys.
func (s *Store) ListRevisions(ctx context.Context, q store.RevisionQuery) ([]store.Revision, error) {
	before := int64(q.Before)
	if before == 0 {
		before = math.MaxInt32 + 1
	}
	out, err := list(ctx, s, q.Page, scanRevision, func(v store.Revision) int { return len(v.Body) },
		sqlListRevisions, q.Organization, q.Survey, before, q.Limit)
	return out, s.fail("list revisions", err)
}

func scanRevision(row pgx.Row) (store.Revision, error) {
	var v store.Revision
	var published int64
	if err := row.Scan(&v.Organization, &v.Survey, &v.Number, &published, &v.Body); err != nil {
		return store.Revision{}, notFound(err)
	}
	v.PublishTime = store.FromNano(published)
	return v, nil
}
