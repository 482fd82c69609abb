package store

import "context"

// Persons finds what is kept about a person, and removes it.
type Persons interface {
	// ListPerson returns what was submitted about a person, in the order of positions.
	ListPerson(ctx context.Context, q PersonQuery) ([]Submission, error)
	// ListUnmarked returns submissions of an organisation that were stored by a version that did not note whom they are about, in the order of
	// positions: whoever looks for a person looks through them.
	ListUnmarked(ctx context.Context, q PersonQuery) ([]Submission, error)
	// ListAllUnmarked is ListUnmarked for an organisation and those that come after it in the order of their names, in this order.
	ListAllUnmarked(ctx context.Context, q PersonQuery) ([]Submission, error)
	// Mark notes whom submissions are about that do not say so. Others, and what was removed meanwhile, are passed over.
	Mark(ctx context.Context, organization string, marks []Mark) error
	// Remove removes submissions for good, all or none, and notes each removal in the log of changes, in the order given. What was removed before is passed
	// over. Identifiers stay used. With an erasure it counts what it removed and notes the keys, in the same transaction.
	Remove(ctx context.Context, r Removals) (Removed, error)
	// ForgetRemovals takes removals at these positions out of the log, but not the last entry of the log, which tells where it ends.
	ForgetRemovals(ctx context.Context, organization string, positions []int64) error
	// Rewrite replaces the bodies of submissions. What was removed meanwhile is passed over.
	Rewrite(ctx context.Context, organization string, bodies []NewBody) error
	// DropEmptyMonths gives back the space of months that are over and hold nothing any more, where the backend keeps months apart, and tells
	// how many there were.
	DropEmptyMonths(ctx context.Context) (int, error)
}

// PersonQuery asks for a page of what is kept about a person.
type PersonQuery struct {
	Organization string
	// Person is the pseudonym; unused where it is not known.
	Person []byte
	// After is the position of the last submission of the page before; 0 for the first page.
	After int64
	Page
}

// Mark is whom a submission is about.
type Mark struct {
	Position int64
	// Person is the pseudonym; empty when it is about nobody.
	Person []byte
}

// Removals is what is to be removed.
type Removals struct {
	Organization string
	// Erasure is the identifier of the erasure that it belongs to; empty when it belongs to none.
	Erasure string
	Items   []Removal
}

// Removal is one submission that is to be removed.
type Removal struct {
	// Position is where the submission is.
	Position int64
	// Comments is how many texts of the person it holds.
	Comments int
	// Key is the key that it is sealed with; empty when it is not sealed.
	Key string
	// Body is what the log of changes tells of the removal.
	Body []byte
}

// Removed tells what was removed.
type Removed struct {
	// Count is how many submissions.
	Count int
	// Position is that of the last removal in the log; 0 when nothing was removed.
	Position int64
}

// NewBody is another body for a submission.
type NewBody struct {
	Position int64
	Body     []byte
}
