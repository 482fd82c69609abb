package store

import (
	"context"
	"time"
)

// Corrections keeps what people said of analyses.
type Corrections interface {
	// Correct stores a correction of a comment in one of the units, which holds from now on in place of the one before, and returns the comment as it is then.
	// Correction.Analysis is filled with the comment's, and aspects that were deleted are left out. The outbox tells of it. Errors: ErrNotFound.
	Correct(ctx context.Context, ref Ref, units Units, c Correction) (Comment, error)
	// ListCorrections returns corrections with an ID less than before (0 for all), the newest first, and whether there are more.
	ListCorrections(ctx context.Context, organization string, before int64, limit int) (corrections []Correction, more bool, err error)
	// EachCorrection calls see for the last correction of each comment under each model, in the order of models, until see returns an error.
	EachCorrection(ctx context.Context, organization string, see func(Correction) error) error
}

// Correction is what a person said of an analysis.
type Correction struct {
	// ID is given by the store, ascending.
	ID  int64
	Ref Ref
	// Sentiment and Language are 0 where nothing was said of them.
	Sentiment        Sentiment
	Language         Language
	AspectsCorrected bool
	Aspects          []AspectMention
	// AspectsVersion is that of the organisation's own aspects when it was made; given by the store.
	AspectsVersion int64
	// Analysis is what the model had made of it.
	Analysis   Analysis
	Corrector  string
	CreateTime time.Time
}
