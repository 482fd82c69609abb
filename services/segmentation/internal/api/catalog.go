package api

import (
	"context"

	"github.com/otklik/otklik/services/segmentation/internal/surveys"
)

// Catalog tells what surveys ask; *surveys.Catalog is one.
type Catalog interface {
	// Current returns what must be known of the revision of a survey that was published last; false when there is none.
	Current(ctx context.Context, organization, survey string) (surveys.Revision, bool, error)
}
