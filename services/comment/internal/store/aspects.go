package store

import "context"

// Aspects keeps the organisations' own aspects.
type Aspects interface {
	// CreateAspect stores a new aspect under version 1, unless the organisation has most already. One that was deleted under the same name is taken out first.
	// Errors: ErrExists, ErrTooMany.
	CreateAspect(ctx context.Context, a Aspect, most int) (Aspect, error)
	// GetAspect returns an aspect. Errors: ErrNotFound.
	GetAspect(ctx context.Context, organization, id string) (Aspect, error)
	// ListAspects returns all aspects of an organisation, by ID.
	ListAspects(ctx context.Context, organization string) ([]Aspect, error)
	// UpdateAspect stores an aspect over the version a.Version and returns it with the next version. Errors: ErrNotFound, ErrChanged.
	UpdateAspect(ctx context.Context, a Aspect) (Aspect, error)
	// DeleteAspect removes an aspect. From then on no comment speaks of it, whether it is read, looked for or counted, nor one that is stored with an analysis
	// that looked for an older version of the aspects. Errors: ErrNotFound.
	DeleteAspect(ctx context.Context, organization, id string) error
	// TakeOutAspects takes aspects that were deleted out of comments that are stored with them, of all organisations, at most limit, and tells how many; the
	// outbox tells of those.
	TakeOutAspects(ctx context.Context, limit int) (int, error)
	// AspectsVersion changes whenever an aspect of the organisation does.
	AspectsVersion(ctx context.Context, organization string) (int64, error)
}

// Aspect is one of the organisation's own.
type Aspect struct {
	Organization, ID string
	// Names are by BCP 47 language tag.
	Names   map[string]string
	Phrases []string
	Version int64
}
