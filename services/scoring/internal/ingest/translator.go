package ingest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/otklik/otklik/services/scoring/internal/ingest/surveys"
	"github.com/otklik/otklik/services/scoring/internal/store"

	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

// maxFaults is how often the survey service may fail on what an event needs before the event is taken for poisonous. A service that cannot
// be reached at all is waited for instead, for as long as it takes.
const maxFaults = 6

// translator turns events into records, batch by batch. Not safe for concurrent use.
type translator struct {
	catalog Catalog
	now     func() time.Time
	// faults counts how often in a row the survey service has failed to answer what the event at faultAt needs.
	faults  int
	faultAt int64
}

func newTranslator(catalog Catalog, now func() time.Time) *translator {
	return &translator{catalog: catalog, now: now}
}

// convert turns the events of one ledger's organisation into records; events that can never be applied are set aside. An error means
// that nothing is known for sure, and that it may be tried again.
func (t *translator) convert(ctx context.Context, l store.Ledger, events []*surveyv1.Event) ([]store.Record, []store.SetAside, error) {
	c := newConverter(t.catalog, l.Organization, events)
	records := make([]store.Record, 0, len(events))
	var aside []store.SetAside
	for _, e := range events {
		r, err := c.record(ctx, e)
		switch {
		case err == nil:
			records = append(records, r)
		case errors.Is(err, errPoison) || t.hopeless(e, err):
			aside = append(aside, store.SetAside{Organization: l.Organization, Position: e.GetPosition(), Reason: err.Error(), Time: t.now()})
		default:
			return nil, nil, fmt.Errorf("convert event at %d: %w", e.GetPosition(), err)
		}
	}
	return records, aside, nil
}

// hopeless tells whether the survey service has failed on what an event needs often enough.
func (t *translator) hopeless(e *surveyv1.Event, err error) bool {
	if !errors.Is(err, surveys.ErrFault) {
		return false
	}
	if t.faultAt != e.GetPosition() {
		t.faultAt, t.faults = e.GetPosition(), 0
	}
	t.faults++
	return t.faults >= maxFaults
}
