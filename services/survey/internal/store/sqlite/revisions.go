package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"

	"github.com/otklik/otklik/services/survey/internal/store"
)

const revisionColumns = `organization, survey, revision, publish_time, body`

const (
	sqlSelectRevision = `SELECT ` + revisionColumns + ` FROM revisions WHERE organization = ? AND survey = ? AND revision = ?`
	sqlListRevisions  = `SELECT ` + revisionColumns + ` FROM revisions WHERE organization = ? AND survey = ? AND revision < ?
ORDER BY revision DESC LIMIT ?`
)

// GetRevision implements store.Surveys.
func (s *Store) GetRevision(ctx context.Context, organization, survey string, number int32) (store.Revision, error) {
	out, err := scanRevision(s.db.QueryRow(ctx, sqlSelectRevision, organization, survey, int64(number)))
	return out, s.fail("get revision", err)
}

// ListRevisions implements store.Surveys.
func (s *Store) ListRevisions(ctx context.Context, q store.RevisionQuery) ([]store.Revision, error) {
	before := int64(q.Before)
	if before == 0 {
		before = math.MaxInt64
	}
	rows, err := s.db.Query(ctx, sqlListRevisions, q.Organization, q.Survey, before, q.Limit)
	if err != nil {
		return nil, s.fail("list revisions", err)
	}
	out, err := collect(rows, q.Page, scanRevision, func(v store.Revision) int { return len(v.Body) })
	return out, s.fail("list revisions", err)
}

func scanRevision(row scanner) (store.Revision, error) {
	var v store.Revision
	var published int64
	err := row.Scan(&v.Organization, &v.Survey, &v.Number, &published, &v.Body)
	if errors.Is(err, sql.ErrNoRows) {
		return store.Revision{}, store.ErrNotFound
	}
	if err != nil {
		return store.Revision{}, fmt.Errorf("read revision: %w", err)
	}
	v.PublishTime = store.FromNano(published)
	return v, nil
}
