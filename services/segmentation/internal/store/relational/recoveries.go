package relational

import (
	"context"
	"errors"
	"time"

	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/services/segmentation/internal/light"
	"github.com/otklik/otklik/services/segmentation/internal/recovery"
	"github.com/otklik/otklik/services/segmentation/internal/store"
)

const (
	recoveryColumns = `organization, id, contact, person, survey, question, cut, state, close_time, due_time, expire_time, invite_time, response, score, colour`

	sqlSelectRecovery = `SELECT ` + recoveryColumns + ` FROM recoveries WHERE organization = $1 AND id = $2`
	sqlPutRecovery    = `INSERT INTO recoveries (` + recoveryColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
ON CONFLICT (organization, id) DO UPDATE SET contact = excluded.contact, person = excluded.person, survey = excluded.survey, question = excluded.question,
cut = excluded.cut, state = excluded.state, close_time = excluded.close_time, due_time = excluded.due_time, expire_time = excluded.expire_time,
invite_time = excluded.invite_time, response = excluded.response, score = excluded.score, colour = excluded.colour`
	sqlCountRecoveries = `SELECT count(*), COALESCE(sum(CASE WHEN invite_time IS NOT NULL OR state = 4 THEN 1 ELSE 0 END), 0),
COALESCE(sum(CASE WHEN state = 4 AND score IS NOT NULL THEN 1 ELSE 0 END), 0), COALESCE(sum(CASE WHEN state = 4 AND score >= cut THEN 1 ELSE 0 END), 0)
FROM recoveries WHERE `
)

func scanRecovery(row relational.Scanner) (r recovery.Recovery, err error) {
	var closed, due, expires int64
	var invited *int64
	err = row.Scan(&r.Organization, &r.Case, &r.Contact, &r.Person, &r.Survey, &r.Question, &r.Cut, &r.State, &closed, &due, &expires, &invited, &r.Response, &r.Score,
		&r.Colour)
	r.CloseTime, r.DueTime, r.ExpireTime = relational.FromMicro(closed), relational.FromMicro(due), relational.FromMicro(expires)
	r.InviteTime = relational.FromNull(invited)
	return r, err
}

func (w *writing) putRecovery(ctx context.Context, r recovery.Recovery) error {
	_, err := w.Exec(ctx, sqlPutRecovery, r.Organization, r.Case, r.Contact, r.Person, r.Survey, r.Question, r.Cut, int64(r.State), relational.ToMicro(r.CloseTime),
		relational.ToMicro(r.DueTime), relational.ToMicro(r.ExpireTime), relational.NullMicro(r.InviteTime), r.Response, r.Score, int64(r.Colour))
	return err
}

// GetRecoveryPolicy implements store.Recoveries.
func (s *Store) GetRecoveryPolicy(ctx context.Context, organization string) (recovery.Policy, error) {
	p := recovery.Policy{Organization: organization}
	version, err := readDocument(ctx, s.db, organization, documentRecoveryPolicy, &p)
	p.Version = version
	return p, s.db.Explain("get recovery policy", err)
}

// PutRecoveryPolicy implements store.Recoveries.
func (s *Store) PutRecoveryPolicy(ctx context.Context, p recovery.Policy) (recovery.Policy, error) {
	err := s.write(ctx, "put recovery policy", func(ctx context.Context, w *writing) error {
		return w.putDocument(ctx, p.Organization, documentRecoveryPolicy, p.Version, p)
	})
	p.Version++
	return p, err
}

// ApplyClosings implements store.Recoveries.
func (s *Store) ApplyClosings(ctx context.Context, follower string, from, to int64, closings []store.Closing) error {
	return s.write(ctx, "apply closings of cases", func(ctx context.Context, w *writing) error {
		for _, c := range closings {
			if err := w.close(ctx, c); err != nil {
				return err
			}
		}
		return w.advance(ctx, follower, from, to)
	})
}

// sqlCancelRecovery cancels a recovery that nobody answered.
const sqlCancelRecovery = `UPDATE recoveries SET state = 6 WHERE organization = $1 AND id = $2 AND state IN (1, 3)`

func (w *writing) close(ctx context.Context, c store.Closing) (err error) {
	if c.Reopened {
		_, err = w.Exec(ctx, sqlCancelRecovery, c.Organization, c.Case)
		return err
	}
	if c.Contact == "" {
		return nil
	}
	if c.Contact, err = w.standing(ctx, c.Organization, c.Contact, c.Person); errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	var p recovery.Policy
	if err := readDocumentOrNone(ctx, w, c.Organization, documentRecoveryPolicy, &p); err != nil {
		return err
	}
	r, ok := recovery.Of(p, c.Organization, c.Case, c.Contact, c.Person, c.Time)
	if !ok {
		return nil
	}
	there, err := relational.One(ctx, w, scanRecovery, sqlSelectRecovery, c.Organization, c.Case)
	if err == nil && there.State == recovery.Answered {
		return nil
	}
	if err != nil && !errors.Is(err, relational.ErrNoRow) {
		return err
	}
	if !there.InviteTime.IsZero() {
		// The case was opened again after the contact was invited: nobody is asked twice after one case.
		r.State, r.InviteTime = recovery.Invited, there.InviteTime
	}
	if r.Colour, err = w.colourOf(ctx, c.Organization, c.Contact); err != nil {
		return err
	}
	return w.putRecovery(ctx, r)
}

// colourOf is the colour of a contact's light.
func (w *writing) colourOf(ctx context.Context, organization, contact string) (uint8, error) {
	l, err := lightOf(ctx, w, organization, light.Unit{Kind: light.Contact, ID: contact})
	if errors.Is(err, relational.ErrNoRow) {
		return 0, nil
	}
	return uint8(l.Colour), err
}

// ApplyRecoveryAnswers implements store.Recoveries.
func (s *Store) ApplyRecoveryAnswers(ctx context.Context, follower string, from, to int64, answers []store.RecoveryAnswer) error {
	return s.write(ctx, "apply answers after cases", func(ctx context.Context, w *writing) error {
		for _, a := range answers {
			if err := w.answerRecovery(ctx, a); err != nil {
				return err
			}
		}
		return w.advance(ctx, follower, from, to)
	})
}

func (w *writing) answerRecovery(ctx context.Context, a store.RecoveryAnswer) error {
	if a.Removed {
		_, err := w.Exec(ctx, sqlUnanswer, a.Organization, a.Response)
		return err
	}
	r, err := relational.One(ctx, w, scanRecovery, sqlSelectRecovery, a.Organization, a.Case)
	if errors.Is(err, relational.ErrNoRow) {
		return nil
	}
	if err != nil || r.Survey != a.Survey || r.State == recovery.Cancelled || (r.State == recovery.Answered && r.Response != a.Response) {
		return err
	}
	r.State, r.Response, r.Score = recovery.Answered, a.Response, recovery.Judge(r.Question, a.Scores)
	return w.putRecovery(ctx, r)
}

// sqlUnanswer takes an answer out of its recovery: it is as if the contact were only invited. The recovery is looked for by itself, since SQLite would rather go
// through all of the organisation than look at an index and at the table.
const sqlUnanswer = `UPDATE recoveries SET state = CASE WHEN invite_time IS NULL THEN 1 ELSE 3 END, response = '', score = NULL
WHERE organization = $1 AND id IN (SELECT id FROM recoveries WHERE organization = $1 AND response = $2 AND response <> '') AND state = 4`

// GetRecovery implements store.Recoveries.
func (s *Store) GetRecovery(ctx context.Context, organization, id string) (recovery.Recovery, error) {
	r, err := relational.One(ctx, s.db, scanRecovery, sqlSelectRecovery, organization, id)
	return r, s.db.Explain("get recovery", notFound(err))
}

// InviteRecovery implements store.Recoveries.
func (s *Store) InviteRecovery(ctx context.Context, organization, id string, at time.Time) (r recovery.Recovery, err error) {
	err = s.write(ctx, "invite", func(ctx context.Context, w *writing) error {
		if r, err = relational.One(ctx, w, scanRecovery, sqlSelectRecovery, organization, id); err != nil {
			return notFound(err)
		}
		switch r.At(at) {
		case recovery.Waiting, recovery.Due, recovery.Invited:
		default:
			return store.ErrChanged
		}
		if r.State != recovery.Invited {
			r.State, r.InviteTime = recovery.Invited, relational.FromMicro(relational.ToMicro(at))
		}
		return w.putRecovery(ctx, r)
	})
	return r, err
}

// ListRecoveries implements store.Recoveries.
func (s *Store) ListRecoveries(ctx context.Context, q store.RecoveryQuery) ([]recovery.Recovery, bool, error) {
	where := conditions{}
	where.equal("organization", q.Organization)
	if len(q.States) > 0 {
		now, either := where.arg(relational.ToMicro(q.Now)), ""
		for n, state := range q.States {
			if n > 0 {
				either += " OR "
			}
			either += "(" + recoveryAt(state, now) + ")"
		}
		// The parameter is used even where no state depends on the time.
		where.and("(" + either + ") AND " + now + " = " + now)
	}
	all, err := relational.ListOnce(ctx, s.db, scanRecovery, `SELECT `+recoveryColumns+` FROM recoveries WHERE `+where.text.String()+
		` ORDER BY due_time, id LIMIT `+where.arg(q.Limit+1)+` OFFSET `+where.arg(q.Offset), where.args...)
	if err != nil {
		return nil, false, s.db.Explain("list recoveries", err)
	}
	out, more := relational.Page(all, q.Limit)
	return out, more, nil
}

// recoveryAt is the condition on recoveries that are in a state at a time, as recovery.At tells.
func recoveryAt(state recovery.State, now string) string {
	switch state {
	case recovery.Waiting:
		return "state = 1 AND due_time > " + now + " AND expire_time > " + now
	case recovery.Due:
		return "state = 1 AND due_time <= " + now + " AND expire_time > " + now
	case recovery.Invited:
		return "state = 3 AND expire_time > " + now
	case recovery.Answered:
		return "state = 4"
	case recovery.Expired:
		return "state IN (1, 3) AND expire_time <= " + now
	}
	return "state = 6"
}

// CountRecoveries implements store.Recoveries.
func (s *Store) CountRecoveries(ctx context.Context, organization string, from, to time.Time) (c recovery.Counts, err error) {
	where := conditions{}
	where.equal("organization", organization)
	where.and("state <> 6")
	if !from.IsZero() {
		where.and("close_time >= " + where.arg(relational.ToMicro(from)))
	}
	if !to.IsZero() {
		where.and("close_time < " + where.arg(relational.ToMicro(to)))
	}
	err = s.db.View(ctx, func(ctx context.Context, r relational.Reader) error {
		c, err = relational.One(ctx, r, func(row relational.Scanner) (c recovery.Counts, err error) {
			err = row.Scan(&c.Cases, &c.Invited, &c.Answered, &c.Recovered)
			return c, err
		}, sqlCountRecoveries+where.text.String(), where.args...)
		if err != nil {
			return err
		}
		answered, err := relational.List(ctx, r, scanRecovery, `SELECT `+recoveryColumns+` FROM recoveries WHERE `+where.text.String()+
			` AND state = 4 AND score IS NOT NULL AND colour > 0`, where.args...)
		if err != nil {
			return err
		}
		c.ByLight, err = countBetter(ctx, r, answered)
		return err
	})
	return c, s.db.Explain("count recoveries", err)
}

// countBetter counts recoveries whose contact has a better light than when the case was closed.
func countBetter(ctx context.Context, r relational.Reader, answered []recovery.Recovery) (n int64, err error) {
	for _, a := range answered {
		l, err := lightOf(ctx, r, a.Organization, light.Unit{Kind: light.Contact, ID: a.Contact})
		if errors.Is(err, relational.ErrNoRow) {
			continue
		}
		if err != nil {
			return 0, err
		}
		if uint8(l.Colour) > a.Colour {
			n++
		}
	}
	return n, nil
}

// recoveryTable is that of recoveries.
func recoveryTable() personTable {
	return personTable{table: "recoveries", kind: "recoveries", name: "'recoveries/' || id", time: "close_time"}
}
