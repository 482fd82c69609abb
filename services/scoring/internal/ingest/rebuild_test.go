package ingest_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/otklik/otklik/libs/eventlog"
	"github.com/otklik/otklik/libs/testkit"
	"github.com/otklik/otklik/services/scoring/internal/ingest"
	"github.com/otklik/otklik/services/scoring/internal/live"
	"github.com/otklik/otklik/services/scoring/internal/store"
	"github.com/otklik/otklik/services/scoring/internal/surveys"

	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

const wait = 30 * time.Second

func makeDir(dir string) error { return os.MkdirAll(dir, 0o700) }

// running is an applier that follows a feed, with a rebuilder beside it.
type running struct {
	store     store.Store
	board     *live.Board
	applier   *ingest.Applier
	rebuilder *ingest.Rebuilder
	catalog   *shopCatalog
	stop      func()
}

func follow(t failer, st store.Store, f *feed, change ...func(*ingest.Applier)) *running {
	t.Helper()
	catalog := &shopCatalog{}
	r := followWith(t, st, f, catalog, change...)
	r.catalog = catalog
	return r
}

// followWith follows a feed with a catalogue of the test's own.
func followWith(t failer, st store.Store, f *feed, catalog ingest.Catalog, change ...func(*ingest.Applier)) *running {
	t.Helper()
	r := &running{store: st}
	r.applier, r.board = newApplierOf(t, st, catalog, f)
	for _, c := range change {
		c(r.applier)
	}
	r.rebuilder = ingest.NewRebuilder(r.applier)
	if err := r.rebuilder.Recover(context.Background()); err != nil {
		t.Fatalf("recover: %v", err)
	}
	sink := r.applier.Sink(0)
	consumer := eventlog.New[*surveyv1.Event](
		eventlog.Config{MinBackoff: time.Millisecond, Logger: slog.New(slog.DiscardHandler)}, sink.Following(f.Of("")), sink, (*surveyv1.Event).GetPosition)
	ctx, cancel := context.WithCancel(context.Background())
	var parts sync.WaitGroup
	parts.Go(func() { _ = consumer.Run(ctx) })
	parts.Go(func() { _ = r.rebuilder.Run(ctx) })
	r.stop = sync.OnceFunc(func() {
		cancel()
		parts.Wait()
	})
	return r
}

// eventually polls until cond returns nil.
func eventually(t failer, cond func() error) {
	t.Helper()
	deadline := time.Now().Add(wait)
	for {
		err := cond()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("not in time: %v", err)
		}
		time.Sleep(time.Millisecond)
	}
}

// caughtUp waits until all of a feed is applied.
func (r *running) caughtUp(t failer, f *feed) {
	t.Helper()
	eventually(t, func() error {
		events := f.all()
		if p := position(t, r.store); len(events) > 0 && p < events[len(events)-1].GetPosition() {
			return fmt.Errorf("position is %d", p)
		}
		// What is stored is counted a moment later.
		marks, err := r.store.Marks(context.Background())
		if err == nil && !r.board.Counts(0, marks.Cursors[0].Version) {
			err = errors.New("what is stored is not counted")
		}
		return err
	})
}

// ended waits for the end of a rebuild.
func (r *running) ended(t failer, b store.Rebuild) store.Rebuild {
	t.Helper()
	var last store.Rebuild
	eventually(t, func() (err error) {
		last, err = r.store.Rebuild(context.Background(), store.Ledger{Organization: b.Organization, Rebuild: b.Number})
		if err == nil && last.State == store.Running {
			err = errors.New("the rebuild is running")
		}
		return err
	})
	return last
}

// TestRebuildEqualsLive rebuilds from a random log while it grows and streams break.
func TestRebuildEqualsLive(t *testing.T) {
	t.Parallel()
	dir := tempDirs(t)
	rapid.Check(t, func(t *rapid.T) {
		random := seeded(t)
		log := randomLog(random, 20+random.IntN(100))
		st := openStore(t, dir())
		defer func() { _ = st.Close() }()
		cut := random.IntN(len(log))
		f := newFeed(log[:cut]...)
		r := follow(t, st, f)
		defer r.stop()
		f.mu.Lock()
		f.failing = random.IntN(3)
		f.mu.Unlock()
		b, err := r.rebuilder.Start(context.Background(), "acme")
		if err != nil {
			t.Fatalf("start: %v", err)
		}
		for rest := log[cut:]; len(rest) > 0; {
			n := 1 + random.IntN(len(rest))
			f.add(rest[:n]...)
			rest = rest[n:]
		}
		done := r.ended(t, b)
		if done.State != store.Succeeded || done.CellsChanged != 0 || done.Ended.IsZero() {
			t.Fatalf("rebuild %+v", done)
		}
		r.caughtUp(t, f)
		r.stop()
		for _, org := range []string{"acme", "globex"} {
			want := recount(log, org)
			wantEqualBooks(t, "board", r.board.Book(org), want)
			wantEqualBooks(t, "stored cells", loaded(t, st, org), want)
			wantEqualBooks(t, "stored records", recountStore(t, st, org), want)
		}
	})
}

// TestRebuildMends rebuilds scores that lack what could not be applied when it came.
func TestRebuildMends(t *testing.T) {
	t.Parallel()
	log := []*surveyv1.Event{
		responseEvent("acme", "a", 1, noon, "", 1, 9, 3), responseEvent("acme", "b", 2, noon, "", 1, 2, 3), responseEvent("globex", "c", 3, noon, "", 1, 2, 3),
	}
	st := openStore(t, t.TempDir())
	defer st.Close()
	f := newFeed(log[:1]...)
	r := follow(t, st, f)
	defer r.stop()
	r.caughtUp(t, f)
	r.catalog.fail(surveys.ErrNotFound)
	f.add(log[1:]...)
	r.caughtUp(t, f)
	r.catalog.fail(nil)
	b, err := r.rebuilder.Start(context.Background(), "acme")
	if err != nil {
		t.Fatal(err)
	}
	done := r.ended(t, b)
	if done.State != store.Succeeded || done.CellsChanged == 0 || done.Read != 2 {
		t.Errorf("rebuild %+v: want a success that changed cells and read 2 records", done)
	}
	wantEqualBooks(t, "board", r.board.Book("acme"), recount(log, "acme"))
	list, err := st.Aside(context.Background(), store.Ledger{Organization: "acme"}, 0, 10)
	if err != nil || len(list) != 0 {
		t.Errorf("still set aside: %+v, %v", list, err)
	}
	// What the rebuild replaced is removed in the background.
	testkit.Eventually(t, wait, func() error {
		more, err := st.Sweep(context.Background(), 1)
		if err == nil && more {
			err = errors.New("there is more to sweep")
		}
		return err
	})
}

// TestRebuildSurvivesRestart stops the service while a rebuild is at work.
func TestRebuildSurvivesRestart(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	random := rand.New(rand.NewPCG(4, 2))
	log := randomLog(random, 100)
	dir := t.TempDir()
	st := openStore(t, dir)
	f := newFeed(log...)
	r := follow(t, st, f)
	r.caughtUp(t, f)
	// The survey service does not answer, so that the rebuild cannot go on.
	r.catalog.fail(surveys.ErrUnavailable)
	b, err := r.rebuilder.Start(ctx, "acme")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.rebuilder.Start(ctx, "acme"); !errors.Is(err, store.ErrRunning) {
		t.Errorf("a second rebuild: %v, want ErrRunning", err)
	}
	r.stop()
	stopped := r.ended(t, b)
	if stopped.State != store.Failed || stopped.Error == "" {
		t.Errorf("rebuild after an orderly stop: %+v", stopped)
	}
	// A crash leaves a rebuild that nobody works on.
	crashed, err := st.StartRebuild(ctx, "acme", "somebody", noon)
	if err != nil {
		t.Fatal(err)
	}
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	st = openStore(t, dir)
	defer st.Close()
	r = follow(t, st, f)
	defer r.stop()
	recovered := r.ended(t, crashed)
	if recovered.State != store.Failed || recovered.Error == "" {
		t.Errorf("rebuild after a crash: %+v", recovered)
	}
	wantEqualBooks(t, "board", r.board.Book("acme"), recount(log, "acme"))
	again, err := r.rebuilder.Start(ctx, "acme")
	if err != nil {
		t.Fatal(err)
	}
	if done := r.ended(t, again); done.State != store.Succeeded || done.CellsChanged != 0 {
		t.Errorf("rebuild %+v", done)
	}
}

// TestStartAfterTheEnd begins a rebuild when nobody works on rebuilds any more.
func TestStartAfterTheEnd(t *testing.T) {
	t.Parallel()
	st := openStore(t, t.TempDir())
	defer st.Close()
	r := follow(t, st, newFeed())
	r.stop()
	if _, err := r.rebuilder.Start(context.Background(), "acme"); err == nil {
		t.Error("a rebuild began")
	}
	if list, err := st.RunningRebuilds(context.Background()); err != nil || len(list) > 0 {
		t.Errorf("running: %+v, %v", list, err)
	}
}

// TestRecoverLeavesOthersAlone gives up, at the start, what a process of the same name had begun, and nothing of another one that shares the
// store.
func TestRecoverLeavesOthersAlone(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	st := openStore(t, t.TempDir())
	defer st.Close()
	sharing := &shared{Store: st}
	a, _ := newApplier(t, sharing, &shopCatalog{})
	a.Instance = "me"
	mine, err := st.StartRebuild(ctx, "acme", "me", noon)
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := st.StartRebuild(ctx, "globex", "other", noon)
	if err != nil {
		t.Fatal(err)
	}
	if err := ingest.NewRebuilder(a).Recover(ctx); err != nil {
		t.Fatal(err)
	}
	for b, want := range map[store.Rebuild]store.State{mine: store.Failed, theirs: store.Running} {
		got, err := st.Rebuild(ctx, store.Ledger{Organization: b.Organization, Rebuild: b.Number})
		if err != nil || got.State != want {
			t.Errorf("rebuild of %s: %+v, %v, want state %d", b.Owner, got, err, want)
		}
	}
}

// TestARebuildThatWasGivenUpEnds ends the work on a rebuild that others took for dead.
func TestARebuildThatWasGivenUpEnds(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	st := openStore(t, t.TempDir())
	defer st.Close()
	f := newFeed(responseEvent("acme", "a", 1, noon, "", 1, 9, 3))
	r := follow(t, st, f)
	defer r.stop()
	r.caughtUp(t, f)
	// The survey service does not answer, so that the rebuild cannot go on.
	r.catalog.fail(surveys.ErrUnavailable)
	b, err := r.rebuilder.Start(ctx, "acme")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := st.FailRebuild(ctx, store.Ledger{Organization: "acme", Rebuild: b.Number}, "dead", noon); err != nil {
		t.Fatal(err)
	}
	r.catalog.fail(nil)
	if ended := r.ended(t, b); ended.State != store.Failed || ended.Error != "dead" {
		t.Errorf("rebuild %+v", ended)
	}
	wantEqualBooks(t, "board", r.board.Book("acme"), recount(f.all(), "acme"))
	again, err := r.rebuilder.Start(ctx, "acme")
	if err != nil {
		t.Fatal(err)
	}
	if done := r.ended(t, again); done.State != store.Succeeded {
		t.Errorf("rebuild %+v", done)
	}
}
