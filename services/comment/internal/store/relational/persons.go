package relational

import (
	"context"
	"errors"

	"github.com/otklik/otklik/services/comment/internal/store"
)

const (
	// sqlListPerson begins with the person's responses, of which there are few: the sign keeps seq from being what is searched by, and p is read from an index.
	sqlListPerson = `SELECT ` + commentColumns + ` FROM responses p CROSS JOIN comments c CROSS JOIN comment_bodies b CROSS JOIN responses r
WHERE p.organization = $1 AND p.person = $2 AND c.organization = $1 AND c.survey = p.survey AND c.response = p.id AND +c.seq > $3
AND b.organization = c.organization AND b.seq = c.seq AND r.organization = c.organization AND r.no = c.response_no ORDER BY c.seq LIMIT $4`
	sqlErased = `SELECT comments, corrections, testimonials, dead_letters, mentions FROM erasures WHERE organization = $1 AND erasure = $2`
)

// ListPerson implements store.Persons.
func (s *Store) ListPerson(ctx context.Context, organization string, person []byte, after int64, limit int) ([]store.Comment, error) {
	out, err := list(ctx, s.db, scanComment, sqlListPerson, organization, person, after, limit)
	return out, s.db.Explain("list comments of a person", err)
}

// Erased implements store.Persons.
func (s *Store) Erased(ctx context.Context, organization, erasure string) (store.Erased, error) {
	e, err := one(ctx, s.db, func(row Scanner) (e store.Erased, err error) {
		err = row.Scan(&e.Comments, &e.Corrections, &e.Testimonials, &e.DeadLetters, &e.Mentions)
		return e, err
	}, sqlErased, organization, erasure)
	if errors.Is(err, errNoRow) {
		return store.Erased{}, nil
	}
	return e, s.db.Explain("count what was erased", err)
}
