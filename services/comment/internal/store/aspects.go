package store

import "context"

// Aspects keeps the organisations' own aspects.
type Aspects interface {
	// CreateAspect stores a new aspect under version 1, unless the organisation has most already. Errors: ErrExists, ErrTooMany.
	CreateAspect(ctx context.Context, a Aspect, most int) (Aspect, error)
	// GetAspect returns an aspect. Errors: ErrNotFound.
	GetAspect(ctx context.Context, organization, id string) (Aspect, error)
	// ListAspects returns all aspects of an organisation, by ID.
	ListAspects(ctx context.Context, organization string) ([]Aspect, error)
	// UpdateAspect stores an aspect over the version a.Version and returns it with the next version. Errors: ErrNotFound, ErrChanged.
	UpdateAspect(ctx context.Context, a Aspect) (Aspect, error)
	// DeleteAspect removes an aspect, and takes it out of what comments speak of; the outbox tells of those. Errors: ErrNotFound.
	DeleteAspect(ctx context.Context, organization, id string) error
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
