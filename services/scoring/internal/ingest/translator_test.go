package ingest_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/otklik/otklik/services/scoring/internal/questionnaire"
	"github.com/otklik/otklik/services/scoring/internal/store"
	"github.com/otklik/otklik/services/scoring/internal/surveys"

	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

// faultyRevisions is a catalogue that fails for ever on all revisions but the first.
type faultyRevisions struct{ shopCatalog }

// Revision returns the first revision.
func (c *faultyRevisions) Revision(ctx context.Context, org, survey string, number int64) (*questionnaire.Revision, error) {
	if number == 1 {
		return c.shopCatalog.Revision(ctx, org, survey, number)
	}
	return nil, fmt.Errorf("revision %d: %w", number, surveys.ErrFault)
}

// TestSeveralFaultyEventsInABatch sets all events aside that the survey service fails on, however many a batch holds, of one organisation
// or of several, in no more tries than one takes, and applies the others.
func TestSeveralFaultyEventsInABatch(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for name, orgs := range map[string][3]string{"one organisation": {"acme", "acme", "acme"}, "two organisations": {"acme", "acme", "globex"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			st := openStore(t, t.TempDir())
			defer st.Close()
			a, board := newApplier(t, st, &faultyRevisions{})
			log := []*surveyv1.Event{
				responseEvent(orgs[0], "a", 1, noon, "", 2, 9, 3), responseEvent(orgs[1], "b", 2, noon, "", 1, 9, 3), responseEvent(orgs[2], "c", 3, noon, "", 3, 9, 3),
			}
			tries := 0
			for position := int64(0); position != 3; tries++ {
				var err error
				if position, err = a.Sink(0).Apply(ctx, log); err != nil && !errors.Is(err, surveys.ErrFault) || tries > 20 {
					t.Fatalf("try %d: position %d, %v", tries, position, err)
				}
			}
			aside := 0
			for _, org := range []string{"acme", "globex"} {
				list, err := st.Aside(ctx, store.Ledger{Organization: org}, 0, 10)
				if err != nil {
					t.Fatal(err)
				}
				aside += len(list)
			}
			if aside != 2 {
				t.Errorf("%d events are set aside, want 2", aside)
			}
			wantEqualBooks(t, "board", board.Book("acme"), recount(log[1:2], "acme"))
		})
	}
}

// TestRebuildPassesFaultyEvents rebuilds from a log with several events that the survey service fails on.
func TestRebuildPassesFaultyEvents(t *testing.T) {
	t.Parallel()
	log := []*surveyv1.Event{
		responseEvent("acme", "a", 1, noon, "", 2, 9, 3), responseEvent("acme", "b", 2, noon, "", 1, 9, 3), responseEvent("acme", "c", 3, noon, "", 3, 9, 3),
	}
	st := openStore(t, t.TempDir())
	defer st.Close()
	f := newFeed(log...)
	r := followWith(t, st, f, &faultyRevisions{})
	defer r.stop()
	r.caughtUp(t, f)
	b, err := r.rebuilder.Start(context.Background(), "acme")
	if err != nil {
		t.Fatal(err)
	}
	if done := r.ended(t, b); done.State != store.Succeeded {
		t.Errorf("rebuild %+v", done)
	}
	r.stop()
	wantEqualBooks(t, "board", r.board.Book("acme"), recount(log[1:2], "acme"))
}
