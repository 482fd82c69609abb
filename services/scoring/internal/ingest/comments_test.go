package ingest_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/otklik/otklik/libs/eventlog"
	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/ingest"
	"github.com/otklik/otklik/services/scoring/internal/store"

	commentv1 "github.com/otklik/otklik/proto/gen/go/otklik/comment/v1"
)

// randomComment is what comments of a response say, be it known or not: now and then nothing any more, and now and then of no response.
func randomComment(r *rand.Rand, position int64) *commentv1.Event {
	e := &commentv1.Event{
		Position: position, Organization: pick(r, "acme", "globex"), Response: fmt.Sprint("surveys/shop/responses/r-", r.IntN(120)),
	}
	switch r.IntN(12) {
	case 0:
		e.Response = pick(r, "surveys/shop/refusals/r-1", "", "x")
	case 1, 2:
		e.Removed = true
		return e
	}
	e.Sentiment = commentv1.Sentiment(r.IntN(5))
	for _, a := range []string{"staff", "delivery", "price"} {
		if r.IntN(2) == 0 {
			e.Aspects = append(e.Aspects, &commentv1.AspectMention{Aspect: "aspects/" + a, Sentiment: commentv1.Sentiment(1 + r.IntN(4)), Probability: 0.9})
		}
	}
	return e
}

// expectedEnrichments are what comments say of responses of an organisation, by identifier.
func expectedEnrichments(org string, comments []*commentv1.Event) map[string]fact.Enrichment {
	said := make(map[string]fact.Enrichment)
	for _, c := range comments {
		id, ok := strings.CutPrefix(c.GetResponse(), "surveys/shop/responses/")
		if !ok || c.GetOrganization() != org {
			continue
		}
		e := fact.Enrichment{Sentiment: fact.Polarity(c.GetSentiment())}
		for _, a := range c.GetAspects() {
			e.Themes = append(e.Themes, fact.Theme{ID: strings.TrimPrefix(a.GetAspect(), "aspects/"), Polarity: fact.Polarity(a.GetSentiment())})
		}
		slices.SortFunc(e.Themes, func(a, b fact.Theme) int { return strings.Compare(a.ID, b.ID) })
		said[id] = e
	}
	return said
}

// TestCommentsReachEveryRow applies a log with removals and what comments say in any order, with a rebuild beside it and a restart after it, and compares
// all of it with a recount.
func TestCommentsReachEveryRow(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	dir := tempDirs(t)
	rapid.Check(t, func(t *rapid.T) {
		r := seeded(t)
		log := randomLog(r, 10+r.IntN(50))
		path := dir()
		st := openStore(t, path)
		defer func() { _ = st.Close() }()
		a, board := newApplierOf(t, st, &shopCatalog{}, newFeed(log...))
		enricher := ingest.NewEnricher(a, ingest.Comments(nil))
		rebuilder := ingest.NewRebuilder(a)
		working, stop := context.WithCancel(ctx)
		done := make(chan error, 1)
		go func() { done <- rebuilder.Run(working) }()
		var rebuilds []store.Rebuild
		var comments []*commentv1.Event
		comment := func() {
			var events []*commentv1.Event
			for range 1 + r.IntN(10) {
				events = append(events, randomComment(r, int64(len(comments)+len(events)+1)))
			}
			comments = append(comments, events...)
			if at, err := enricher.Apply(ctx, events); err != nil || at != int64(len(comments)) {
				t.Fatalf("apply comments up to %d: %d, %v", len(comments), at, err)
			}
		}
		for at := 0; at < len(log); {
			switch r.IntN(7) {
			case 0:
				comment()
			case 1:
				if b, err := rebuilder.Start(ctx, "acme"); err == nil {
					rebuilds = append(rebuilds, b)
				}
			default:
				to := min(len(log), at+1+r.IntN(30))
				switch _, err := a.Sink(0).Apply(ctx, log[at:to]); {
				case err == nil:
					at = to
				case errors.Is(err, eventlog.ErrMoved):
					// By a rebuild that has ended.
					if _, err := a.Sink(0).Position(ctx); err != nil {
						t.Fatalf("position: %v", err)
					}
				default:
					t.Fatalf("apply: %v", err)
				}
			}
		}
		comment()
		for _, b := range rebuilds {
			if end := (&running{store: st}).ended(t, b); end.State != store.Succeeded {
				t.Fatalf("rebuild %+v", end)
			}
		}
		stop()
		if err := <-done; err != nil {
			t.Fatalf("rebuilder: %v", err)
		}
		for _, org := range []string{"acme", "globex"} {
			want := recount(log, org, comments...)
			wantEqualBooks(t, "board", board.Book(org), want)
			wantEqualBooks(t, "stored cells", loaded(t, st, org), want)
			wantEqualBooks(t, "stored records", recountStore(t, st, org), want)
		}
		wantNothingKept(t, st, log)
	})
}
