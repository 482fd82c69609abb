package ingest_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/otklik/otklik/libs/testkit"
	"github.com/otklik/otklik/services/scoring/internal/cube"
	"github.com/otklik/otklik/services/scoring/internal/delta"
	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/ingest"
	"github.com/otklik/otklik/services/scoring/internal/live"
	"github.com/otklik/otklik/services/scoring/internal/store"
	"github.com/otklik/otklik/services/scoring/internal/store/sqlite"
	"github.com/otklik/otklik/services/scoring/internal/surveys"

	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

// openStore opens the store in a folder.
func openStore(t failer, dir string) *sqlite.Store {
	t.Helper()
	st, err := sqlite.Open(context.Background(), filepath.Join(dir, "scoring.db"))
	if err != nil {
		t.Fatalf("open store: %v", err)
	}
	return st
}

// newApplier makes an applier over a store and loads the scores.
func newApplier(t failer, st store.Store, catalog ingest.Catalog) (*ingest.Applier, *live.Board) {
	t.Helper()
	return newApplierOf(t, st, catalog, newFeed())
}

// newApplierOf makes an applier that knows a change log.
func newApplierOf(t failer, st store.Store, catalog ingest.Catalog, log ingest.Log) (*ingest.Applier, *live.Board) {
	t.Helper()
	board := live.New()
	a := ingest.NewApplier(ingest.Options{Store: st, Board: board, Catalog: catalog, Log: log, Logger: slog.New(slog.DiscardHandler)})
	if err := a.Load(context.Background()); err != nil {
		t.Fatalf("load: %v", err)
	}
	return a, board
}

// tempDirs hands out folders within one.
func tempDirs(t *testing.T) func() string {
	root, n := t.TempDir(), 0
	return func() string {
		n++
		dir := filepath.Join(root, fmt.Sprint(n))
		if err := makeDir(dir); err != nil {
			t.Fatal(err)
		}
		return dir
	}
}

// TestExactlyOnceInEffect applies a random log to a store that fails at random points, before and after it commits, with events that are
// delivered again and restarts in between, and compares with a recount.
func TestExactlyOnceInEffect(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	dir := tempDirs(t)
	rapid.Check(t, func(t *rapid.T) {
		r := seeded(t)
		log := randomLog(r, r.IntN(150))
		path := dir()
		st := openStore(t, path)
		defer func() { _ = st.Close() }()
		catalog := &shopCatalog{}
		failing := &faulty{Store: st, random: r}
		a, board := newApplier(t, failing, catalog)
		failing.oneIn = 6
		for at := 0; at < len(log); {
			if r.IntN(12) == 0 {
				// A restart: what was in memory is gone.
				if err := st.Close(); err != nil {
					t.Fatalf("close: %v", err)
				}
				st = openStore(t, path)
				failing = &faulty{Store: st, random: r}
				a, board = newApplier(t, failing, catalog)
				failing.oneIn = 6
			}
			// The log is delivered at least once: from some event that may have been applied already.
			from := max(0, at-r.IntN(5))
			to := min(len(log), at+1+r.IntN(30))
			position, err := a.Sink(0).Apply(ctx, log[from:to])
			if err == nil {
				// It is further when a batch was stored that failed.
				at = to
				if want := log[to-1].GetPosition(); position < want {
					t.Fatalf("position %d after applying up to %d", position, want)
				}
			} else if !errors.Is(err, errFault) {
				t.Fatalf("apply: %v", err)
			}
		}
		failing.oneIn = 0
		for _, org := range []string{"acme", "globex"} {
			want := recount(log, org)
			wantEqualBooks(t, "board", board.Book(org), want)
			wantEqualBooks(t, "stored cells", loaded(t, st, org), want)
			wantEqualBooks(t, "stored records", recountStore(t, st, org), want)
		}
		wantNothingKept(t, st, log)
	})
}

// loaded is the book that a restart would begin with.
func loaded(t failer, st store.Store, org string) *live.Book {
	t.Helper()
	books, _, err := live.Load(context.Background(), st)
	if err != nil {
		t.Fatalf("load: %v", err)
	}
	if b := books[org]; b != nil {
		return b
	}
	return live.NewBook()
}

// recountStore counts the records that a store holds.
func recountStore(t failer, st store.Store, org string) *live.Book {
	t.Helper()
	ctx := context.Background()
	l := store.Ledger{Organization: org}
	list, err := st.Surveys(ctx, l)
	if err != nil {
		t.Fatalf("surveys: %v", err)
	}
	d := &delta.Delta{}
	for _, survey := range list {
		outcomes := make(map[string]fact.Outcome)
		err := st.Facts(ctx, l, survey, func(_ int64, f *fact.Fact) error {
			d.AddFact(f)
			if f.Invitation != "" {
				outcomes[f.Invitation] = outcomes[f.Invitation].Join(fact.Outcome{Answered: true})
			}
			return nil
		})
		if err == nil {
			err = st.Refusals(ctx, l, survey, func(_ int64, r *fact.Refusal) error {
				if r.Invitation == "" {
					d.AddRefusal(r)
				} else {
					outcomes[r.Invitation] = outcomes[r.Invitation].Join(fact.Outcome{Refusal: r})
				}
				return nil
			})
		}
		if err != nil {
			t.Fatalf("read records: %v", err)
		}
		for _, o := range outcomes {
			if r := o.Counted(); r != nil {
				d.AddRefusal(r)
			}
		}
	}
	b := live.NewBook()
	if err := b.Apply(d); err != nil {
		t.Fatalf("recount: %v", err)
	}
	return b
}

// TestOrderOfOutcomes applies the events of an invitation in both orders.
func TestOrderOfOutcomes(t *testing.T) {
	t.Parallel()
	answer := responseEvent("acme", "r", 0, noon, "i", 1, 9, 3)
	early := refusalEvent("acme", "shop", "early", 0, noon.Add(-time.Hour), "i")
	late := refusalEvent("acme", "shop", "latest", 0, noon.Add(time.Hour), "i")
	for name, order := range map[string][]*surveyv1.Event{
		"refusals": {early, late}, "refusals backwards": {late, early}, "answer first": {answer, early, late}, "answer last": {late, early, answer},
	} {
		st := openStore(t, t.TempDir())
		a, board := newApplier(t, st, &shopCatalog{})
		for i, e := range order {
			e.Position = int64(i + 1)
			if _, err := a.Sink(0).Apply(context.Background(), []*surveyv1.Event{e}); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
		r, err := board.Cube("acme").Query(cube.Query{Survey: "shop", Population: fact.Customer, WithOutcomes: true})
		if err != nil || len(r.Survey) != 1 {
			t.Fatalf("%s: %+v, %v", name, r, err)
		}
		want := fact.Outcomes{Responses: 1}
		if len(order) == 2 {
			// "latest" is of the kind DISMISSED by the length of its name.
			want = fact.Outcomes{Refused: 1}
		}
		if got := r.Survey[0].Outcomes; got != want {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestPoisonIsSetAside applies events among which some cannot be applied.
func TestPoisonIsSetAside(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	st := openStore(t, t.TempDir())
	defer st.Close()
	a, board := newApplier(t, st, &shopCatalog{})
	wrongValue := responseEvent("acme", "b", 2, noon, "", 1, 11, 3)
	noRevision := responseEvent("acme", "c", 3, noon, "", 9, 9, 3)
	words := responseEvent("acme", "d", 4, noon, "", 1, 9, 3)
	words.GetResponse().Answers[1] = &surveyv1.Answer{Question: "why", Value: &surveyv1.Answer_Score{Score: 1}}
	nothing := &surveyv1.Event{Position: 5, Organization: "acme"}
	unnamed := responseEvent("acme", "e", 6, noon, "", 1, 9, 3)
	unnamed.GetResponse().Name = "surveys/shop"
	timeless := responseEvent("acme", "f", 7, noon, "", 1, 9, 3)
	timeless.GetResponse().CountTime = nil
	log := []*surveyv1.Event{
		responseEvent("acme", "a", 1, noon, "", 1, 9, 3), wrongValue, noRevision, words, nothing, unnamed, timeless,
		responseEvent("acme", "g", 8, noon, "", 1, 9, 3),
	}
	if position, err := a.Sink(0).Apply(ctx, log); err != nil || position != 8 {
		t.Fatalf("position %d, %v", position, err)
	}
	list, err := st.Aside(ctx, store.Ledger{Organization: "acme"}, 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != 6 {
		t.Errorf("%d events were set aside, want 6: %+v", len(list), list)
	}
	for i, s := range list {
		if s.Position != int64(i+2) || s.Reason == "" || s.Time.IsZero() {
			t.Errorf("set aside: %+v", s)
		}
	}
	r, err := board.Cube("acme").Query(cube.Query{Survey: "shop", Population: fact.Customer, WithOutcomes: true})
	if err != nil || r.Survey[0].Outcomes.Responses != 2 {
		t.Errorf("counted %+v, %v: want 2 responses", r, err)
	}
}

// TestAnUnreachableSurveyServiceIsNoPoison waits for a survey service that does not answer, and gives up on an event only when the
// service answers with faults.
func TestAnUnreachableSurveyServiceIsNoPoison(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	st := openStore(t, t.TempDir())
	defer st.Close()
	catalog := &shopCatalog{}
	a, _ := newApplier(t, st, catalog)
	events := []*surveyv1.Event{responseEvent("acme", "a", 1, noon, "", 1, 9, 3)}
	catalog.fail(surveys.ErrUnavailable)
	for range 20 {
		if _, err := a.Sink(0).Apply(ctx, events); !errors.Is(err, surveys.ErrUnavailable) {
			t.Fatalf("apply: %v, want ErrUnavailable", err)
		}
	}
	catalog.fail(surveys.ErrFault)
	testkit.Eventually(t, time.Minute, func() error {
		_, err := a.Sink(0).Apply(ctx, events)
		return err
	})
	list, err := st.Aside(ctx, store.Ledger{Organization: "acme"}, 0, 100)
	if err != nil || len(list) != 1 {
		t.Errorf("set aside: %+v, %v", list, err)
	}
}
