package api

import (
	"context"

	"github.com/otklik/otklik/services/segmentation/internal/surveys"
)

// Catalog tells what surveys ask, and what was answered; *surveys.Catalog is one.
type Catalog interface {
	// Current returns what must be known of the revision of a survey that was published last; false when there is none.
	Current(ctx context.Context, organization, survey string) (surveys.Revision, bool, error)
	// ResponseAt tells where a response was given; false when there is none of the name.
	ResponseAt(ctx context.Context, organization, name string) (surveys.Place, bool, error)
}
