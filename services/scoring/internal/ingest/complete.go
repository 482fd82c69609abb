package ingest

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/otklik/otklik/services/scoring/internal/store"
)

const (
	// completeInterval is how often it is looked whether rows are missing.
	completeInterval = 5 * time.Second
	// leastRest and mostRest are how long to wait after a rebuild for missing rows before the next one of the same organisation.
	leastRest = time.Minute
	mostRest  = time.Hour
)

// attempt is a rebuild for missing rows.
type attempt struct {
	// next is when another one may follow, rest the wait until then.
	next time.Time
	rest time.Duration
}

// complete rebuilds the organisations of whose surveys rows are missing, as of what was counted before there were rows: the change log has what
// responses said beside their scores, the ledger has not. Until then the surveys are answered for from the cube alone.
func (r *Rebuilder) complete(ctx context.Context) {
	attempts := make(map[string]attempt)
	ticks := time.NewTicker(completeInterval)
	defer ticks.Stop()
	for {
		for _, organization := range r.applier.Board.Short() {
			if a := attempts[organization]; time.Now().Before(a.next) {
				continue
			}
			if !r.fill(ctx, organization) {
				continue
			}
			rest := min(max(2*attempts[organization].rest, leastRest), mostRest)
			attempts[organization] = attempt{next: time.Now().Add(rest), rest: rest}
		}
		select {
		case <-ctx.Done():
			return
		case <-ticks.C:
		}
	}
}

// fill begins the rebuild of an organisation of which rows are missing; false when there was none to begin.
func (r *Rebuilder) fill(ctx context.Context, organization string) bool {
	// Another process may just have brought them.
	if err := r.applier.CatchUp(ctx); err != nil || !slices.Contains(r.applier.Board.Short(), organization) {
		return false
	}
	b, err := r.Start(ctx, organization)
	switch {
	case err == nil:
		r.logger.InfoContext(ctx, "rows of responses are missing that were counted by an earlier version: the scores are rebuilt",
			"organization", organization, "rebuild", b.Number)
		return true
	case !errors.Is(err, store.ErrRunning) && ctx.Err() == nil:
		r.logger.WarnContext(ctx, "rows of responses are missing, and no rebuild can be begun; trying again", "organization", organization, "error", err)
	}
	return false
}
