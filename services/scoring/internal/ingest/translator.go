package ingest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/otklik/otklik/services/scoring/internal/store"
	"github.com/otklik/otklik/services/scoring/internal/surveys"

	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

// maxFaults is how often the survey service may fail on what an event needs before the event is taken for poisonous. A service that cannot
// be reached at all is waited for instead, for as long as it takes.
const maxFaults = 6

// translator turns events into records, batch by batch. Not safe for concurrent use.
type translator struct {
	catalog Catalog
	now     func() time.Time
	// faults counts, by the position of an event, how often in a row the survey service has failed to answer what the event needs. It holds
	// those of what is not stored yet.
	faults map[int64]int
}

func newTranslator(catalog Catalog, now func() time.Time) *translator {
	return &translator{catalog: catalog, now: now, faults: make(map[int64]int)}
}

// convert turns the events of one ledger's organisation into records; events that can never be applied are set aside. An error means
// that nothing is known for sure, and that it may be tried again. Call stored when what it returned is stored.
func (t *translator) convert(ctx context.Context, l store.Ledger, events []*surveyv1.Event) ([]store.Record, []store.SetAside, error) {
	c := newConverter(t.catalog, l.Organization, events, t.now())
	records := make([]store.Record, 0, len(events))
	var aside []store.SetAside
	var fault error
	for _, e := range events {
		r, err := c.record(ctx, e)
		switch {
		case err == nil:
			delete(t.faults, e.GetPosition())
			records = append(records, r)
		case errors.Is(err, errPoison) || t.hopeless(e, err):
			encoded, encodeErr := proto.Marshal(e)
			if encodeErr != nil {
				return nil, nil, fmt.Errorf("encode event at %d: %w", e.GetPosition(), encodeErr)
			}
			aside = append(aside, store.SetAside{
				Organization: l.Organization, Position: e.GetPosition(), Reason: reasonOf(err), Time: t.now(), Event: encoded,
			})
		case !errors.Is(err, surveys.ErrFault):
			return nil, nil, fmt.Errorf("convert event at %d: %w", e.GetPosition(), err)
		case fault == nil:
			// The others are looked at all the same: the faults of all of them are counted at each try, so that a batch of many faulty
			// events is not tried more often than one with a single one.
			fault = fmt.Errorf("convert event at %d: %w", e.GetPosition(), err)
		}
	}
	if fault != nil {
		return nil, nil, fault
	}
	return records, aside, nil
}

// stored tells that what was converted is stored: its faults are history.
func (t *translator) stored() { clear(t.faults) }

// hopeless tells whether the survey service has failed on what an event needs often enough.
func (t *translator) hopeless(e *surveyv1.Event, err error) bool {
	if !errors.Is(err, surveys.ErrFault) {
		return false
	}
	t.faults[e.GetPosition()]++
	return t.faults[e.GetPosition()] >= maxFaults
}

// reasonOf says for people why an event cannot be applied.
func reasonOf(err error) string {
	if errors.Is(err, surveys.ErrFault) {
		// What it answered is for its own log.
		return "the survey service failed to answer what the event needs; its log says why"
	}
	return strings.TrimPrefix(err.Error(), errPoison.Error()+": ")
}
