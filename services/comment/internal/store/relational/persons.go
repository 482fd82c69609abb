package relational

import (
	"context"
	"errors"

	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/services/comment/internal/store"
)

const (
	// sqlListPerson begins with the person's responses, of which there are few: the sign keeps seq from being what is searched by, and p is read from an index.
	sqlListPerson = `SELECT ` + commentColumns + ` FROM responses p CROSS JOIN comments c CROSS JOIN comment_bodies b CROSS JOIN responses r
WHERE p.organization = $1 AND p.person = $2 AND c.organization = $1 AND c.survey = p.survey AND c.response = p.id AND +c.seq > $3
AND b.organization = c.organization AND b.seq = c.seq AND r.organization = c.organization AND r.no = c.response_no ORDER BY c.seq LIMIT $4`
	// Those of a person are few: what they are ordered by keeps the order from being what is searched by.
	ofPerson              = `FROM responses p CROSS JOIN `
	byResponse            = ` WHERE p.organization = $1 AND p.person = $2 AND x.organization = $1 AND x.survey = p.survey AND x.response = p.id`
	sqlPersonTestimonials = `SELECT x.body ` + ofPerson + `testimonials x` + byResponse + ` ORDER BY x.id || ''`
	sqlPersonCorrections  = `SELECT x.body ` + ofPerson + `corrections x` + byResponse + ` ORDER BY x.id + 0`
	sqlPersonMentions     = `SELECT x.organization, x.survey, x.response, x.comment, x.entry ` + ofPerson + `entry_mentions x` + byResponse + ` ORDER BY 2, 3, 4, 5`
	sqlPersonLetters      = `SELECT ` + deadLetterColumns + ` FROM dead_letters WHERE organization = $1 AND person = $2 ORDER BY id + 0`

	sqlErased = `SELECT comments, corrections, testimonials, dead_letters, mentions FROM erasures WHERE organization = $1 AND erasure = $2`
)

// ListPerson implements store.Persons.
func (s *Store) ListPerson(ctx context.Context, organization string, person []byte, after int64, limit int) ([]store.Comment, error) {
	out, err := relational.List(ctx, s.db, scanComment, sqlListPerson, organization, person, after, limit)
	return out, s.db.Explain("list comments of a person", err)
}

// ListPersonRecords implements store.Persons.
func (s *Store) ListPersonRecords(ctx context.Context, organization string, person []byte) (out store.PersonRecords, err error) {
	err = s.db.View(ctx, func(ctx context.Context, r relational.Reader) error {
		if out.Testimonials, err = relational.List(ctx, r, scanTestimonial, sqlPersonTestimonials, organization, person); err != nil {
			return err
		}
		if out.Corrections, err = relational.List(ctx, r, scanCorrection, sqlPersonCorrections, organization, person); err != nil {
			return err
		}
		if out.Mentions, err = relational.List(ctx, r, scanMention, sqlPersonMentions, organization, person); err != nil {
			return err
		}
		out.DeadLetters, err = relational.List(ctx, r, scanDeadLetter, sqlPersonLetters, organization, person)
		return err
	})
	if err != nil {
		return store.PersonRecords{}, s.db.Explain("list what is kept of a person", err)
	}
	return out, nil
}

func scanMention(row relational.Scanner) (m store.Mention, err error) {
	err = row.Scan(&m.Ref.Organization, &m.Ref.Survey, &m.Ref.Response, &m.Ref.ID, &m.Entry)
	return m, err
}

// Erased implements store.Persons.
func (s *Store) Erased(ctx context.Context, organization, erasure string) (store.Erased, error) {
	e, err := relational.One(ctx, s.db, func(row relational.Scanner) (e store.Erased, err error) {
		err = row.Scan(&e.Comments, &e.Corrections, &e.Testimonials, &e.DeadLetters, &e.Mentions)
		return e, err
	}, sqlErased, organization, erasure)
	if errors.Is(err, relational.ErrNoRow) {
		return store.Erased{}, nil
	}
	return e, s.db.Explain("count what was erased", err)
}
