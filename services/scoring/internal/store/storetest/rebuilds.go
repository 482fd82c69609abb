package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/otklik/otklik/services/scoring/internal/cell"
	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/store"
)

// start begins a rebuild.
func start(t testing.TB, s store.Store, org string) (store.Rebuild, store.Ledger) {
	t.Helper()
	r, err := s.StartRebuild(context.Background(), org, "me", noon)
	if err != nil {
		t.Fatalf("start rebuild: %v", err)
	}
	return r, store.Ledger{Organization: org, Rebuild: r.Number}
}

// applyTo applies changes to the ledger of a rebuild, which has come to `from`.
func applyTo(s store.Store, l store.Ledger, from, to int64, c ...store.Changes) error {
	r, err := s.Rebuild(context.Background(), l)
	if err != nil {
		return err
	}
	if r.Position != from {
		return fmt.Errorf("the rebuild is at %d, not at %d", r.Position, from)
	}
	return s.Apply(context.Background(), store.Batch{
		From: store.Cursor{Version: r.Version}, To: store.Cursor{Position: to}, Rebuild: l, Read: to - from, Changes: c,
	})
}

func rebuildSwapsLedgers(t *testing.T, open Open) {
	ctx := context.Background()
	s := opened(t, open)
	before := changes(live(acme), facts("shop", 1, 5)...)
	before.Outcomes = map[store.Invitation]fact.Outcome{{Survey: "shop", ID: "i"}: {Answered: true}}
	before.Aside = []store.SetAside{{Organization: acme, Position: 6, Reason: "odd", Time: noon}}
	theirs := facts("shop", 7, 2)
	apply(t, s, 0, 8, before, changes(live(globex), theirs...))

	started, l := start(t, s, acme)
	wantEqual(t, "started", started, store.Rebuild{
		Organization: acme, Number: 1, State: store.Running, Created: noon, Owner: "me", Beat: noon,
	})
	// The rebuilt ledger differs from the live one, and holds records of the same identifiers.
	rebuilt := facts("shop", 3, 4)
	if err := applyTo(s, l, 0, 6, changes(l, rebuilt...)); err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "live facts during the rebuild", readFacts(t, s, live(acme), "shop"), facts("shop", 1, 5))
	wantCells(t, "live cells during the rebuild", counted(t, s, acme), recount(facts("shop", 1, 5)...))
	known, err := s.Stored(ctx, l, facts("shop", 1, 4))
	if err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "stored in the rebuilt ledger", known, []bool{false, false, true, true})

	at := marks(t, s)
	done, err := s.FinishRebuild(ctx, l, at, 17, noon.Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	want := store.Rebuild{
		Organization: acme, Number: 1, State: store.Succeeded, Created: noon, Ended: noon.Add(time.Minute), Read: 6, CellsChanged: 17, Position: 6,
		Version: 1, Owner: "me", Beat: noon,
	}
	wantEqual(t, "marks", marks(t, s), at.Next())
	wantEqual(t, "done", done, want)
	read, err := s.Rebuild(ctx, l)
	if err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "read again", read, want)
	wantEqual(t, "live facts", readFacts(t, s, live(acme), "shop"), rebuilt)
	wantCells(t, "live cells", counted(t, s, acme), recount(rebuilt...))
	found, err := s.Outcomes(ctx, live(acme), []store.Invitation{{Survey: "shop", ID: "i"}})
	if err != nil || len(found) > 0 {
		t.Errorf("outcomes of the old ledger: %v, %v", found, err)
	}
	list, err := s.Aside(ctx, live(acme), 0, 10)
	if err != nil || len(list) > 0 {
		t.Errorf("events set aside in the old ledger: %v, %v", list, err)
	}
	// Live batches go to the new ledger; the other organisation was not touched.
	apply(t, s, 8, 9, changes(live(acme), facts("shop", 9, 1)...))
	wantCells(t, "live cells later", counted(t, s, acme), recount(append(rebuilt, facts("shop", 9, 1)...)...))
	wantCells(t, "cells of the other", counted(t, s, globex), recount(theirs...))
}

func rebuildFails(t *testing.T, open Open) {
	ctx := context.Background()
	s := opened(t, open)
	apply(t, s, 0, 5, changes(live(acme), facts("shop", 1, 5)...))
	_, l := start(t, s, acme)
	if err := applyTo(s, l, 0, 2, changes(l, facts("shop", 1, 2)...)); err != nil {
		t.Fatal(err)
	}
	failed, err := s.FailRebuild(ctx, l, "the disk was full", noon.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "failed", failed, store.Rebuild{
		Organization: acme, Number: 1, State: store.Failed, Created: noon, Ended: noon.Add(time.Hour), Read: 2, Position: 2, Error: "the disk was full",
		Version: 1, Owner: "me", Beat: noon,
	})
	wantEqual(t, "facts", readFacts(t, s, live(acme), "shop"), facts("shop", 1, 5))
	if err := applyTo(s, l, 2, 3, changes(l, facts("shop", 3, 1)...)); !errors.Is(err, store.ErrNotRunning) {
		t.Errorf("apply after the failure: %v, want ErrNotRunning", err)
	}
	second, _ := start(t, s, acme)
	if second.Number != 2 {
		t.Errorf("the next rebuild has number %d, want 2", second.Number)
	}
}

func rebuildConflicts(t *testing.T, open Open) {
	ctx := context.Background()
	s := opened(t, open)
	apply(t, s, 0, 5, changes(live(acme), facts("shop", 1, 5)...))
	_, l := start(t, s, acme)
	if _, err := s.StartRebuild(ctx, acme, "you", noon); !errors.Is(err, store.ErrRunning) {
		t.Errorf("a second one: %v, want ErrRunning", err)
	}
	start(t, s, globex)
	at := marks(t, s)
	for name, other := range map[string]store.Marks{
		"at another epoch": {Epoch: at.Epoch - 1, Cursors: at.Cursors}, "without partitions": {Epoch: at.Epoch},
		"at another version": {Epoch: at.Epoch, Cursors: []store.Cursor{at.Cursors[0], {Version: 1}, at.Cursors[2]}},
	} {
		if _, err := s.FinishRebuild(ctx, l, other, 0, noon); !errors.Is(err, store.ErrConflict) {
			t.Errorf("finish %s: %v, want ErrConflict", name, err)
		}
	}
	wantEqual(t, "marks", marks(t, s), at)
	if _, err := s.FinishRebuild(ctx, l, at, 0, noon); err != nil {
		t.Fatal(err)
	}
	if _, err := s.FinishRebuild(ctx, l, marks(t, s), 0, noon); !errors.Is(err, store.ErrNotRunning) {
		t.Errorf("finish again: %v, want ErrNotRunning", err)
	}
	if _, err := s.FailRebuild(ctx, l, "late", noon); !errors.Is(err, store.ErrNotRunning) {
		t.Errorf("fail what has succeeded: %v, want ErrNotRunning", err)
	}
	unknown := store.Ledger{Organization: acme, Rebuild: 99}
	if _, err := s.FinishRebuild(ctx, unknown, marks(t, s), 0, noon); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("finish an unknown one: %v, want ErrNotFound", err)
	}
	if _, err := s.FailRebuild(ctx, unknown, "", noon); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("fail an unknown one: %v, want ErrNotFound", err)
	}
	if _, err := s.Rebuild(ctx, unknown); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("read an unknown one: %v, want ErrNotFound", err)
	}
}

func rebuildCursor(t *testing.T, open Open) {
	ctx := context.Background()
	s := opened(t, open)
	_, l := start(t, s, acme)
	if err := applyTo(s, l, 0, 4, changes(l, facts("shop", 1, 2)...)); err != nil {
		t.Fatal(err)
	}
	again := store.Batch{To: store.Cursor{Position: 4}, Rebuild: l, Read: 4, Changes: []store.Changes{changes(l, facts("shop", 1, 2)...)}}
	if err := s.Apply(ctx, again); !errors.Is(err, store.ErrConflict) {
		t.Errorf("the same batch again: %v, want ErrConflict", err)
	}
	wantEqual(t, "live cursor", cursor(t, s), store.Cursor{})
	// Events of another partition may come later that are before in the log.
	if err := s.Apply(ctx, store.Batch{
		From: store.Cursor{Version: 1}, To: store.Cursor{Position: 3}, Rebuild: l, Read: 1, Changes: []store.Changes{changes(l, facts("shop", 3, 1)...)},
	}); err != nil {
		t.Fatal(err)
	}
	list, err := s.RunningRebuilds(ctx)
	if err != nil || len(list) != 1 || list[0].Position != 4 || list[0].Version != 2 || list[0].Read != 5 {
		t.Errorf("running: %+v, %v", list, err)
	}
}

func rebuildPages(t *testing.T, open Open) {
	ctx := context.Background()
	s := opened(t, open)
	const n = 7
	for range n {
		_, l := start(t, s, acme)
		if _, err := s.FailRebuild(ctx, l, "", noon); err != nil {
			t.Fatal(err)
		}
	}
	var numbers []int64
	for before := int64(0); ; {
		page, err := s.Rebuilds(ctx, acme, before, 3)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		for _, r := range page {
			numbers = append(numbers, r.Number)
		}
		before = page[len(page)-1].Number
		// One that begins meanwhile does not move the others.
		_, l := start(t, s, acme)
		if _, err := s.FailRebuild(ctx, l, "", noon); err != nil {
			t.Fatal(err)
		}
	}
	wantEqual(t, "numbers", numbers, []int64{7, 6, 5, 4, 3, 2, 1})
}

func rebuildsCompete(t *testing.T, open Open) {
	s := opened(t, open)
	var began atomic.Int64
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			switch _, err := s.StartRebuild(context.Background(), acme, "me", noon); {
			case err == nil:
				began.Add(1)
			case !errors.Is(err, store.ErrRunning):
				t.Errorf("start: %v", err)
			}
		})
	}
	all.Wait()
	if began.Load() != 1 {
		t.Errorf("%d rebuilds of one organisation began at once", began.Load())
	}
}

func sweepLeavesWhatIsInUse(t *testing.T, open Open) {
	ctx := context.Background()
	s := opened(t, open)
	apply(t, s, 0, 40, changes(live(acme), facts("shop", 1, 20)...), changes(live(globex), facts("shop", 21, 20)...))
	for range 2 {
		_, l := start(t, s, acme)
		if err := applyTo(s, l, 0, 20, changes(l, facts("shop", 1, 20)...)); err != nil {
			t.Fatal(err)
		}
		if _, err := s.FinishRebuild(ctx, l, marks(t, s), 0, noon); err != nil {
			t.Fatal(err)
		}
	}
	_, running := start(t, s, acme)
	if err := applyTo(s, running, 0, 5, changes(running, facts("shop", 1, 5)...)); err != nil {
		t.Fatal(err)
	}
	rounds := 0
	for more := true; more; rounds++ {
		var err error
		if more, err = s.Sweep(ctx, 7); err != nil {
			t.Fatal(err)
		}
	}
	if rounds < 5 {
		t.Errorf("swept in %d rounds: more than the limit at a time", rounds)
	}
	wantEqual(t, "facts", readFacts(t, s, live(acme), "shop"), facts("shop", 1, 20))
	wantEqual(t, "facts of the other", readFacts(t, s, live(globex), "shop"), facts("shop", 21, 20))
	wantEqual(t, "facts of the running rebuild", readFacts(t, s, running, "shop"), facts("shop", 1, 5))
	wantCells(t, "cells", counted(t, s, acme), recount(facts("shop", 1, 20)...))
	// The first ledger is gone.
	n := 0
	_, err := s.Cells(ctx, func(string, string, cell.Span, [][]byte) error { n++; return nil })
	if err != nil || n == 0 {
		t.Errorf("%d spans, %v", n, err)
	}
	gone := store.Ledger{Organization: acme, Rebuild: 1}
	wantEqual(t, "facts of a discarded ledger", readFacts(t, s, gone, "shop"), []store.Record(nil))
}

// rebuildFencesBatches refuses a batch that was made from the ledger before a rebuild.
func rebuildFencesBatches(t *testing.T, open Open) {
	ctx := context.Background()
	s := opened(t, open)
	apply(t, s, 0, 5, changes(live(acme), facts("shop", 1, 5)...))
	_, l := start(t, s, acme)
	before := marks(t, s)
	if _, err := s.FinishRebuild(ctx, l, before, 0, noon); err != nil {
		t.Fatal(err)
	}
	for p, from := range before.Cursors {
		if err := s.Apply(ctx, store.Batch{Partition: p, From: from, To: store.Cursor{Position: 10}}); !errors.Is(err, store.ErrConflict) {
			t.Errorf("a batch of partition %d made before the rebuild ended: %v, want ErrConflict", p, err)
		}
	}
	wantEqual(t, "marks", marks(t, s), before.Next())
}

func rebuildBeats(t *testing.T, open Open) {
	ctx := context.Background()
	s := opened(t, open)
	_, l := start(t, s, acme)
	if err := s.BeatRebuild(ctx, l, noon.Add(time.Second)); err != nil {
		t.Fatal(err)
	}
	list, err := s.RunningRebuilds(ctx)
	if err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "running", list, []store.Rebuild{
		{Organization: acme, Number: 1, State: store.Running, Created: noon, Owner: "me", Beat: noon.Add(time.Second)},
	})
	if err := s.BeatRebuild(ctx, store.Ledger{Organization: acme, Rebuild: 99}, noon); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("beat of an unknown one: %v, want ErrNotFound", err)
	}
	if _, err := s.FailRebuild(ctx, l, "dead", noon); err != nil {
		t.Fatal(err)
	}
	if err := s.BeatRebuild(ctx, l, noon); !errors.Is(err, store.ErrNotRunning) {
		t.Errorf("beat of one that has ended: %v, want ErrNotRunning", err)
	}
}
