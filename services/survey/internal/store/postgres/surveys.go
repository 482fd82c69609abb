package postgres

import (
	"bytes"
	"context"
	"errors"
	"math"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/otklik/otklik/services/survey/internal/lifecycle"
	"github.com/otklik/otklik/services/survey/internal/store"
)

const surveyColumns = `num, organization, survey, state, revision, version, create_time, update_time, close_time, body`

const (
	sqlNextSurvey   = `UPDATE survey_head SET num = num + 1 RETURNING num`
	sqlInsertSurvey = `INSERT INTO surveys (` + surveyColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING`

	sqlInsertRequest = `INSERT INTO requests (organization, key, fingerprint, num) VALUES ($1, $2, $3, $4)`
	sqlSelectRequest = `SELECT fingerprint, num FROM requests WHERE organization = $1 AND key = $2`

	sqlSelectSurvey      = `SELECT ` + surveyColumns + ` FROM surveys WHERE organization = $1 AND survey = $2`
	sqlSelectSurveyByNum = `SELECT ` + surveyColumns + ` FROM surveys WHERE organization = $1 AND num = $2`
	sqlListSurveys       = `SELECT ` + surveyColumns + ` FROM surveys WHERE organization = $1 AND num < $2 AND state <> $3 ORDER BY num DESC LIMIT $4`
	sqlUpdateSurvey      = `UPDATE surveys SET state = $4, revision = $5, version = version + 1, update_time = $6, close_time = $7, body = $8
WHERE organization = $1 AND survey = $2 AND version = $3`
	sqlDeleteSurvey   = `DELETE FROM surveys WHERE organization = $1 AND survey = $2 AND version = $3`
	sqlSurveyExists   = `SELECT EXISTS (SELECT FROM surveys WHERE organization = $1 AND survey = $2)`
	sqlInsertRevision = `INSERT INTO revisions (` + revisionColumns + `) VALUES ($1, $2, $3, $4, $5)`
)

// CreateSurvey implements store.Surveys.
func (s *Store) CreateSurvey(ctx context.Context, in store.Survey, request store.Request) (stored store.Survey, replayed bool, err error) {
	err = s.update(ctx, func(ctx context.Context, tx pgx.Tx) error {
		stored, replayed, err = createSurvey(ctx, tx, in, request)
		return err
	})
	if err != nil {
		return store.Survey{}, false, s.fail("create survey", err)
	}
	return stored, replayed, nil
}

// createSurvey stores a survey within a transaction. It begins with the number, which keeps all others who create a survey waiting: what it
// sees afterwards stays so until the commit.
func createSurvey(ctx context.Context, tx pgx.Tx, in store.Survey, request store.Request) (store.Survey, bool, error) {
	if err := tx.QueryRow(ctx, sqlNextSurvey).Scan(&in.Order); err != nil {
		return store.Survey{}, false, err
	}
	if request.Key != "" {
		num, err := recallRequest(ctx, tx, in.Organization, request)
		if err == nil {
			first, err := scanSurvey(tx.QueryRow(ctx, sqlSelectSurveyByNum, in.Organization, num))
			return first, true, err
		}
		if !errors.Is(err, store.ErrNotFound) {
			return store.Survey{}, false, err
		}
	}
	in.Version = 1
	tag, err := tx.Exec(ctx, sqlInsertSurvey, in.Order, in.Organization, in.ID, int16(in.Status.State), in.Status.Revision, in.Version,
		store.ToNano(in.CreateTime), store.ToNano(in.UpdateTime), nullNano(in.Status.CloseTime), in.Body)
	if err != nil {
		return store.Survey{}, false, err
	}
	if tag.RowsAffected() == 0 {
		return store.Survey{}, false, store.ErrExists
	}
	if request.Key != "" {
		if _, err := tx.Exec(ctx, sqlInsertRequest, in.Organization, request.Key, notNull(request.Fingerprint), in.Order); err != nil {
			return store.Survey{}, false, err
		}
	}
	return in, false, nil
}

// recallRequest returns the number of the survey that a request created. Errors: ErrNotFound, ErrIDReused.
func recallRequest(ctx context.Context, tx pgx.Tx, organization string, request store.Request) (int64, error) {
	var fingerprint []byte
	var num int64
	err := tx.QueryRow(ctx, sqlSelectRequest, organization, request.Key).Scan(&fingerprint, &num)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return 0, store.ErrNotFound
	case err != nil:
		return 0, err
	case !bytes.Equal(fingerprint, request.Fingerprint):
		return 0, store.ErrIDReused
	}
	return num, nil
}

// GetSurvey implements store.Surveys.
func (s *Store) GetSurvey(ctx context.Context, organization, id string) (store.Survey, error) {
	if err := s.open(); err != nil {
		return store.Survey{}, err
	}
	out, err := scanSurvey(s.db.Pool.QueryRow(ctx, sqlSelectSurvey, organization, id))
	return out, s.fail("get survey", err)
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
	out, err := list(ctx, s, q.Page, scanSurvey, func(v store.Survey) int { return len(v.Body) },
		sqlListSurveys, q.Organization, before, int16(hidden), q.Limit)
	return out, s.fail("list surveys", err)
}

// UpdateSurvey implements store.Surveys.
func (s *Store) UpdateSurvey(ctx context.Context, in store.Survey, revision *store.Revision) (store.Survey, error) {
	err := s.update(ctx, func(ctx context.Context, tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, sqlUpdateSurvey, in.Organization, in.ID, in.Version, int16(in.Status.State), in.Status.Revision,
			store.ToNano(in.UpdateTime), nullNano(in.Status.CloseTime), in.Body)
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return otherVersion(ctx, tx, in.Organization, in.ID)
		}
		if revision == nil {
			return nil
		}
		_, err = tx.Exec(ctx, sqlInsertRevision, in.Organization, in.ID, revision.Number, store.ToNano(revision.PublishTime), revision.Body)
		return err
	})
	if err != nil {
		return store.Survey{}, s.fail("update survey", err)
	}
	in.Version++
	return in, nil
}

// DeleteSurvey implements store.Surveys.
func (s *Store) DeleteSurvey(ctx context.Context, organization, id string, version int64) error {
	return s.fail("delete survey", s.update(ctx, func(ctx context.Context, tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, sqlDeleteSurvey, organization, id, version)
		if err == nil && tag.RowsAffected() == 0 {
			err = otherVersion(ctx, tx, organization, id)
		}
		return err
	}))
}

// otherVersion tells why a change met no row: there is no such survey, or it has another version.
func otherVersion(ctx context.Context, tx pgx.Tx, organization, id string) error {
	var exists bool
	if err := tx.QueryRow(ctx, sqlSurveyExists, organization, id).Scan(&exists); err != nil {
		return err
	}
	if !exists {
		return store.ErrNotFound
	}
	return store.ErrChanged
}

// update runs a transaction.
func (s *Store) update(ctx context.Context, fn func(ctx context.Context, tx pgx.Tx) error) error {
	if err := s.open(); err != nil {
		return err
	}
	return s.db.Update(ctx, fn)
}

func scanSurvey(row pgx.Row) (store.Survey, error) {
	var v store.Survey
	var state int16
	var created, updated int64
	var closed *int64
	err := row.Scan(&v.Order, &v.Organization, &v.ID, &state, &v.Status.Revision, &v.Version, &created, &updated, &closed, &v.Body)
	if err != nil {
		return store.Survey{}, notFound(err)
	}
	v.Status.State, v.Status.CloseTime = lifecycle.State(state), fromNull(closed)
	v.CreateTime, v.UpdateTime = store.FromNano(created), store.FromNano(updated)
	return v, nil
}

// notFound is the store's word for no row.
func notFound(err error) error {
	if errors.Is(err, pgx.ErrNoRows) {
		return store.ErrNotFound
	}
	return err
}

func nullNano(t time.Time) *int64 {
	if t.IsZero() {
		return nil
	}
	n := store.ToNano(t)
	return &n
}

func fromNull(n *int64) time.Time {
	if n == nil {
		return time.Time{}
	}
	return store.FromNano(*n)
}

// notNull is b, or no bytes: the driver takes a nil slice for NULL.
func notNull(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}
