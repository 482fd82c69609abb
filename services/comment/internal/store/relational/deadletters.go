package relational

import (
	"context"

	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/services/comment/internal/store"
)

const (
	deadLetterColumns = `organization, id, survey, response, position, reason, event, create_time, person`

	sqlInsertDeadLetter = `INSERT INTO dead_letters (` + deadLetterColumns + `, pass) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`
	// sqlDropDeadLetter removes what the same event left when it was read before.
	sqlDropDeadLetter    = `DELETE FROM dead_letters WHERE organization = $1 AND survey = $2 AND response = $3 AND (position = $4 OR (pass < $5 AND response <> ''))`
	sqlListDeadLetters   = `SELECT ` + deadLetterColumns + ` FROM dead_letters WHERE organization = $1 AND id > $2 ORDER BY id LIMIT $3`
	sqlSelectDeadLetter  = `SELECT ` + deadLetterColumns + ` FROM dead_letters WHERE organization = $1 AND id = $2`
	sqlPassOfDeadLetter  = `SELECT pass FROM dead_letters WHERE organization = $1 AND id = $2`
	sqlDeleteDeadLetter  = `DELETE FROM dead_letters WHERE organization = $1 AND id = $2`
	sqlDeleteDeadLetters = `DELETE FROM dead_letters WHERE organization = $1 AND survey = $2 AND response = $3 AND (position <= $4 OR pass < $5)`
)

func scanDeadLetter(row relational.Scanner) (d store.DeadLetter, err error) {
	var created int64
	err = row.Scan(&d.Organization, &d.ID, &d.Survey, &d.Response, &d.Position, &d.Reason, &d.Event, &created, &d.Person)
	d.CreateTime = relational.FromMicro(created)
	return d, err
}

// addDeadLetters stores dead letters, in place of those that the same events left in an earlier pass.
func (w *writing) addDeadLetters(ctx context.Context, pass int64, letters []store.DeadLetter) error {
	for _, d := range letters {
		if _, err := w.Exec(ctx, sqlDropDeadLetter, d.Organization, d.Survey, d.Response, d.Position, pass); err != nil {
			return err
		}
		_, err := w.Exec(ctx, sqlInsertDeadLetter, d.Organization, next(&w.deadLetters), d.Survey, d.Response, d.Position, d.Reason, d.Event, relational.ToMicro(d.CreateTime), d.Person, pass)
		if err != nil {
			return err
		}
	}
	return nil
}

// deleteDeadLetters removes those of a response up to a position of the pass.
func (w *writing) deleteDeadLetters(ctx context.Context, k responseKey, pass, position int64) (int64, error) {
	return w.Exec(ctx, sqlDeleteDeadLetters, k.organization, k.survey, k.id, position, pass)
}

// ListDeadLetters implements store.Feed.
func (s *Store) ListDeadLetters(ctx context.Context, organization string, after int64, limit int) ([]store.DeadLetter, error) {
	out, err := relational.List(ctx, s.db, scanDeadLetter, sqlListDeadLetters, organization, after, limit)
	return out, s.db.Explain("list dead letters", err)
}

// GetDeadLetter implements store.Feed.
func (s *Store) GetDeadLetter(ctx context.Context, organization string, id int64) (store.DeadLetter, error) {
	d, err := relational.One(ctx, s.db, scanDeadLetter, sqlSelectDeadLetter, organization, id)
	return d, s.db.Explain("get dead letter", notFound(err))
}

// ReplayDeadLetter implements store.Feed.
func (s *Store) ReplayDeadLetter(ctx context.Context, organization string, id int64, response store.Response) error {
	return s.write(ctx, "replay dead letter", func(ctx context.Context, w *writing) error {
		pass, err := relational.One(ctx, w, relational.Value[int64], sqlPassOfDeadLetter, organization, id)
		if err != nil {
			return notFound(err)
		}
		if _, err := w.Exec(ctx, sqlDeleteDeadLetter, organization, id); err != nil {
			return err
		}
		// It is the organisation's own, whatever the caller made of it.
		response.Organization = organization
		return w.storeResponses(ctx, pass, []store.Response{response})
	})
}
