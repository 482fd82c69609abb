package store

import (
	"context"

	"github.com/otklik/otklik/services/comment/internal/testimonial"
)

// Testimonials keeps praise that may be shown.
type Testimonials interface {
	// CreateTestimonial stores a new testimonial of a comment that is there. Errors: ErrExists when the identifier is taken or the comment is one that was not
	// withdrawn, ErrNotFound when the comment is not there.
	CreateTestimonial(ctx context.Context, t testimonial.Testimonial) error
	// GetTestimonial returns a testimonial. Errors: ErrNotFound.
	GetTestimonial(ctx context.Context, organization, id string) (testimonial.Testimonial, error)
	// ListTestimonials returns testimonials, those created last first, and whether there are more.
	ListTestimonials(ctx context.Context, q TestimonialQuery) (list []testimonial.Testimonial, more bool, err error)
	// UpdateTestimonial stores a testimonial over the state that it was read in. Errors: ErrNotFound, ErrChanged when its state is not from.
	UpdateTestimonial(ctx context.Context, t testimonial.Testimonial, from testimonial.State) error
	// ListCandidates returns positive comments of a slice that are no testimonials, or only such as were withdrawn, the newest first.
	ListCandidates(ctx context.Context, q CommentQuery) (comments []Comment, more bool, err error)
	// PublishedAfter returns published testimonials of all organisations after one of them, in order, to look at consents again.
	PublishedAfter(ctx context.Context, after [2]string, limit int) ([]testimonial.Testimonial, error)
}

// TestimonialQuery asks for a page of testimonials.
type TestimonialQuery struct {
	Organization  string
	State         testimonial.State // 0 for any
	Use           testimonial.Use   // 0 for any
	Offset, Limit int
}
