package ingest_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/otklik/otklik/services/scoring/internal/ingest"
	"github.com/otklik/otklik/services/scoring/internal/store"
	"github.com/otklik/otklik/services/scoring/internal/surveys"

	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

// TestReplayCountsOnce replays events of several partitions and of one invitation, through several processes at once, while batches come in.
func TestReplayCountsOnce(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(t testing.TB, n int) []store.Store{"SQLite": openShared, "PostgreSQL": openPostgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx := context.Background()
			stores := open(t, 2)
			catalog := &shopCatalog{}
			// Refused, then answered: the answer outweighs the refusal, in whatever order they are counted.
			log := []*surveyv1.Event{
				responseEvent("acme", "a", 1, noon, "i", 1, 9, 3), refusalEvent("acme", "shop", "b", 2, noon, "i"), responseEvent("acme", "c", 3, noon, "", 1, 2, 3),
				refusalEvent("globex", "shop", "d", 4, noon, ""), responseEvent("acme", "e", 5, noon, "j", 1, 5, 3), responseEvent("acme", "f", 6, noon, "", 1, 5, 3),
			}
			f := newFeed()
			var processes []*process
			for i, st := range stores {
				processes = append(processes, newProcess(t, st, f, catalog, nil, string(rune('A'+i))))
			}
			catalog.fail(surveys.ErrNotFound)
			for p := range parts {
				processes[p%2].take(p)
			}
			f.add(log...)
			st := stores[0]
			eventually(t, func() error {
				for org, want := range map[string]int{"acme": 5, "globex": 1} {
					list, err := st.Aside(ctx, store.Ledger{Organization: org}, 0, 10)
					if err != nil || len(list) != want {
						return errors.Join(err, errBroken)
					}
				}
				return nil
			})
			var unfit *ingest.Unfit
			if err := processes[0].applier.Replay(ctx, "acme", 1); !errors.As(err, &unfit) || unfit.Reason == "" {
				t.Errorf("replay while the questions are lost: %v", err)
			}
			catalog.fail(surveys.ErrUnavailable)
			if err := processes[0].applier.Replay(ctx, "acme", 1); !errors.Is(err, surveys.ErrUnavailable) {
				t.Errorf("replay while the survey service is down: %v", err)
			}
			catalog.fail(nil)
			more := uniqueLog(seededBy(5), 300)
			shift(more, 10)
			f.add(more...)
			var replayed atomic.Int64
			var all sync.WaitGroup
			for i := range 4 {
				all.Go(func() {
					for _, e := range log {
						err := processes[i%2].applier.Replay(ctx, e.GetOrganization(), e.GetPosition())
						switch {
						case err == nil:
							replayed.Add(1)
						case !errors.Is(err, store.ErrNotFound):
							t.Errorf("replay of %d: %v", e.GetPosition(), err)
						}
					}
				})
			}
			all.Wait()
			if n := replayed.Load(); n != int64(len(log)) {
				t.Errorf("%d replays were told to have counted, want %d", n, len(log))
			}
			if err := processes[1].applier.Replay(ctx, "globex", 1); !errors.Is(err, store.ErrNotFound) {
				t.Errorf("replay of another organisation's: %v", err)
			}
			agree(t, processes, append(log, more...), noon)
		})
	}
}

// TestReplayOfWhatIsStored resolves an event of which the record is stored already, and says why one without content cannot be replayed.
func TestReplayOfWhatIsStored(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	st := openStore(t, t.TempDir())
	defer st.Close()
	catalog := &shopCatalog{}
	a, board := newApplier(t, st, catalog)
	catalog.fail(surveys.ErrNotFound)
	if _, err := a.Sink(0).Apply(ctx, []*surveyv1.Event{responseEvent("acme", "a", 1, noon, "", 1, 9, 3)}); err != nil {
		t.Fatal(err)
	}
	catalog.fail(nil)
	again := responseEvent("acme", "a", 2, noon, "", 1, 9, 3)
	if _, err := a.Sink(0).Apply(ctx, []*surveyv1.Event{again}); err != nil {
		t.Fatal(err)
	}
	if err := a.Replay(ctx, "acme", 1); err != nil {
		t.Errorf("replay: %v", err)
	}
	wantEqualBooks(t, "board", board.Book("acme"), recount([]*surveyv1.Event{again}, "acme"))
	if list, err := st.Aside(ctx, store.Ledger{Organization: "acme"}, 0, 10); err != nil || len(list) > 0 {
		t.Errorf("set aside: %+v, %v", list, err)
	}
	marks, err := st.Marks(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for position, event := range map[int64][]byte{7: nil, 8: {0xff}} {
		aside := store.SetAside{Organization: "acme", Position: position, Reason: "odd", Time: noon, Event: event}
		if err := st.Apply(ctx, store.Batch{From: marks.Cursors[0], To: store.Cursor{Position: position}, Changes: []store.Changes{
			{Ledger: store.Ledger{Organization: "acme"}, Aside: []store.SetAside{aside}},
		}}); err != nil {
			t.Fatal(err)
		}
		marks.Cursors[0].Version++
		var unfit *ingest.Unfit
		if err := a.Replay(ctx, "acme", position); !errors.As(err, &unfit) {
			t.Errorf("replay of %q: %v", event, err)
		}
	}
}
