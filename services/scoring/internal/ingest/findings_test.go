package ingest_test

import (
	"cmp"
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
	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
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

// randomSegmentation is what the segmentation service tells of a response, be it known or not, or of something else.
func randomSegmentation(r *rand.Rand, position int64) *segmentationv1.Event {
	e := &segmentationv1.Event{Position: position, Organization: pick(r, "acme", "globex")}
	response := fmt.Sprint("surveys/shop/responses/r-", r.IntN(120))
	switch r.IntN(8) {
	case 0:
		e.Change = &segmentationv1.Event_CaseOpened{CaseOpened: &segmentationv1.CaseChanged{Case: "cases/1"}}
	case 1:
		e.Change = &segmentationv1.Event_ResponseCase{ResponseCase: &segmentationv1.ResponseCase{Response: pick(r, "surveys/shop/refusals/r-1", "", "x")}}
	case 2, 3, 4:
		e.Change = &segmentationv1.Event_ResponseCase{ResponseCase: &segmentationv1.ResponseCase{Response: response, Unresolved: r.IntN(3) > 0}}
	default:
		var segments []string
		for _, s := range []string{"vip", "new", "churning"} {
			if r.IntN(2) == 0 {
				segments = append(segments, "segments/"+s)
			}
		}
		e.Change = &segmentationv1.Event_ResponseSegments{ResponseSegments: &segmentationv1.ResponseSegments{Response: response, Segments: segments}}
	}
	return e
}

// told is what other services have told about responses.
type told struct {
	comments     []*commentv1.Event
	segmentation []*segmentationv1.Event
}

// more tells some more.
func (w *told) more(r *rand.Rand) {
	for range r.IntN(6) {
		w.comments = append(w.comments, randomComment(r, int64(len(w.comments)+1)))
	}
	for range r.IntN(6) {
		w.segmentation = append(w.segmentation, randomSegmentation(r, int64(len(w.segmentation)+1)))
	}
}

// apply has what is told applied that is not yet, and a little that is; in which order, chance decides.
func (w *told) apply(a *ingest.Applier, r *rand.Rand) error {
	both := []func() error{
		func() error { return applyFindings(a, r, ingest.Comments(nil), w.comments) },
		func() error { return applyFindings(a, r, ingest.Segmentation(nil), w.segmentation) },
	}
	first := r.IntN(2)
	return cmp.Or(both[first](), both[1-first]())
}

func applyFindings[E ingest.Event](a *ingest.Applier, r *rand.Rand, log ingest.Findings[E], events []E) error {
	ctx := context.Background()
	e := ingest.NewEnricher(a, log)
	at, err := e.Position(ctx)
	if err != nil {
		return err
	}
	if events = events[max(0, int(at)-r.IntN(3)):]; len(events) == 0 {
		return nil
	}
	end := events[len(events)-1].GetPosition()
	if at, err = e.Apply(ctx, events); err == nil && at != end {
		return fmt.Errorf("applied up to %d, not to %d", at, end)
	}
	return err
}

// expected is what was told of responses of an organisation, by identifier.
func (w *told) expected(org string) map[string]fact.Enrichment {
	known := make(map[string]fact.Enrichment)
	note := func(of, response string, say func(*fact.Enrichment)) {
		if id, ok := strings.CutPrefix(response, "surveys/shop/responses/"); ok && of == org {
			e := known[id]
			say(&e)
			known[id] = e
		}
	}
	for _, c := range w.comments {
		note(c.GetOrganization(), c.GetResponse(), func(e *fact.Enrichment) {
			e.Sentiment, e.Themes = fact.Polarity(c.GetSentiment()), nil
			for _, a := range c.GetAspects() {
				e.Themes = append(e.Themes, fact.Theme{ID: strings.TrimPrefix(a.GetAspect(), "aspects/"), Polarity: fact.Polarity(a.GetSentiment())})
			}
			slices.SortFunc(e.Themes, func(a, b fact.Theme) int { return strings.Compare(a.ID, b.ID) })
		})
	}
	for _, s := range w.segmentation {
		if c := s.GetResponseCase(); c != nil {
			note(s.GetOrganization(), c.GetResponse(), func(e *fact.Enrichment) {
				e.Case = fact.NoCase
				if c.GetUnresolved() {
					e.Case = fact.UnresolvedCase
				}
			})
		}
		if c := s.GetResponseSegments(); c != nil {
			note(s.GetOrganization(), c.GetResponse(), func(e *fact.Enrichment) {
				e.Segments = nil
				for _, name := range c.GetSegments() {
					e.Segments = append(e.Segments, strings.TrimPrefix(name, "segments/"))
				}
				slices.Sort(e.Segments)
			})
		}
	}
	return known
}

// TestFindingsReachEveryRow applies a log with removals and what other services find out in any order, with a rebuild beside it and a restart after it, and
// compares all of it with a recount.
func TestFindingsReachEveryRow(t *testing.T) {
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
		rebuilder := ingest.NewRebuilder(a)
		working, stop := context.WithCancel(ctx)
		done := make(chan error, 1)
		go func() { done <- rebuilder.Run(working) }()
		var rebuilds []store.Rebuild
		var said told
		tell := func() {
			said.more(r)
			if err := said.apply(a, r); err != nil {
				t.Fatalf("apply what was found out: %v", err)
			}
		}
		for at := 0; at < len(log); {
			switch r.IntN(7) {
			case 0:
				tell()
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
		tell()
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
			want := recount(log, org, said)
			wantEqualBooks(t, "board", board.Book(org), want)
			wantEqualBooks(t, "stored cells", loaded(t, st, org), want)
			wantEqualBooks(t, "stored records", recountStore(t, st, org), want)
		}
		wantNothingKept(t, st, log)
	})
}
