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

// ResponseAt implements Catalog: there are a response of Osh, r, and one of Naryn, n.
func (visits) ResponseAt(_ context.Context, _, name string) (surveys.Place, bool, error) {
	at, there := map[string]surveys.Place{"surveys/s/responses/r": {Location: "osh"}, "surveys/s/responses/n": {Location: "naryn"}}[name]
	return at, there, nil
}
