package relational

import (
	"context"
	"time"

	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/services/comment/internal/store"
	"github.com/otklik/otklik/services/comment/internal/testimonial"
)

// checkQuotes looks at the testimonials of a comment whose text is another now: what they say that is no part of it any more is forgotten, and they are
// withdrawn. An empty text has no parts.
func (w *writing) checkQuotes(ctx context.Context, ref store.Ref, text string) error {
	all, err := relational.List(ctx, w, scanTestimonial, sqlTestimonialsOf, ref.Organization, ref.Survey, ref.Response, ref.ID)
	if err != nil {
		return err
	}
	for _, t := range all {
		if _, err := testimonial.Quote(text, t.Text); err == nil && text != "" || t.Text == "" {
			continue
		}
		from := t.State
		t.Text = ""
		t.Withdraw(relational.FromMicro(relational.ToMicro(time.Now())))
		uses, body, err := testimonialColumns(t)
		if err != nil {
			return err
		}
		if _, err := w.Exec(ctx, sqlUpdateTestimonial, t.Organization, t.ID, int64(from), int64(t.State), uses, body); err != nil {
			return err
		}
	}
	return nil
}
