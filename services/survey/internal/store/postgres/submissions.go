package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/otklik/otklik/services/survey/internal/store"
)

const submissionColumns = `position, organization, survey, kind, id, revision, count_time, coalesce(trace, ''), body`

const sqlListSubmissions = `SELECT ` + submissionColumns + ` FROM submissions WHERE organization = $1 AND survey = $2 AND kind = $3
AND position > $4 AND position <= $5 AND count_time >= $6 AND count_time < $7 ORDER BY position LIMIT $8`

// ListSubmissions implements store.Submissions.
func (s *Store) ListSubmissions(ctx context.Context, q store.SubmissionQuery) ([]store.Submission, error) {
	upTo, from, to := q.Bounds()
	out, err := list(ctx, s, q.Page, scanSubmission, func(v store.Submission) int { return len(v.Body) },
		sqlListSubmissions, q.Organization, q.Survey, int16(q.Kind), q.After, upTo, from, to, q.Limit)
	return out, s.fail("list submissions", err)
}

func scanSubmission(row pgx.Row) (store.Submission, error) {
	var v store.Submission
	var kind int16
	var count int64
	if err := row.Scan(&v.Position, &v.Organization, &v.Survey, &kind, &v.ID, &v.Revision, &count, &v.Trace, &v.Body); err != nil {
		return store.Submission{}, notFound(err)
	}
	v.Kind, v.CountTime = store.Kind(kind), store.FromNano(count)
	return v, nil
}
