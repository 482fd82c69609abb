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

// convert turns the events of one ledger's organisation into records and removals; events that can never be applied are set aside. An error means
// that nothing is known for sure, and that it may be tried again. Call stored when what it returned is stored.
func (t *translator) convert(ctx context.Context, l store.Ledger, events []*surveyv1.Event) (part, error) {
	c := newConverter(t.catalog, l.Organization, events, t.now())
	p := part{ledger: l, records: make([]store.Record, 0, len(events))}
	var fault error
	for _, e := range events {
		err := p.add(ctx, c, e)
		switch {
		case err == nil:
			delete(t.faults, e.GetPosition())
		case errors.Is(err, errPoison) || t.hopeless(e, err):
			encoded, encodeErr := proto.Marshal(e)
			if encodeErr != nil {
				return part{}, fmt.Errorf("encode event at %d: %w", e.GetPosition(), encodeErr)
			}
			p.aside = append(p.aside, store.SetAside{
				Organization: l.Organization, Position: e.GetPosition(), Reason: reasonOf(err), Time: t.now(), Event: encoded,
			})
		case !errors.Is(err, surveys.ErrFault):
			return part{}, fmt.Errorf("convert event at %d: %w", e.GetPosition(), err)
		case fault == nil:
			// The others are looked at all the same: the faults of all of them are counted at each try, so that a batch of many faulty
			// events is not tried more often than one with a single one.
			fault = fmt.Errorf("convert event at %d: %w", e.GetPosition(), err)
		}
	}
	if fault != nil {
		return part{}, fault
	}
	return p, nil
}

// add converts an event and adds what it says.
func (p *part) add(ctx context.Context, c *converter, e *surveyv1.Event) error {
	if e.GetRemoved() != nil {
		r, err := removalOf(e)
		if err == nil {
			p.removals = append(p.removals, r)
		}
		return err
	}
	r, err := c.record(ctx, e)
	if err == nil {
		p.records = append(p.records, r)
	}
	return err
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
