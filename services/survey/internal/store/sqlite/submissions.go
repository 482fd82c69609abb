package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/otklik/otklik/libs/sqlkit"
	"github.com/otklik/otklik/services/survey/internal/store"
)

const submissionColumns = `position, organization, survey, kind, id, revision, count_time, trace, body`

const (
	sqlInsertChange     = `INSERT INTO changes (organization, survey, kind) VALUES (?, ?, ?)`
	sqlDeleteChange     = `DELETE FROM changes WHERE position = ?`
	sqlInsertSubmission = `INSERT INTO submissions (` + submissionColumns + `, person) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	sqlSelectSubmission = `SELECT ` + submissionColumns + ` FROM submissions WHERE organization = ? AND position = ?`
	sqlListSubmissions  = `SELECT ` + submissionColumns + ` FROM submissions WHERE organization = ? AND survey = ? AND kind = ?
AND position > ? AND position <= ? AND count_time >= ? AND count_time < ? ORDER BY position LIMIT ?`

	sqlInsertIdempotency = `INSERT INTO idempotency (organization, scope, key, fingerprint, reference) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`
	sqlForgetContent     = `UPDATE idempotency SET fingerprint = ? WHERE organization = ? AND scope = ? AND key = ?`
	sqlSelectIdempotency = `SELECT fingerprint, reference FROM idempotency WHERE organization = ? AND scope = ? AND key = ?`
)

// scopes of identifiers of submissions by kind, to be followed by the survey.
func scope(kind store.Kind, survey string) string {
	if kind == store.KindRefusal {
		return "refusal/" + survey
	}
	return "response/" + survey
}

// Accept implements store.Submissions.
func (s *Store) Accept(ctx context.Context, organization, survey string, kind store.Kind, in []store.NewSubmission) ([]store.Outcome, error) {
	outcomes := make([]store.Outcome, len(in))
	var last int64
	err := s.batcher.Do(ctx, func(ctx context.Context, tx *sqlkit.Tx) error {
		a := acceptance{tx: tx, organization: organization, survey: survey, scope: scope(kind, survey), kind: kind}
		for i := range in {
			var err error
			if outcomes[i], err = a.accept(ctx, &in[i]); err != nil {
				return err
			}
		}
		last = a.last
		return nil
	})
	if err != nil {
		return nil, s.fail("accept submissions", err)
	}
	s.head.Advance(last)
	return outcomes, nil
}

// acceptance stores submissions to one survey within a transaction.
type acceptance struct {
	tx                          *sqlkit.Tx
	organization, survey, scope string
	kind                        store.Kind
	last                        int64
}

// accept stores one submission. The change comes first, since it makes the position; the identifier second, since it tells whether the rest
// is to be done. So the usual case, a new identifier, takes three inserts and no look-up.
func (a *acceptance) accept(ctx context.Context, in *store.NewSubmission) (store.Outcome, error) {
	res, err := a.tx.ExecContext(ctx, sqlInsertChange, a.organization, a.survey, int64(a.kind))
	if err != nil {
		return store.Outcome{}, err
	}
	position, err := res.LastInsertId()
	if err != nil {
		return store.Outcome{}, err
	}
	res, err = a.tx.ExecContext(ctx, sqlInsertIdempotency, a.organization, a.scope, in.ID, in.Fingerprint, position)
	if err != nil {
		return store.Outcome{}, err
	}
	fresh, err := res.RowsAffected()
	if err != nil {
		return store.Outcome{}, err
	}
	if fresh == 0 {
		if _, err := a.tx.ExecContext(ctx, sqlDeleteChange, position); err != nil {
			return store.Outcome{}, err
		}
		return a.replay(ctx, in)
	}
	if _, err := a.tx.ExecContext(ctx, sqlInsertSubmission, position, a.organization, a.survey, int64(a.kind), in.ID, int64(in.Revision),
		store.ToNano(in.CountTime), nullText(in.Trace), in.Body, marked(in.Person)); err != nil {
		return store.Outcome{}, err
	}
	for i := range in.Consents {
		if err := insertConsent(ctx, a.tx, &in.Consents[i]); err != nil {
			return store.Outcome{}, err
		}
	}
	a.last = position
	return store.Outcome{Submission: a.accepted(position, in)}, nil
}

// accepted is a submission as it is stored at a position.
func (a *acceptance) accepted(position int64, in *store.NewSubmission) store.Submission {
	return store.Submission{
		Position: position, Organization: a.organization, Survey: a.survey, Kind: a.kind, ID: in.ID,
		Revision: in.Revision, CountTime: in.CountTime, Trace: in.Trace, Body: in.Body,
	}
}

// replay is the outcome of a submission whose identifier was used before.
func (a *acceptance) replay(ctx context.Context, in *store.NewSubmission) (store.Outcome, error) {
	position, err := recall(ctx, a.tx, a.organization, a.scope, in.ID, in.Fingerprint)
	if errors.Is(err, store.ErrIDReused) {
		return store.Outcome{Err: store.ErrIDReused}, nil
	}
	if err != nil {
		return store.Outcome{}, err
	}
	first, err := scanSubmission(a.tx.QueryRowContext(ctx, sqlSelectSubmission, a.organization, position))
	if errors.Is(err, store.ErrNotFound) {
		// The content is the same, so that the one that came now stands in for the one that was removed.
		first, err = a.accepted(position, in), nil
	}
	if err != nil {
		return store.Outcome{}, err
	}
	return store.Outcome{Submission: first, Replayed: true}, nil
}

// queryer is what recall needs of a transaction or of the reading pool.
type queryer interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// recall returns what an identifier refers to. Errors: ErrNotFound, ErrIDReused.
func recall(ctx context.Context, q queryer, organization, scope, key string, fingerprint []byte) (int64, error) {
	var stored []byte
	var reference int64
	err := q.QueryRowContext(ctx, sqlSelectIdempotency, organization, scope, key).Scan(&stored, &reference)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return 0, store.ErrNotFound
	case err != nil:
		return 0, fmt.Errorf("read idempotency record: %w", err)
	case fingerprint != nil && !store.Fits(stored, fingerprint):
		return 0, store.ErrIDReused
	}
	return reference, nil
}

// reader makes the prepared statements of the reading pool a queryer.
type reader struct{ db *sqlkit.DB }

func (r reader) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	return r.db.QueryRow(ctx, query, args...)
}

// Recall implements store.Submissions.
func (s *Store) Recall(ctx context.Context, organization, survey string, kind store.Kind, id string, fingerprint []byte) (store.Submission, error) {
	if fingerprint == nil {
		fingerprint = []byte{}
	}
	out, err := s.find(ctx, organization, survey, kind, id, fingerprint)
	return out, s.fail("recall submission", err)
}

// GetSubmission implements store.Submissions.
func (s *Store) GetSubmission(ctx context.Context, organization, survey string, kind store.Kind, id string) (store.Submission, error) {
	out, err := s.find(ctx, organization, survey, kind, id, nil)
	return out, s.fail("get submission", err)
}

// find returns what was stored under an identifier; a fingerprint other than nil must be that of the record.
func (s *Store) find(ctx context.Context, organization, survey string, kind store.Kind, id string, fingerprint []byte) (store.Submission, error) {
	position, err := recall(ctx, reader{s.db}, organization, scope(kind, survey), id, fingerprint)
	if err != nil {
		return store.Submission{}, err
	}
	return scanSubmission(s.db.QueryRow(ctx, sqlSelectSubmission, organization, position))
}

// ListSubmissions implements store.Submissions.
func (s *Store) ListSubmissions(ctx context.Context, q store.SubmissionQuery) ([]store.Submission, error) {
	upTo, from, to := q.Bounds()
	rows, err := s.db.Query(ctx, sqlListSubmissions, q.Organization, q.Survey, int64(q.Kind), q.After, upTo, from, to, q.Limit)
	if err != nil {
		return nil, s.fail("list submissions", err)
	}
	out, err := collect(rows, q.Page, scanSubmission, func(v store.Submission) int { return len(v.Body) })
	return out, s.fail("list submissions", err)
}

func scanSubmission(row scanner) (store.Submission, error) {
	var v store.Submission
	// int64 is what database/sql converts without reflection.
	var kind, revision, count int64
	var trace sql.NullString
	err := row.Scan(&v.Position, &v.Organization, &v.Survey, &kind, &v.ID, &revision, &count, &trace, &v.Body)
	if errors.Is(err, sql.ErrNoRows) {
		return store.Submission{}, store.ErrNotFound
	}
	if err != nil {
		return store.Submission{}, fmt.Errorf("read submission: %w", err)
	}
	v.Kind, v.Revision, v.CountTime, v.Trace = store.Kind(kind), int32(revision), store.FromNano(count), trace.String
	return v, nil
}

// marked is what is stored of whom a submission is about: nobody is no bytes, while NULL tells that a version stored it which did not note it.
func marked(person []byte) []byte {
	if person == nil {
		return []byte{}
	}
	return person
}

// nullText stores nothing for an empty text.
func nullText(s string) any {
	if s == "" {
		return nil
	}
	return s
}
