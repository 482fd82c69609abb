package api

import (
	"context"

	"github.com/otklik/otklik/services/segmentation/internal/light"
	"github.com/otklik/otklik/services/segmentation/internal/surveys"
)

// visits is a catalog of one survey, visits, which rates one question, speed.
type visits struct{}

// Current implements Catalog.
func (visits) Current(_ context.Context, _, survey string) (surveys.Revision, bool, error) {
	return surveys.Revision{Scales: map[string]light.Scale{"speed": {Min: 1, Max: 5}}}, survey == "visits", nil
}
