package store

import (
	"context"

	"github.com/otklik/otklik/services/comment/internal/testimonial"
)

// Persons finds what is kept about a person. It is removed by what the change log says.
type Persons interface {
	// ListPerson returns comments of a person with a Seq greater than after, in order.
	ListPerson(ctx context.Context, organization string, person []byte, after int64, limit int) ([]Comment, error)
	// ListPersonRecords returns what is kept of a person beside comments.
	ListPersonRecords(ctx context.Context, organization string, person []byte) (PersonRecords, error)
	// Erased tells what went by an erasure.
	Erased(ctx context.Context, organization, erasure string) (Erased, error)
}

// PersonRecords are what was said of a person's comments, and their responses that could not be analysed.
type PersonRecords struct {
	Testimonials []testimonial.Testimonial
	Corrections  []Correction
	Mentions     []Mention
	DeadLetters  []DeadLetter
}

// Mention is that an entry of a register names a comment.
type Mention struct {
	Ref Ref
	// Entry is the entry's ID.
	Entry string
}

// Erased counts what went by an erasure.
type Erased struct {
	Comments, Corrections, Testimonials, DeadLetters, Mentions int64
}
