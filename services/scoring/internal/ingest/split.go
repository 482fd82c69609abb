package ingest

import (
	"context"

	"github.com/otklik/otklik/services/scoring/internal/store"

	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

// split converts events for the live ledgers, each organisation's apart.
func (t *translator) split(ctx context.Context, events []*surveyv1.Event) ([]part, error) {
	var order []string
	byOrganization := make(map[string][]*surveyv1.Event, 1)
	for _, e := range events {
		o := e.GetOrganization()
		if _, ok := byOrganization[o]; !ok {
			order = append(order, o)
		}
		byOrganization[o] = append(byOrganization[o], e)
	}
	parts := make([]part, len(order))
	for i, o := range order {
		var err error
		if parts[i], err = t.convert(ctx, store.Ledger{Organization: o}, byOrganization[o]); err != nil {
			return nil, err
		}
	}
	return parts, nil
}
