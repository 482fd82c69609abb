package postgres

import (
	"context"
	"time"

	"github.com/otklik/otklik/services/survey/internal/lifecycle"
	"github.com/otklik/otklik/services/survey/internal/store"
)

const (
	// maxStatuses is the most callers whose statuses are read together.
	maxStatuses = 4096
	// statusPace spares the database most of the statements under load; a submission takes many times as long.
	statusPace = 2 * time.Millisecond
)

const sqlSelectStatuses = `SELECT k.n, s.state, s.revision, s.close_time
FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS k (organization, survey, n)
JOIN surveys s ON s.organization = k.organization AND s.survey = k.survey`

type surveyKey struct{ organization, survey string }

// statusCall asks for the status of a survey.
type statusCall struct {
	key    surveyKey
	status lifecycle.Status
}

// Status implements store.Surveys. Any process may have changed the survey a moment ago, so that nothing is remembered: callers share a statement
// that begins after they have asked.
func (s *Store) Status(ctx context.Context, organization, id string) (lifecycle.Status, error) {
	out, err := s.statuses.do(ctx, statusCall{key: surveyKey{organization, id}})
	if err != nil {
		return lifecycle.Status{}, s.fail("get status of survey", err)
	}
	return out.status, nil
}

// readStatuses answers callers by one statement.
func (s *Store) readStatuses(calls []*call[statusCall]) {
	var found map[surveyKey]lifecycle.Status
	err := inTime(func(ctx context.Context) (err error) {
		found, err = s.selectStatuses(ctx, calls)
		return err
	})
	for _, c := range calls {
		var ok bool
		switch c.value.status, ok = found[c.value.key]; {
		case err != nil:
			c.err = err
		case !ok:
			c.err = store.ErrNotFound
		}
	}
}

func (s *Store) selectStatuses(ctx context.Context, calls []*call[statusCall]) (map[surveyKey]lifecycle.Status, error) {
	var keys []surveyKey
	asked := make(map[surveyKey]bool)
	var organizations, surveys []string
	for _, c := range calls {
		if k := c.value.key; !asked[k] {
			asked[k] = true
			keys, organizations, surveys = append(keys, k), append(organizations, k.organization), append(surveys, k.survey)
		}
	}
	rows, err := s.db.Pool.Query(ctx, sqlSelectStatuses, organizations, surveys)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	found := make(map[surveyKey]lifecycle.Status, len(keys))
	for rows.Next() {
		var n int64
		var state int16
		var status lifecycle.Status
		var closed *int64
		if err := rows.Scan(&n, &state, &status.Revision, &closed); err != nil {
			return nil, err
		}
		status.State, status.CloseTime = lifecycle.State(state), fromNull(closed)
		found[keys[n-1]] = status
	}
	return found, rows.Err()
}
