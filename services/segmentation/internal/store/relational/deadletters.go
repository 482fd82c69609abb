package relational

import (
	"context"

	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/services/segmentation/internal/store"
)

const (
	letterColumns = `organization, id, follower, resource, person, position, reason, event, create_time`

	sqlAddLetter     = `INSERT INTO dead_letters (` + letterColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`
	sqlLetters       = `SELECT ` + letterColumns + ` FROM dead_letters WHERE organization = $1 AND id > $2 ORDER BY id LIMIT $3`
	sqlLetter        = `SELECT ` + letterColumns + ` FROM dead_letters WHERE organization = $1 AND id = $2`
	sqlDropLetter    = `DELETE FROM dead_letters WHERE organization = $1 AND id = $2`
	sqlAnyLetterOf   = `SELECT 1 FROM dead_letters WHERE organization = $1 AND resource = $2`
	sqlDropLettersOf = `DELETE FROM dead_letters WHERE organization = $1 AND resource = $2`
)

func scanLetter(row relational.Scanner) (d store.DeadLetter, err error) {
	var created int64
	err = row.Scan(&d.Organization, &d.ID, &d.Follower, &d.Resource, &d.Person, &d.Position, &d.Reason, &d.Event, &created)
	d.CreateTime = relational.FromMicro(created)
	return d, err
}

// ListDeadLetters implements store.DeadLetters.
func (s *Store) ListDeadLetters(ctx context.Context, organization string, after int64, limit int) ([]store.DeadLetter, error) {
	list, err := relational.List(ctx, s.db, scanLetter, sqlLetters, organization, after, limit)
	return list, s.db.Explain("list dead letters", err)
}

// GetDeadLetter implements store.DeadLetters.
func (s *Store) GetDeadLetter(ctx context.Context, organization string, id int64) (store.DeadLetter, error) {
	d, err := relational.One(ctx, s.db, scanLetter, sqlLetter, organization, id)
	return d, s.db.Explain("get dead letter", notFound(err))
}

// DropDeadLetter implements store.DeadLetters.
func (s *Store) DropDeadLetter(ctx context.Context, organization string, id int64) error {
	return s.write(ctx, "drop dead letter", func(ctx context.Context, w *writing) error {
		return found(w.Exec(ctx, sqlDropLetter, organization, id))
	})
}

// DropDeadLettersOf implements store.DeadLetters.
func (s *Store) DropDeadLettersOf(ctx context.Context, organization, resource string) error {
	// A look costs less than a turn, and as a rule there is nothing.
	there, err := relational.Exists(ctx, s.db, sqlAnyLetterOf, organization, resource)
	if err != nil || !there {
		return s.db.Explain("look for dead letters", err)
	}
	return s.write(ctx, "drop dead letters", func(ctx context.Context, w *writing) error {
		_, err := w.Exec(ctx, sqlDropLettersOf, organization, resource)
		return err
	})
}
