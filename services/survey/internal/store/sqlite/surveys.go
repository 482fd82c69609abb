package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/otklik/otklik/libs/sqlkit"
	"github.com/otklik/otklik/services/survey/internal/lifecycle"
	"github.com/otklik/otklik/services/survey/internal/store"
)

const surveyColumns = `num, organization, survey, state, revision, version, create_time, update_time, close_time, body`

const (
	sqlInsertSurvey = `INSERT INTO surveys (organization, survey, state, revision, version, create_time, update_time, close_time, body)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`
	sqlSelectSurvey      = `SELECT ` + surveyColumns + ` FROM surveys WHERE organization = ? AND survey = ?`
	sqlSelectSurveyByNum = `SELECT ` + surveyColumns + ` FROM surveys WHERE organization = ? AND num = ?`
	sqlSelectStatus      = `SELECT state, revision, close_time FROM surveys WHERE organization = ? AND survey = ?`
	sqlListSurveys       = `SELECT ` + surveyColumns + ` FROM surveys WHERE organization = ? AND num < ? AND state <> ? ORDER BY num DESC LIMIT ?`
	sqlUpdateSurvey      = `UPDATE surveys SET state = ?, revision = ?, version = version + 1, update_time = ?, close_time = ?, body = ?
WHERE organization = ? AND survey = ? AND version = ?`
	sqlDeleteSurvey   = `DELETE FROM surveys WHERE organization = ? AND survey = ? AND version = ?`
	sqlSurveyExists   = `SELECT 1 FROM surveys WHERE organization = ? AND survey = ?`
	sqlInsertRevision = `INSERT INTO revisions (organization, survey, revision, publish_time, body) VALUES (?, ?, ?, ?, ?)`
)

// scopeCreateSurvey is the scope of the request ids of CreateSurvey.
const scopeCreateSurvey = "surveys.create"

// CreateSurvey implements store.Surveys.
func (s *Store) CreateSurvey(ctx context.Context, in store.Survey, request store.Request) (stored store.Survey, replayed bool, err error) {
	err = s.batcher.Do(ctx, func(ctx context.Context, tx *sqlkit.Tx) error {
		stored, replayed, err = createSurvey(ctx, tx, in, request)
		return err
	})
	if err != nil {
		return store.Survey{}, false, s.fail("create survey", err)
	}
	return stored, replayed, nil
}

func createSurvey(ctx context.Context, tx *sqlkit.Tx, in store.Survey, request store.Request) (store.Survey, bool, error) {
	if request.Key != "" {
		num, err := recall(ctx, tx, in.Organization, scopeCreateSurvey, request.Key, request.Fingerprint)
		if err == nil {
			first, err := scanSurvey(tx.QueryRowContext(ctx, sqlSelectSurveyByNum, in.Organization, num))
			return first, true, err
		}
		if !errors.Is(err, store.ErrNotFound) {
			return store.Survey{}, false, err
		}
	}
	in.Version = 1
	res, err := tx.ExecContext(ctx, sqlInsertSurvey, in.Organization, in.ID, int64(in.Status.State), int64(in.Status.Revision), in.Version,
		store.ToNano(in.CreateTime), store.ToNano(in.UpdateTime), nullNano(in.Status.CloseTime), in.Body)
	if err != nil {
		return store.Survey{}, false, err
	}
	if n, err := res.RowsAffected(); err != nil {
		return store.Survey{}, false, err
	} else if n == 0 {
		return store.Survey{}, false, store.ErrExists
	}
	if in.Order, err = res.LastInsertId(); err != nil {
		return store.Survey{}, false, err
	}
	if request.Key != "" {
		if _, err := tx.ExecContext(ctx, sqlInsertIdempotency, in.Organization, scopeCreateSurvey, request.Key, request.Fingerprint, in.Order); err != nil {
			return store.Survey{}, false, err
		}
	}
	return in, false, nil
}

// GetSurvey implements store.Surveys.
func (s *Store) GetSurvey(ctx context.Context, organization, id string) (store.Survey, error) {
	out, err := scanSurvey(s.db.QueryRow(ctx, sqlSelectSurvey, organization, id))
	return out, s.fail("get survey", err)
}

// Status implements store.Surveys.
func (s *Store) Status(ctx context.Context, organization, id string) (lifecycle.Status, error) {
	if s.closed.Load() {
		return lifecycle.Status{}, store.ErrClosed
	}
	key := surveyKey{organization, id}
	status, epoch, ok := s.status.get(key)
	if ok {
		return status, nil
	}
	var state int64
	var closed sql.NullInt64
	err := s.db.QueryRow(ctx, sqlSelectStatus, organization, id).Scan(&state, &status.Revision, &closed)
	if errors.Is(err, sql.ErrNoRows) {
		err = store.ErrNotFound
	}
	if err != nil {
		return lifecycle.Status{}, s.fail("get status of survey", err)
	}
	status.State, status.CloseTime = lifecycle.State(state), fromNull(closed)
	s.status.put(key, status, epoch)
	return status, nil
}

// ListSurveys implements store.Surveys.
func (s *Store) ListSurveys(ctx context.Context, q store.SurveyQuery) ([]store.Survey, error) {
	before, hidden := q.Before, lifecycle.Archived
	if before == 0 {
		before = math.MaxInt64
	}
	if q.Archived {
		hidden = 0
	}
	rows, err := s.db.Query(ctx, sqlListSurveys, q.Organization, before, int64(hidden), q.Limit)
	if err != nil {
		return nil, s.fail("list surveys", err)
	}
	out, err := collect(rows, q.Page, scanSurvey, func(v store.Survey) int { return len(v.Body) })
	return out, s.fail("list surveys", err)
}

// UpdateSurvey implements store.Surveys.
func (s *Store) UpdateSurvey(ctx context.Context, in store.Survey, revision *store.Revision) (store.Survey, error) {
	err := s.batcher.Do(ctx, func(ctx context.Context, tx *sqlkit.Tx) error {
		res, err := tx.ExecContext(ctx, sqlUpdateSurvey, int64(in.Status.State), int64(in.Status.Revision), store.ToNano(in.UpdateTime),
			nullNano(in.Status.CloseTime), in.Body, in.Organization, in.ID, in.Version)
		if err := oneRow(ctx, tx, res, err, in.Organization, in.ID); err != nil {
			return err
		}
		if revision == nil {
			return nil
		}
		_, err = tx.ExecContext(ctx, sqlInsertRevision, in.Organization, in.ID, int64(revision.Number), store.ToNano(revision.PublishTime), revision.Body)
		return err
	})
	// Also after an error: the commit may have happened all the same.
	s.status.forget(surveyKey{in.Organization, in.ID})
	if err != nil {
		return store.Survey{}, s.fail("update survey", err)
	}
	in.Version++
	return in, nil
}

// DeleteSurvey implements store.Surveys.
func (s *Store) DeleteSurvey(ctx context.Context, organization, id string, version int64) error {
	err := s.batcher.Do(ctx, func(ctx context.Context, tx *sqlkit.Tx) error {
		res, err := tx.ExecContext(ctx, sqlDeleteSurvey, organization, id, version)
		return oneRow(ctx, tx, res, err, organization, id)
	})
	s.status.forget(surveyKey{organization, id})
	return s.fail("delete survey", err)
}

// oneRow turns a change of no row into the reason: no survey, or one of another version.
func oneRow(ctx context.Context, tx *sqlkit.Tx, res sql.Result, err error, organization, id string) error {
	if err != nil {
		return err
	}
	n, err := res.RowsAffected()
	if err != nil || n > 0 {
		return err
	}
	var one int
	if err := tx.QueryRowContext(ctx, sqlSurveyExists, organization, id).Scan(&one); errors.Is(err, sql.ErrNoRows) {
		return store.ErrNotFound
	} else if err != nil {
		return err
	}
	return store.ErrChanged
}

// scanner is a row of a query.
type scanner interface{ Scan(dest ...any) error }

func scanSurvey(row scanner) (store.Survey, error) {
	var v store.Survey
	var state, created, updated int64
	var closed sql.NullInt64
	err := row.Scan(&v.Order, &v.Organization, &v.ID, &state, &v.Status.Revision, &v.Version, &created, &updated, &closed, &v.Body)
	if errors.Is(err, sql.ErrNoRows) {
		return store.Survey{}, store.ErrNotFound
	}
	if err != nil {
		return store.Survey{}, fmt.Errorf("read survey: %w", err)
	}
	v.Status.State, v.Status.CloseTime = lifecycle.State(state), fromNull(closed)
	v.CreateTime, v.UpdateTime = store.FromNano(created), store.FromNano(updated)
	return v, nil
}

func nullNano(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return store.ToNano(t)
}

func fromNull(n sql.NullInt64) time.Time {
	if !n.Valid {
		return time.Time{}
	}
	return store.FromNano(n.Int64)
}
