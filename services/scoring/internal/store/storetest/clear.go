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
	if _, err := s.FinishRebuild(ctx, done, 22, 0, noon); err != nil {
		t.Fatal(err)
	}
	_, running := start(t, s, acme)
	if err := applyTo(s, running, 0, 2, changes(running, facts("shop", 1, 2)...)); err != nil {
		t.Fatal(err)
	}

	if err := s.Clear(ctx, "another log", noon.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	cursor, err := s.Cursor(ctx)
	if err != nil || cursor != (store.Cursor{}) {
		t.Errorf("cursor %+v, %v", cursor, err)
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
