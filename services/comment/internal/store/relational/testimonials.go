package relational

import (
	"context"

	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/services/comment/internal/store"
	"github.com/otklik/otklik/services/comment/internal/testimonial"
)

const (
	sqlTestimonialTaken  = `SELECT 1 FROM testimonials WHERE organization = $1 AND (id = $2 OR survey = $3 AND response = $4 AND comment = $5 AND state <> 3)`
	sqlCommentExists     = `SELECT 1 FROM comments c WHERE ` + refCondition
	sqlInsertTestimonial = `INSERT INTO testimonials (organization, id, survey, response, comment, state, uses, create_time, body)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`
	sqlSelectTestimonial = `SELECT body FROM testimonials WHERE organization = $1 AND id = $2`
	sqlUpdateTestimonial = `UPDATE testimonials SET state = $4, uses = $5, body = $6 WHERE organization = $1 AND id = $2 AND state = $3`
	sqlTestimonialsOf    = `SELECT body FROM testimonials WHERE organization = $1 AND survey = $2 AND response = $3 AND comment = $4`
	sqlPublished         = `SELECT body FROM testimonials WHERE (organization, id) > ($1, $2) AND state = $3 ORDER BY organization, id LIMIT $4`
)

func scanTestimonial(row relational.Scanner) (t testimonial.Testimonial, err error) {
	text, err := relational.Value[string](row)
	if err == nil {
		err = decode(text, &t)
	}
	return t, err
}

// testimonialColumns are what is kept of a testimonial beside its body.
func testimonialColumns(t testimonial.Testimonial) (uses int64, body string, err error) {
	for _, use := range t.Uses {
		uses |= bit(use)
	}
	t.CreateTime = relational.FromMicro(relational.ToMicro(t.CreateTime))
	body, err = encode(t)
	return uses, body, err
}

// bit is the place of a use among the uses.
func bit(use testimonial.Use) int64 { return 1 << use }

// CreateTestimonial implements store.Testimonials.
func (s *Store) CreateTestimonial(ctx context.Context, t testimonial.Testimonial) error {
	return s.write(ctx, "create testimonial", func(ctx context.Context, w *writing) error {
		if there, err := relational.Exists(ctx, w, sqlCommentExists, t.Organization, t.Survey, t.Response, t.Comment); err != nil {
			return err
		} else if !there {
			return store.ErrNotFound
		}
		if taken, err := relational.Exists(ctx, w, sqlTestimonialTaken, t.Organization, t.ID, t.Survey, t.Response, t.Comment); err != nil {
			return err
		} else if taken {
			return store.ErrExists
		}
		uses, body, err := testimonialColumns(t)
		if err != nil {
			return err
		}
		_, err = w.Exec(ctx, sqlInsertTestimonial, t.Organization, t.ID, t.Survey, t.Response, t.Comment, int64(t.State), uses, relational.ToMicro(t.CreateTime), body)
		return err
	})
}

// GetTestimonial implements store.Testimonials.
func (s *Store) GetTestimonial(ctx context.Context, organization, id string) (testimonial.Testimonial, error) {
	t, err := relational.One(ctx, s.db, scanTestimonial, sqlSelectTestimonial, organization, id)
	return t, s.db.Explain("get testimonial", notFound(err))
}

// ListTestimonials implements store.Testimonials.
func (s *Store) ListTestimonials(ctx context.Context, q store.TestimonialQuery) ([]testimonial.Testimonial, bool, error) {
	where := conditions{}
	where.and("organization = " + where.arg(q.Organization))
	if q.State != 0 {
		where.and("state = " + where.arg(int64(q.State)))
	}
	if q.Use != 0 {
		where.and("uses & " + where.arg(bit(q.Use)) + " <> 0")
	}
	all, err := relational.ListOnce(ctx, s.db, scanTestimonial, `SELECT body FROM testimonials WHERE `+where.text.String()+
		` ORDER BY create_time DESC, id DESC LIMIT `+where.arg(q.Limit+1)+` OFFSET `+where.arg(q.Offset), where.args...)
	if err != nil {
		return nil, false, s.db.Explain("list testimonials", err)
	}
	out, more := relational.Page(all, q.Limit)
	return out, more, nil
}

// UpdateTestimonial implements store.Testimonials.
func (s *Store) UpdateTestimonial(ctx context.Context, t testimonial.Testimonial, from testimonial.State) error {
	return s.write(ctx, "update testimonial", func(ctx context.Context, w *writing) error {
		before, err := relational.One(ctx, w, scanTestimonial, sqlSelectTestimonial, t.Organization, t.ID)
		if err != nil {
			return notFound(err)
		}
		// Which comment it is of, and since when, does not change.
		t.Survey, t.Response, t.Comment, t.CreateTime = before.Survey, before.Response, before.Comment, before.CreateTime
		uses, body, err := testimonialColumns(t)
		if err != nil {
			return err
		}
		isSame, err := changed(w.Exec(ctx, sqlUpdateTestimonial, t.Organization, t.ID, int64(from), int64(t.State), uses, body))
		if err == nil && !isSame {
			return store.ErrChanged
		}
		return err
	})
}

// ListCandidates implements store.Testimonials.
func (s *Store) ListCandidates(ctx context.Context, q store.CommentQuery) (comments []store.Comment, more bool, err error) {
	q.Slice.Sentiment = store.Positive
	err = s.db.View(ctx, func(ctx context.Context, r relational.Reader) error {
		var where conditions
		where.slice(s.db, q.Slice)
		where.and(`NOT EXISTS (SELECT 1 FROM testimonials t WHERE t.organization = c.organization AND t.survey = c.survey AND t.response = c.response AND t.comment = c.id AND t.state <> 3)`)
		comments, more, err = s.listComments(ctx, r, q, &where)
		return err
	})
	if err != nil {
		return nil, false, s.db.Explain("list candidates", err)
	}
	return comments, more, nil
}

// PublishedAfter implements store.Testimonials.
func (s *Store) PublishedAfter(ctx context.Context, after [2]string, limit int) ([]testimonial.Testimonial, error) {
	out, err := relational.List(ctx, s.db, scanTestimonial, sqlPublished, after[0], after[1], int64(testimonial.Published), limit)
	return out, s.db.Explain("list published testimonials", err)
}
