package ingest

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/otklik/otklik/services/scoring/internal/live"
	"github.com/otklik/otklik/services/scoring/internal/store"

	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

// Options are what an Applier works with; all but Instruments and Now are required.
type Options struct {
	Store   store.Store
	Board   *live.Board
	Catalog Catalog
	Logger  *slog.Logger
	// Instruments count what happens; nil counts nothing.
	Instruments *Instruments
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Applier applies events to the store and then to the board, one batch after the other. It is the sink of the change log.
type Applier struct {
	Options

	// mu is held while a batch is applied, and by a rebuild while it takes the place of a live ledger.
	mu sync.Mutex
	// counted is the position up to which the board counts; unknown when the board must be loaded before anything is applied to it.
	counted int64
	// translator converts events.
	translator *translator
}

// unknown is no position.
const unknown = -1

// NewApplier makes an applier. Call Load before anything else.
func NewApplier(o Options) *Applier {
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Applier{Options: o, counted: unknown, translator: newTranslator(o.Catalog, o.Now)}
}

// Load fills the board from the store.
func (a *Applier) Load(ctx context.Context) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.load(ctx)
}

func (a *Applier) load(ctx context.Context) error {
	cursor, err := a.Store.Cursor(ctx)
	if err != nil {
		return fmt.Errorf("load scores: %w", err)
	}
	cubes, err := live.Load(ctx, a.Store)
	if err != nil {
		return fmt.Errorf("load scores: %w", err)
	}
	a.Board.Reset(cubes)
	a.Board.Advance(cursor.AsOf)
	a.counted = cursor.Position
	return nil
}

// Position is how far the change log is applied.
func (a *Applier) Position(ctx context.Context) (int64, error) {
	c, err := a.Store.Cursor(ctx)
	return c.Position, err
}

// Reached tells that everything up to a moment is applied.
func (a *Applier) Reached(asOf time.Time) { a.Board.Advance(asOf) }

// Apply applies events in the order of their positions, exactly once in effect: those at or below the stored position are passed over.
func (a *Applier) Apply(ctx context.Context, events []*surveyv1.Event) (int64, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	cursor, err := a.cursor(ctx)
	if err != nil {
		return 0, fmt.Errorf("apply events: %w", err)
	}
	for len(events) > 0 && events[0].GetPosition() <= cursor.Position {
		events = events[1:]
	}
	if len(events) == 0 {
		return cursor.Position, nil
	}
	if err := a.apply(ctx, cursor, events); err != nil {
		return 0, fmt.Errorf("apply events: %w", err)
	}
	return events[len(events)-1].GetPosition(), nil
}

// cursor is how far the store is, after making sure that the board is as far: it is not when the store had committed a batch but failed to say
// so, or when somebody else wrote to it.
func (a *Applier) cursor(ctx context.Context) (store.Cursor, error) {
	cursor, err := a.Store.Cursor(ctx)
	if err == nil && cursor.Position != a.counted {
		err = a.load(ctx)
		cursor.Position = a.counted
	}
	return cursor, err
}

// apply stores a batch and then counts it.
func (a *Applier) apply(ctx context.Context, cursor store.Cursor, events []*surveyv1.Event) error {
	last := events[len(events)-1]
	batch := store.Batch{From: cursor.Position, To: store.Cursor{Position: last.GetPosition(), AsOf: received(last)}, Read: int64(len(events))}
	parts, err := a.split(ctx, events)
	if err != nil {
		return err
	}
	drafts, err := commit(ctx, a.Store, &batch, parts)
	if err != nil {
		return err
	}
	a.translator.stored()
	for _, d := range drafts {
		if err := a.Board.Apply(d.changes.Ledger.Organization, d.delta); err != nil {
			// The store is right: what the board shows is made anew from it.
			a.counted = unknown
			return err
		}
		for _, aside := range d.changes.Aside {
			a.report(ctx, aside)
		}
	}
	a.counted = batch.To.Position
	a.Board.Advance(batch.To.AsOf)
	a.Instruments.applied(ctx, len(events))
	return nil
}

// split converts events, each organisation's apart.
func (a *Applier) split(ctx context.Context, events []*surveyv1.Event) ([]part, error) {
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
		p := part{ledger: store.Ledger{Organization: o}}
		var err error
		if p.records, p.aside, err = a.translator.convert(ctx, p.ledger, byOrganization[o]); err != nil {
			return nil, err
		}
		parts[i] = p
	}
	return parts, nil
}

// report tells people of an event that was set aside.
func (a *Applier) report(ctx context.Context, s store.SetAside) {
	a.Instruments.setAside(ctx)
	a.Logger.ErrorContext(ctx, "event set aside", "organization", s.Organization, "position", s.Position, "reason", s.Reason)
}

// received is when an event was accepted; zero when it does not say.
func received(e *surveyv1.Event) time.Time {
	if r := e.GetResponse(); r != nil {
		return moment(r.GetReceiveTime())
	}
	return moment(e.GetRefusal().GetReceiveTime())
}
