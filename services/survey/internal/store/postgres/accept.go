package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/otklik/otklik/libs/pgkit"
	"github.com/otklik/otklik/services/survey/internal/store"
)

const (
	// maxGroupBytes bounds what is committed together: other processes wait meanwhile.
	maxGroupBytes = 2 << 20
	// rowBytes is what a submission weighs beside its body.
	rowBytes = 200
	// acceptLinger makes groups larger under load: a transaction costs as much as fifteen rows. It is far less than the time in which an answer
	// has to reach the scores.
	acceptLinger = 10 * time.Millisecond
	// flightTimeout bounds a flight when the database does not answer, so that callers get to hear of it.
	flightTimeout = 15 * time.Second
	// groupAttempts is how often a group is tried that met another transaction and was undone.
	groupAttempts = 3
)

// sqlAccept stores a group in one statement, which the server finishes whatever becomes of the client: nobody waits for a process that was stopped
// in the middle. First the log is locked, so that groups of all processes come one after another; then the identifiers tell which submissions are
// new, and those get their places after the head. The last step sees the head as it was when the statement began; that it is another one by
// then is what the server checks when it changes a row.
//
// The test for new submissions is a look-up in a hash; "IS TRUE" keeps the planner from making a join of it, whose plan depends on guesses about the
// length of arrays. The lock is a condition, since nothing at all is no column where the tables are distributed over servers.
//
// The schema of the version before has no place for whom a submission is about, nor for decisions: acceptBefore leaves them out.
var (
	sqlAccept       = acceptStatement(", person", ", person", "$11::bytea[]", acceptConsents)
	sqlAcceptBefore = acceptStatement("", "", "", "")
)

// acceptConsents stores the decisions that came with new submissions; $12 are the numbers of the submissions in the group.
const acceptConsents = `, decided AS (
    INSERT INTO consents (organization, person, consent, person_key, body)
    SELECT c.organization, c.person, c.consent, c.person_key, c.body
    FROM unnest($12::bigint[], $13::text[], $14::bytea[], $15::text[], $16::text[], $17::bytea[]) AS c (n, organization, person, consent, person_key, body)
    WHERE ((SELECT position FROM head) + c.n IN (SELECT position FROM fresh)) IS TRUE
)`

func acceptStatement(alias, column, array, consents string) string {
	if array != "" {
		array = ", " + array
	}
	return `WITH head AS MATERIALIZED (
    SELECT position, pg_advisory_xact_lock($10) IS NULL AS locked FROM log_head LIMIT 1 FOR NO KEY UPDATE
), input AS MATERIALIZED (
    SELECT t.*, (SELECT position FROM head) + t.n AS position
    FROM unnest($1::text[], $2::text[], $3::smallint[], $4::text[], $5::bytea[], $6::integer[], $7::bigint[], $8::text[], $9::bytea[]` + array + `)
        WITH ORDINALITY AS t (organization, survey, kind, id, fingerprint, revision, count_time, trace, body` + alias + `, n)
), fresh AS (
    INSERT INTO identifiers (organization, survey, kind, id, fingerprint, position, accept_time)
    SELECT organization, survey, kind, id, fingerprint, position, now() FROM input
    ON CONFLICT DO NOTHING RETURNING position
), stored AS (
    INSERT INTO submissions (organization, survey, kind, position, count_time, accept_time, id, revision, trace, body` + column + `)
    SELECT organization, survey, kind, position, count_time, now(), id, revision, nullif(trace, ''), body` + column + ` FROM input
    WHERE (position IN (SELECT position FROM fresh)) IS TRUE
)` + consents + `, moved AS (
    UPDATE log_head SET position = (SELECT max(position) FROM fresh) WHERE EXISTS (SELECT FROM fresh)
)
SELECT (SELECT position FROM head), array_agg(position) FILTER (WHERE (SELECT count(*) FROM fresh) < cardinality($1::text[])), count(*) FROM fresh`
}

// acceptance is a call of Accept.
type acceptance struct {
	organization, survey string
	kind                 store.Kind
	in                   []store.NewSubmission
	outcomes             []store.Outcome
}

func weighAcceptance(a *acceptance) int {
	weight := 0
	for i := range a.in {
		weight += len(a.in[i].Body) + rowBytes
		for j := range a.in[i].Consents {
			weight += len(a.in[i].Consents[j].Body) + rowBytes
		}
	}
	return weight
}

// Accept implements store.Submissions.
func (s *Store) Accept(ctx context.Context, organization, survey string, kind store.Kind, in []store.NewSubmission) ([]store.Outcome, error) {
	if err := s.open(); err != nil {
		return nil, err
	}
	if len(in) == 0 {
		return nil, nil
	}
	for i := range in {
		if len(in[i].Consents) > 0 && !s.persons {
			return nil, s.outdated("accept submissions")
		}
	}
	out, err := s.accepts.do(ctx, acceptance{organization: organization, survey: survey, kind: kind, in: in})
	if err != nil {
		return nil, s.fail("accept submissions", err)
	}
	return out.outcomes, nil
}

// acceptGroup stores the submissions of several calls in one transaction. When the data of one makes the server refuse the statement, the group
// is halved until that call is alone, so that it harms no other.
func (s *Store) acceptGroup(calls []*call[acceptance]) {
	g := newGroup(calls)
	err := inTime(func(ctx context.Context) error { return s.storeGroup(ctx, g) })
	if err == nil {
		s.head.Advance(g.last)
		s.answerReplays(g)
		return
	}
	if len(calls) > 1 && blamesData(err) {
		half := len(calls) / 2
		s.acceptGroup(calls[:half])
		s.acceptGroup(calls[half:])
		return
	}
	for _, c := range calls {
		c.err = err
	}
}

// inTime runs what a flight does. That the time of the flight is over is nothing that its callers had a part in: they may try again.
func inTime(fn func(ctx context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), flightTimeout)
	defer cancel()
	err := fn(ctx)
	if err != nil && ctx.Err() != nil {
		return fmt.Errorf("%w: no answer within %v", pgkit.ErrUnavailable, flightTimeout)
	}
	return err
}

// storeGroup runs the statement, again when nothing can have come of it.
func (s *Store) storeGroup(ctx context.Context, g *group) error {
	for attempt := 1; ; attempt++ {
		var base int64
		var fresh []int64
		var count int
		query, args := sqlAcceptBefore, append(g.columns(), s.logLock)
		if s.persons {
			query, args = sqlAccept, append(args, g.personColumns()...)
		}
		err := s.db.Pool.QueryRow(ctx, query, args...).Scan(&base, &fresh, &count)
		if err == nil {
			g.place(base, fresh, count)
			return nil
		}
		if attempt == groupAttempts || !pgconn.SafeToRetry(err) && !errors.Is(pgkit.Translate(err), pgkit.ErrBusy) {
			return err
		}
	}
}

// blamesData tells whether the server refused a statement for what was to be stored: a value, a row or its size.
func blamesData(err error) bool {
	const dataException, integrityViolation, limitExceeded = "22", "23", "54"
	code := pgkit.Code(err)
	if len(code) != 5 {
		return false
	}
	switch code[:2] {
	case dataException, integrityViolation, limitExceeded:
		return true
	}
	return false
}
