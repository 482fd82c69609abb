package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/store"
)

func clearEmptiesAll(t *testing.T, open Open) {
	ctx := context.Background()
	s := opened(t, open)
	before := changes(live(acme), facts("shop", 1, 20)...)
	before.Outcomes = map[store.Invitation]fact.Outcome{{Survey: "shop", ID: "i"}: {Answered: true}}
	before.Aside = []store.SetAside{{Organization: acme, Position: 21, Reason: "odd", Time: noon}}
	apply(t, s, 0, 22, before, changes(live(globex), facts("shop", 22, 1)...))
	_, done := start(t, s, globex)
	if err := applyTo(s, done, 0, 22, changes(done, facts("shop", 22, 1)...)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.FinishRebuild(ctx, done, marks(t, s), 0, noon); err != nil {
		t.Fatal(err)
	}
	_, running := start(t, s, acme)
	if err := applyTo(s, running, 0, 2, changes(running, facts("shop", 1, 2)...)); err != nil {
		t.Fatal(err)
	}

	applyIn(t, s, 2, 100)
	at := marks(t, s)
	if err := s.Clear(ctx, at.Epoch, "another log", noon.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	want := at.Next()
	for i := range want.Cursors {
		want.Cursors[i].Position, want.Cursors[i].AsOf = 0, time.Time{}
	}
	wantEqual(t, "marks", marks(t, s), want)
	if err := s.Apply(ctx, store.Batch{From: at.Cursors[0], To: store.Cursor{Position: 30}}); !errors.Is(err, store.ErrConflict) {
		t.Errorf("a batch made before: %v, want ErrConflict", err)
	}
	for _, org := range []string{acme, globex} {
		wantEqual(t, "facts of "+org, len(readFacts(t, s, live(org), "shop")), 0)
		wantCells(t, "cells of "+org, counted(t, s, org), nil)
	}
	found, err := s.Outcomes(ctx, live(acme), []store.Invitation{{Survey: "shop", ID: "i"}})
	if err != nil || len(found) > 0 {
		t.Errorf("outcomes: %v, %v", found, err)
	}
	list, err := s.Aside(ctx, live(acme), 0, 10)
	if err != nil || len(list) > 0 {
		t.Errorf("set aside: %v, %v", list, err)
	}
	failed, err := s.Rebuild(ctx, running)
	if err != nil || failed.State != store.Failed || failed.Error != "another log" || !failed.Ended.Equal(noon.Add(time.Minute)) {
		t.Errorf("the rebuild that was running: %+v, %v", failed, err)
	}
	if err := applyTo(s, running, 2, 3, changes(running, facts("shop", 3, 1)...)); !errors.Is(err, store.ErrNotRunning) {
		t.Errorf("apply to it: %v, want ErrNotRunning", err)
	}

	// The same records count again, and numbers of rebuilds are not used twice.
	apply(t, s, 0, 20, changes(live(acme), facts("shop", 1, 20)...))
	wantCells(t, "cells counted anew", counted(t, s, acme), recount(facts("shop", 1, 20)...))
	if next, _ := start(t, s, acme); next.Number != running.Rebuild+1 {
		t.Errorf("the next rebuild is %d after %d", next.Number, running.Rebuild)
	}
}

// clearOnce clears twice for the same change log.
func clearOnce(t *testing.T, open Open) {
	ctx := context.Background()
	s := opened(t, open)
	at := marks(t, s)
	if err := s.Clear(ctx, at.Epoch, "another log", noon); err != nil {
		t.Fatal(err)
	}
	apply(t, s, 0, 3, changes(live(acme), facts("shop", 1, 3)...))
	if err := s.Clear(ctx, at.Epoch, "another log", noon); !errors.Is(err, store.ErrConflict) {
		t.Errorf("clear again: %v, want ErrConflict", err)
	}
	wantEqual(t, "facts", readFacts(t, s, live(acme), "shop"), facts("shop", 1, 3))
}
