package relational

import (
	"context"
	"strings"
	"time"

	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/services/segmentation/internal/interview"
	"github.com/otklik/otklik/services/segmentation/internal/store"
)

const (
	interviewColumns = `organization, id, contact, company, location, region, person, state, interviewer, schedule_time, stake, score, key, sealed, create_time, version, body`

	sqlInterviewTaken  = `SELECT 1 FROM interviews WHERE organization = $1 AND id = $2`
	sqlToBeHeld        = `SELECT id FROM interviews WHERE organization = $1 AND contact = $2 AND state IN (1, 2)`
	sqlInsertInterview = `INSERT INTO interviews (` + interviewColumns + `, codes)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)`
	sqlSelectInterview = `SELECT ` + interviewColumns + ` FROM interviews WHERE organization = $1 AND id = $2`
	sqlUpdateInterview = `UPDATE interviews SET state = $4, interviewer = $5, schedule_time = $6, key = $7, sealed = $8, codes = $9, body = $10, version = version + 1
WHERE organization = $1 AND id = $2 AND version = $3`
	sqlCodesInUse = `SELECT DISTINCT codes FROM interviews WHERE organization = $1 AND codes <> ''`
)

// noScore stands for a score that there is not, so that it sorts last.
const noScore = 99

func scanInterview(row relational.Scanner) (i interview.Interview, err error) {
	var scheduled *int64
	var created int64
	var score float64
	var key string
	var body []byte
	err = row.Scan(&i.Organization, &i.ID, &i.Contact, &i.Company, &i.Location, &i.Region, &i.Person, &i.State, &i.Interviewer, &scheduled, &i.Stake, &score, &key,
		&i.Sealed, &created, &i.Version, &body)
	if err != nil {
		return interview.Interview{}, err
	}
	i.ScheduleTime, i.CreateTime = relational.FromNull(scheduled), relational.FromMicro(created)
	return i, decode(body, &i)
}

// interviewValues are the columns of an interview that may change: codes and body, and its score.
func interviewValues(i interview.Interview) (codes string, body []byte, score float64, err error) {
	if len(i.Codes) > 0 {
		codes = " " + strings.Join(i.Codes, " ") + " "
	}
	score = noScore
	if i.Score != nil {
		score = *i.Score
	}
	body, err = encode(i)
	return codes, body, score, err
}

// roundInterview is an interview with its times as they are kept.
func roundInterview(i interview.Interview) interview.Interview {
	for _, t := range []*time.Time{&i.ScheduleTime, &i.CreateTime, &i.UpdateTime, &i.CompleteTime} {
		if !t.IsZero() {
			*t = relational.FromMicro(relational.ToMicro(*t))
		}
	}
	return i
}

// insertInterview stores an interview of a contact who has none that is to be held, under version 1. One that came by no pseudonym is kept by the contact's own.
func (w *writing) insertInterview(ctx context.Context, i *interview.Interview) (err error) {
	if len(i.Person) == 0 {
		if i.Person, err = contactPerson(ctx, w, i.Organization, i.Contact); err != nil {
			return err
		}
	}
	codes, body, score, err := interviewValues(*i)
	if err != nil {
		return err
	}
	_, err = w.Exec(ctx, sqlInsertInterview, i.Organization, i.ID, i.Contact, i.Company, i.Location, i.Region, i.Person, int64(i.State), i.Interviewer,
		relational.NullMicro(i.ScheduleTime), i.Stake, score, keyOf(i.Sealed), i.Sealed, relational.ToMicro(i.CreateTime), i.Version, body, codes)
	if err != nil {
		return err
	}
	return w.rememberInterview(ctx, *i)
}

// CreateInterview implements store.Interviews.
func (s *Store) CreateInterview(ctx context.Context, i interview.Interview) (interview.Interview, error) {
	i = roundInterview(i)
	i.Version = 1
	err := s.write(ctx, "create interview", func(ctx context.Context, w *writing) error {
		if taken, err := relational.Exists(ctx, w, sqlInterviewTaken, i.Organization, i.ID); err != nil || taken {
			return orExists(err)
		}
		if held, err := relational.List(ctx, w, relational.Value[string], sqlToBeHeld, i.Organization, i.Contact); err != nil {
			return err
		} else if len(held) > 0 && i.State.Active() {
			return store.ErrInterviewed
		}
		return w.insertInterview(ctx, &i)
	})
	if err != nil {
		return interview.Interview{}, err
	}
	return i, nil
}

// orExists is ErrExists unless looking failed.
func orExists(err error) error {
	if err != nil {
		return err
	}
	return store.ErrExists
}

// GetInterview implements store.Interviews.
func (s *Store) GetInterview(ctx context.Context, organization string, units store.Units, id string) (i interview.Interview, err error) {
	err = s.db.View(ctx, func(ctx context.Context, r relational.Reader) error {
		of, err := reachOf(ctx, r, organization, units)
		if err != nil {
			return err
		}
		i, err = relational.One(ctx, r, scanInterview, sqlSelectInterview, organization, id)
		if err == nil && !of.Within(store.Place{Company: i.Company, Location: i.Location, Region: i.Region}) {
			return store.ErrNotFound
		}
		return notFound(err)
	})
	if err != nil {
		return interview.Interview{}, s.db.Explain("get interview", err)
	}
	return i, nil
}

// interviewsWhere reads interviews that a caller sees; end is what stands behind the conditions.
func (s *Store) interviewsWhere(ctx context.Context, organization string, units store.Units, where *conditions, end func(*conditions) string) (out []interview.Interview, err error) {
	err = s.db.View(ctx, func(ctx context.Context, r relational.Reader) error {
		of, err := reachOf(ctx, r, organization, units)
		if err != nil {
			return err
		}
		which := where.clone()
		which.within(of.Units, placeColumns)
		out, err = relational.List(ctx, r, scanInterview, `SELECT `+interviewColumns+` FROM interviews WHERE `+which.text.String()+end(which), which.args...)
		return err
	})
	return out, s.db.Explain("list interviews", err)
}

// ListInterviews implements store.Interviews.
func (s *Store) ListInterviews(ctx context.Context, q store.InterviewQuery) ([]interview.Interview, bool, error) {
	where := conditions{}
	where.equal("organization", q.Organization)
	states := make([]int64, len(q.States))
	for n, state := range q.States {
		states[n] = int64(state)
	}
	among(&where, "state", states)
	where.equal("contact", q.Contact)
	where.equal("interviewer", q.Interviewer)
	if q.Code != "" {
		// A low line of a code stands for itself.
		where.and("codes LIKE " + where.arg("% "+strings.ReplaceAll(q.Code, "_", `\_`)+" %") + ` ESCAPE '\'`)
	}
	all, err := s.interviewsWhere(ctx, q.Organization, q.Units, &where, func(c *conditions) string {
		return ` ORDER BY stake DESC, score, create_time, id LIMIT ` + c.arg(q.Limit+1) + ` OFFSET ` + c.arg(q.Offset)
	})
	if err != nil {
		return nil, false, err
	}
	out, more := relational.Page(all, q.Limit)
	return out, more, nil
}

// ScheduledInterviews implements store.Interviews.
func (s *Store) ScheduledInterviews(ctx context.Context, q store.DateQuery) ([]interview.Interview, error) {
	where := conditions{}
	where.equal("organization", q.Organization)
	where.and("schedule_time >= " + where.arg(relational.ToMicro(q.From)))
	where.and("schedule_time < " + where.arg(relational.ToMicro(q.To)))
	where.equal("interviewer", q.Owner)
	among(&where, "state", []int64{int64(interview.Scheduled), int64(interview.Completed)})
	return s.interviewsWhere(ctx, q.Organization, q.Units, &where, func(c *conditions) string { return ` ORDER BY schedule_time, id LIMIT ` + c.arg(q.Limit) })
}

// UpdateInterview implements store.Interviews.
func (s *Store) UpdateInterview(ctx context.Context, i interview.Interview) (interview.Interview, error) {
	i = roundInterview(i)
	err := s.write(ctx, "update interview", func(ctx context.Context, w *writing) error { return w.updateInterview(ctx, i) })
	if err != nil {
		return interview.Interview{}, err
	}
	i.Version++
	return i, nil
}

func (w *writing) updateInterview(ctx context.Context, i interview.Interview) error {
	there, err := relational.One(ctx, w, scanInterview, sqlSelectInterview, i.Organization, i.ID)
	if err != nil {
		return notFound(err)
	}
	if there.Version != i.Version {
		return store.ErrChanged
	}
	if i.State.Active() && !there.State.Active() {
		held, err := relational.List(ctx, w, relational.Value[string], sqlToBeHeld, i.Organization, there.Contact)
		if err != nil {
			return err
		}
		if len(held) > 0 {
			return store.ErrInterviewed
		}
	}
	codes, body, _, err := interviewValues(i)
	if err != nil {
		return err
	}
	if _, err := w.Exec(ctx, sqlUpdateInterview, i.Organization, i.ID, i.Version, int64(i.State), i.Interviewer, relational.NullMicro(i.ScheduleTime), keyOf(i.Sealed),
		i.Sealed, codes, body); err != nil {
		return err
	}
	return w.rememberInterview(ctx, i)
}
