package ingest

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/otklik/otklik/libs/pause"
	"github.com/otklik/otklik/services/scoring/internal/cell"
	"github.com/otklik/otklik/services/scoring/internal/delta"
	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/live"
	"github.com/otklik/otklik/services/scoring/internal/store"
)

const (
	// enrichRest keeps what is found out about responses from holding up what responses say for more than this part of the time: it rests enrichRest
	// times as long as it has held it up.
	enrichRest = 4
	// maxEnrichRest bounds that rest.
	maxEnrichRest = time.Second
)

// Enricher applies what another service finds out about responses: it stores that, and puts in the place of facts that are stored already the same
// with what is known now. Whatever else is applied to live ledgers waits, by whatever process, so that no fact is added or removed between; what was
// made from what was known before conflicts and is made anew. It is of use in one process at a time for each service, but does no harm in several.
type Enricher[E Event] struct {
	applier *Applier
	log     Findings[E]
	// held is for how long the last batch has held up the others, in nanoseconds.
	held atomic.Int64
}

// NewEnricher makes an enricher beside an applier, which is the sink of a log and opens it.
func NewEnricher[E Event](a *Applier, log Findings[E]) *Enricher[E] {
	return &Enricher[E]{applier: a, log: log}
}

// Position is how far the log is applied.
func (e *Enricher[E]) Position(ctx context.Context) (int64, error) {
	at, err := e.applier.Store.Enriched(ctx)
	if err != nil {
		return 0, fmt.Errorf("read position of %s: %w", e.log.about, err)
	}
	return at.Positions[e.log.source], nil
}

// startOver puts the position back to the beginning. Nothing happens when it is not what was asked for any more.
func (e *Enricher[E]) startOver(ctx context.Context, after int64) error {
	if err := e.applier.Store.Enrich(ctx, store.EnrichmentBatch{Source: e.log.source, From: after}); err != nil {
		return fmt.Errorf("start over: %w", err)
	}
	e.applier.Logger.WarnContext(ctx, "the log of what is found out about responses ends before what was read of it: the data of its service must have been"+
		" restored from a backup; it is read again from its beginning", "log", e.log.about, "read_position", after)
	return nil
}

// Apply applies events in the order of their positions, exactly once in effect: those at or below the stored position are passed over.
func (e *Enricher[E]) Apply(ctx context.Context, events []E) (int64, error) {
	a := e.applier
	var position int64
	err := a.Store.Hold(ctx, func(ctx context.Context) (err error) {
		began := time.Now()
		position, err = e.apply(ctx, events)
		e.held.Store(int64(time.Since(began)))
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("apply %s: %w", e.log.about, err)
	}
	wake(a.stored)
	return position, nil
}

// rest waits until the others have had their time, or ctx ends, which is for the caller to see.
func (e *Enricher[E]) rest(ctx context.Context) {
	_ = pause.For(ctx, min(enrichRest*time.Duration(e.held.Load()), maxEnrichRest))
}

// apply stores events and counts what they change, while nothing else is applied.
func (e *Enricher[E]) apply(ctx context.Context, events []E) (int64, error) {
	a := e.applier
	// The board must count what is stored, so that what is added next continues it.
	if err := a.CatchUp(ctx); err != nil {
		return 0, err
	}
	marks, err := a.Store.Marks(ctx)
	if err != nil {
		return 0, err
	}
	at, err := a.Store.Enriched(ctx)
	if err != nil {
		return 0, err
	}
	from := at.Positions[e.log.source]
	for len(events) > 0 && events[0].GetPosition() <= from {
		events = events[1:]
	}
	if len(events) == 0 {
		return from, nil
	}
	batch := store.EnrichmentBatch{Source: e.log.source, From: from, To: events[len(events)-1].GetPosition(), At: marks}
	var changes []live.Change
	for _, n := range e.news(ctx, events) {
		c, d, err := e.compose(ctx, n)
		if err != nil {
			return 0, err
		}
		batch.Changes = append(batch.Changes, c)
		changes = append(changes, live.Change{Version: marks.Cursors[0].Version + 1, Organization: n.organization, Delta: d.delta})
	}
	if err := a.Store.Enrich(ctx, batch); err != nil {
		return 0, err
	}
	if batch.MovesOnly() {
		return batch.To, nil
	}
	now := marks.Next()
	now.Epoch = marks.Epoch
	if err := a.Board.Add(marks, now, changes); err != nil {
		// It is stored; counting it is tried again.
		wake(a.wakes)
		a.Logger.WarnContext(ctx, "what was found out about responses is stored, but not counted yet", "error", err)
	}
	return batch.To, nil
}

// findings are what was found out about responses of an organisation.
type findings struct {
	organization string
	responses    []store.Response
	// said is what was said of each, in the order of the log.
	said map[store.Response][]func(*fact.Enrichment)
}

// news sorts events by organisation. An event that is about no response is passed over: nothing could be counted by it.
func (e *Enricher[E]) news(ctx context.Context, events []E) []*findings {
	var all []*findings
	of := make(map[string]*findings, 1)
	for _, event := range events {
		about, is := e.log.find(event)
		if is == foreign {
			continue
		}
		if is == odd || event.GetOrganization() == "" {
			e.applier.Logger.WarnContext(ctx, "an event of no response is passed over", "log", e.log.about, "position", event.GetPosition())
			continue
		}
		f := of[event.GetOrganization()]
		if f == nil {
			f = &findings{organization: event.GetOrganization(), said: make(map[store.Response][]func(*fact.Enrichment))}
			of[f.organization] = f
			all = append(all, f)
		}
		r := about.response
		if _, again := f.said[r]; !again {
			f.responses = append(f.responses, r)
		}
		f.said[r] = append(f.said[r], about.say)
	}
	return all
}

// compose works out what findings change.
func (e *Enricher[E]) compose(ctx context.Context, n *findings) (store.EnrichmentChanges, draft, error) {
	st, ledger := e.applier.Store, store.Ledger{Organization: n.organization}
	before, err := st.Enrichments(ctx, n.organization, n.responses)
	if err != nil {
		return store.EnrichmentChanges{}, draft{}, fmt.Errorf("compose enrichments: %w", err)
	}
	known := make(map[store.Response]fact.Enrichment, len(n.responses))
	for _, r := range n.responses {
		after := before[r]
		for _, say := range n.said[r] {
			say(&after)
		}
		known[r] = after
	}
	d, held, err := replace(ctx, st, ledger, n.responses, known)
	if err != nil {
		return store.EnrichmentChanges{}, draft{}, fmt.Errorf("compose enrichments: %w", err)
	}
	out := store.EnrichmentChanges{Known: make(map[store.Response]fact.Enrichment), Ledger: d.changes}
	for _, r := range n.responses {
		after := known[r]
		switch {
		case after.IsZero() && !held[r]:
			// The response is gone, or has not come yet: nobody has taken a copy.
			out.Forgotten = append(out.Forgotten, r)
		case !after.Equal(before[r]):
			out.Known[r] = after
		}
	}
	return out, d, nil
}

// replace puts in the place of responses that a ledger holds the same with what is known of them, where that is something else, and tells which
// the ledger holds.
func replace(
	ctx context.Context, st store.Store, l store.Ledger, responses []store.Response, known map[store.Response]fact.Enrichment,
) (draft, map[store.Response]bool, error) {
	records, err := st.Responses(ctx, l, responses)
	if err != nil {
		return draft{}, nil, err
	}
	d := draft{changes: store.Changes{Ledger: l}, delta: &delta.Delta{}}
	found := make(map[store.Response]bool, len(records))
	for _, r := range responses {
		record, ok := records[r]
		found[r] = ok
		if !ok || record.Fact.Enrichment.Equal(known[r]) {
			continue
		}
		after := *record.Fact
		after.Enrichment = known[r]
		d.delta.RemoveFact(record.Fact)
		d.delta.AddFact(&after)
		d.changes.Replaced = append(d.changes.Replaced, store.Record{Position: record.Position, Fact: &after})
	}
	d.changes.Cells = cell.Pack(d.delta)
	return d, found, nil
}

// enrich gives responses that are added what is known of them.
func enrich(ctx context.Context, st store.Store, organization string, records []store.Record) error {
	var responses []store.Response
	for _, r := range records {
		if r.Fact != nil {
			responses = append(responses, store.Response{Survey: r.Fact.Survey, ID: r.Fact.ID})
		}
	}
	if len(responses) == 0 {
		return nil
	}
	known, err := st.Enrichments(ctx, organization, responses)
	if err != nil {
		return err
	}
	for _, r := range records {
		if r.Fact != nil {
			r.Fact.Enrichment = known[store.Response{Survey: r.Fact.Survey, ID: r.Fact.ID}]
		}
	}
	return nil
}
