package ingest_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/ingest"
	"github.com/otklik/otklik/services/scoring/internal/live"
	"github.com/otklik/otklik/services/scoring/internal/store"
	"github.com/otklik/otklik/services/scoring/internal/surveys"

	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

// nameOf is what an event is about.
func nameOf(e *surveyv1.Event) string {
	return e.GetOrganization() + "/" + e.GetResponse().GetName() + e.GetRefusal().GetName() + e.GetRemoved().GetName()
}

// removed says that what an event says is removed.
func removed(e *surveyv1.Event, position int64, erasure string) *surveyv1.Event {
	return &surveyv1.Event{Position: position, Organization: e.GetOrganization(), Key: e.GetKey(), Change: &surveyv1.Event_Removed{Removed: &surveyv1.Removed{
		Name: e.GetResponse().GetName() + e.GetRefusal().GetName(), Position: e.GetPosition(), Erasure: erasure,
	}}}
}

// withRemovals is a log in which some of what was accepted is removed sooner or later, now and then twice, and things that never were.
func withRemovals(r *rand.Rand, log []*surveyv1.Event) []*surveyv1.Event {
	times := make(map[string]int)
	for _, e := range log {
		times[nameOf(e)]++
	}
	var out, once []*surveyv1.Event
	for _, e := range log {
		e.Position *= 3
		out = append(out, e)
		if times[nameOf(e)] == 1 {
			once = append(once, e)
		}
		for i := range int64(2) {
			if len(once) > 0 && r.IntN(5) == 0 {
				out = append(out, removed(once[r.IntN(len(once))], e.GetPosition()+i+1, pick(r, "", "erasures/e-1", "erasures/e-2")))
			}
		}
	}
	if len(log) > 0 {
		never := responseEvent("acme", "never", 1, noon, "", 1, 9, 3)
		out = append(out, removed(never, out[len(out)-1].GetPosition()+1, "erasures/e-1"))
	}
	return out
}

// shift moves a log behind another one.
func shift(log []*surveyv1.Event, by int64) {
	for _, e := range log {
		e.Position += by
		if r := e.GetRemoved(); r != nil {
			r.Position += by
		}
	}
}

// TestAddThenRemoveIsTheIdentity adds to a random state what is removed again, in batches of any size: nothing tells that it was there.
func TestAddThenRemoveIsTheIdentity(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	dir := tempDirs(t)
	rapid.Check(t, func(t *rapid.T) {
		r := seeded(t)
		before := uniqueAccepted(r, r.IntN(40))
		added := uniqueAccepted(r, 1+r.IntN(40))
		known := make(map[string]bool)
		for _, e := range before {
			known[nameOf(e)] = true
		}
		var log []*surveyv1.Event
		log = append(log, before...)
		position := int64(1000)
		var later []*surveyv1.Event
		for _, e := range added {
			if known[nameOf(e)] {
				continue
			}
			position++
			e.Position = position
			log, later = append(log, e), append(later, e)
		}
		r.Shuffle(len(later), func(i, j int) { later[i], later[j] = later[j], later[i] })
		for _, e := range later {
			position++
			log = append(log, removed(e, position, "erasures/e"))
		}
		st := openStore(t, dir())
		defer func() { _ = st.Close() }()
		a, board := newApplier(t, st, &shopCatalog{})
		for at := 0; at < len(log); {
			to := min(len(log), at+1+r.IntN(30))
			if _, err := a.Sink(0).Apply(ctx, log[at:to]); err != nil {
				t.Fatalf("apply: %v", err)
			}
			at = to
		}
		for _, org := range []string{"acme", "globex"} {
			want := recount(before, org)
			wantEqualBooks(t, "board", board.Book(org), want)
			wantEqualBooks(t, "stored cells", loaded(t, st, org), want)
			wantEqualBooks(t, "stored records", recountStore(t, st, org), want)
		}
		// The receipt tells all that was removed.
		var total int64
		for _, org := range []string{"acme", "globex"} {
			e, err := st.Erased(ctx, org, "e")
			if err != nil {
				t.Fatalf("erased: %v", err)
			}
			total += e.Responses + e.Refusals + e.Aside
		}
		if total != int64(len(later)) {
			t.Fatalf("%d were erased, want %d", total, len(later))
		}
	})
}

// TestRemovedInvitationsCountAgain removes records of one invitation one after the other: what is left decides what counts.
func TestRemovedInvitationsCountAgain(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	st := openStore(t, t.TempDir())
	defer st.Close()
	a, board := newApplier(t, st, &shopCatalog{})
	log := []*surveyv1.Event{
		refusalEvent("acme", "shop", "no", 1, noon, "i"), refusalEvent("acme", "shop", "later", 2, noon.Add(3600e9), "i"),
		responseEvent("acme", "a", 3, noon, "i", 1, 9, 3), responseEvent("acme", "b", 4, noon, "i", 1, 8, 3),
	}
	for _, e := range log {
		e.Key = "invitation i"
	}
	events := append([]*surveyv1.Event{}, log...)
	if _, err := a.Sink(0).Apply(ctx, events); err != nil {
		t.Fatal(err)
	}
	for i, target := range []int{2, 1, 3, 0} {
		e := removed(log[target], int64(10+i), "")
		events = append(events, e)
		if _, err := a.Sink(0).Apply(ctx, []*surveyv1.Event{e}); err != nil {
			t.Fatal(err)
		}
		wantEqualBooks(t, "board", board.Book("acme"), recount(events, "acme"))
		wantEqualBooks(t, "stored cells", loaded(t, st, "acme"), recount(events, "acme"))
	}
	wantEqualBooks(t, "nothing left", board.Book("acme"), live.NewBook())
}

// TestRemovedDeadLetters: what could not be counted is removed like all else, and cannot be replayed afterwards.
func TestRemovedDeadLetters(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	st := openStore(t, t.TempDir())
	defer st.Close()
	catalog := &shopCatalog{}
	a, board := newApplier(t, st, catalog)
	catalog.fail(surveys.ErrNotFound)
	one, two := responseEvent("acme", "a", 1, noon, "", 1, 9, 3), responseEvent("acme", "b", 2, noon, "", 1, 9, 3)
	if _, err := a.Sink(0).Apply(ctx, []*surveyv1.Event{one}); err != nil {
		t.Fatal(err)
	}
	// The second comes and goes within one batch.
	if _, err := a.Sink(0).Apply(ctx, []*surveyv1.Event{two, removed(one, 3, "erasures/e"), removed(two, 4, "erasures/e")}); err != nil {
		t.Fatal(err)
	}
	catalog.fail(nil)
	for _, position := range []int64{1, 2} {
		if err := a.Replay(ctx, "acme", position); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("replay of %d: %v, want ErrNotFound", position, err)
		}
	}
	if e, err := st.Erased(ctx, "acme", "e"); err != nil || e != (store.Erased{Aside: 2}) {
		t.Errorf("erased %+v, %v", e, err)
	}
	wantEqualBooks(t, "board", board.Book("acme"), live.NewBook())
	// A removal that names nothing is itself set aside, and stays.
	odd := removed(one, 5, "")
	odd.GetRemoved().Name = "surveys/shop"
	if _, err := a.Sink(0).Apply(ctx, []*surveyv1.Event{odd}); err != nil {
		t.Fatal(err)
	}
	var unfit *ingest.Unfit
	if err := a.Replay(ctx, "acme", 5); !errors.As(err, &unfit) {
		t.Errorf("replay: %v, want Unfit", err)
	}
}

// TestRemovedInvitationsOfBefore: of outcomes that were kept before their records were counted, the records themselves tell what is left.
func TestRemovedInvitationsOfBefore(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	st := openStore(t, t.TempDir())
	defer st.Close()
	first, _ := newApplier(t, st, &shopCatalog{})
	log := []*surveyv1.Event{refusalEvent("acme", "shop", "no", 1, noon, "i"), responseEvent("acme", "a", 2, noon, "i", 1, 9, 3)}
	if _, err := first.Sink(0).Apply(ctx, log); err != nil {
		t.Fatal(err)
	}
	invitation := store.Invitation{Survey: "shop", ID: "i"}
	known, err := st.Outcomes(ctx, store.Ledger{Organization: "acme"}, []store.Invitation{invitation})
	if err != nil || known[invitation].Records != 2 {
		t.Fatalf("outcomes %+v, %v", known, err)
	}
	old := known[invitation]
	old.Records = 0
	marks, err := st.Marks(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := st.Apply(ctx, store.Batch{From: marks.Cursors[0], To: store.Cursor{Position: 3}, Changes: []store.Changes{{
		Ledger: store.Ledger{Organization: "acme"}, Outcomes: map[store.Invitation]fact.Outcome{invitation: old},
	}}}); err != nil {
		t.Fatal(err)
	}
	a, board := newApplier(t, st, &shopCatalog{})
	for i, target := range []int{1, 0} {
		e := removed(log[target], int64(10+i), "")
		if _, err := a.Sink(0).Apply(ctx, []*surveyv1.Event{e}); err != nil {
			t.Fatal(err)
		}
		log = append(log, e)
		wantEqualBooks(t, "board", board.Book("acme"), recount(log, "acme"))
	}
	if known, err = st.Outcomes(ctx, store.Ledger{Organization: "acme"}, []store.Invitation{invitation}); err != nil || len(known) != 0 {
		t.Errorf("outcomes of nothing: %+v, %v", known, err)
	}
}
