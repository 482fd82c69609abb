package ingest

import (
	"context"
	"fmt"

	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/store"
)

// enrich brings responses of the rebuilt ledger up to date with what was found out about them since they were added.
func (w *rebuild) enrich(ctx context.Context) error {
	st := w.applier.Store
	now, err := st.Enriched(ctx)
	if err != nil {
		return err
	}
	if now.Number == w.enriched {
		return nil
	}
	var responses []store.Response
	known := make(map[store.Response]fact.Enrichment)
	flush := func() error {
		err := w.replace(ctx, responses, known)
		responses = responses[:0]
		clear(known)
		return err
	}
	// All are listed before anything is stored: reading holds back what a store removes of old rows.
	var changed []store.NumberedEnrichment
	if err := st.EnrichmentsAfter(ctx, w.ledger.Organization, w.enriched, func(e store.NumberedEnrichment) error {
		changed = append(changed, e)
		return nil
	}); err != nil {
		return err
	}
	for _, e := range changed {
		responses = append(responses, e.Response)
		known[e.Response] = e.Enrichment
		if len(responses) == rebuildBatch {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	if err := flush(); err != nil {
		return err
	}
	w.enriched = now.Number
	return nil
}

// replace stores and counts responses of the rebuilt ledger anew of which something else is known.
func (w *rebuild) replace(ctx context.Context, responses []store.Response, known map[store.Response]fact.Enrichment) error {
	if len(responses) == 0 {
		return nil
	}
	d, _, err := replace(ctx, w.applier.Store, w.ledger, responses, known)
	if err != nil {
		return fmt.Errorf("replace responses: %w", err)
	}
	if len(d.changes.Replaced) == 0 {
		return nil
	}
	to := store.Cursor{Version: w.cursor.Version + 1, Position: w.cursor.Position}
	err = w.applier.Store.Apply(ctx, store.Batch{From: w.cursor, To: to, Rebuild: w.ledger, Changes: []store.Changes{d.changes}})
	return w.settle(ctx, to, d, err)
}
