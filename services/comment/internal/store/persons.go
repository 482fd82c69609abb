package store

import "context"

// Persons finds what is kept about a person. It is removed by what the change log says.
type Persons interface {
	// ListPerson returns comments of a person with a Seq greater than after, in order.
	ListPerson(ctx context.Context, organization string, person []byte, after int64, limit int) ([]Comment, error)
	// Erased tells what went by an erasure.
	Erased(ctx context.Context, organization, erasure string) (Erased, error)
}

// Erased counts what went by an erasure.
type Erased struct {
	Comments, Corrections, Testimonials, DeadLetters, Mentions int64
}
