package storetest

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/otklik/otklik/services/scoring/internal/cell"
	"github.com/otklik/otklik/services/scoring/internal/delta"
	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/store"
)

// placeOf is where a record is found.
func placeOf(r store.Record) store.Place {
	return store.Place{Survey: r.Survey(), Refusal: r.Refusal != nil, Position: r.Position}
}

// withoutRecords are changes by which records are taken away.
func withoutRecords(l store.Ledger, records ...store.Record) store.Changes {
	c := store.Changes{Ledger: l}
	d := &delta.Delta{}
	for _, r := range records {
		removal := store.Removal{Place: placeOf(r)}
		if r.Fact != nil {
			d.RemoveFact(r.Fact)
			removal.ID = r.Fact.ID
		} else {
			d.RemoveRefusal(r.Refusal)
			removal.ID = r.Refusal.ID
		}
		c.Removed = append(c.Removed, removal)
		c.Purged = append(c.Purged, store.PurgeOf(r))
	}
	c.Cells = cell.Pack(d)
	return c
}

func removedRecordsGo(t *testing.T, open Open) {
	ctx := context.Background()
	s := opened(t, open)
	records := append(facts("shop", 1, 12),
		store.Record{Position: 13, Refusal: refusalAt("shop", "no", "", noon)}, store.Record{Position: 14, Refusal: refusalAt("shop", "r-3", "", noon)})
	apply(t, s, 0, 20, changes(live(acme), records...), changes(live(globex), facts("shop", 15, 2)...))
	gone := []store.Record{records[2], records[12], records[7]}
	left := slices.Delete(slices.Clone(records), 12, 13)
	left = slices.Delete(left, 7, 8)
	left = slices.Delete(left, 2, 3)
	apply(t, s, 20, 21, withoutRecords(live(acme), gone...))
	wantEqual(t, "responses", readFacts(t, s, live(acme), "shop"), left[:10])
	wantEqual(t, "refusals", readRefusals(t, s, live(acme), "shop"), left[10:])
	wantEqual(t, "responses of another", readFacts(t, s, live(globex), "shop"), facts("shop", 15, 2))
	wantCells(t, "cells", counted(t, s, acme), recount(left...))
	odd := store.SetAside{Organization: acme, Position: 22, Reason: "odd", Time: noon}
	applyIn(t, s, 1, 22, store.Changes{Ledger: live(acme), Aside: []store.SetAside{odd}})
	at, err := s.Find(ctx, live(acme), []store.Place{{Survey: "shop", Position: 22}, {Survey: "shop", Refusal: true, Position: 22}, {Survey: "shop", Position: 23}})
	if err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "found aside", at, []store.Found{{Aside: true}, {Aside: true}, {}})
	// What was removed is found nowhere, and is never added again.
	found, err := s.Find(ctx, live(acme), []store.Place{placeOf(records[0]), placeOf(gone[0]), placeOf(records[13]), placeOf(gone[1])})
	if err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "found", found, []store.Found{{Fact: records[0].Fact}, {}, {Refusal: records[13].Refusal}, {}})
	for _, r := range gone {
		r.Position += 100
		err := s.Apply(ctx, store.Batch{From: cursor(t, s), To: store.Cursor{Position: 200}, Changes: []store.Changes{changes(live(acme), r)}})
		if !errors.Is(err, store.ErrDuplicate) {
			t.Errorf("added again: %v, want ErrDuplicate", err)
		}
	}
	// Neither is what was removed before it was seen.
	early := facts("shop", 30, 1)[0]
	apply(t, s, 21, 22, store.Changes{Ledger: live(acme), Removed: []store.Removal{{Place: placeOf(early), ID: early.Fact.ID}}})
	known, err := s.Stored(ctx, live(acme), []store.Record{early})
	if err != nil || !known[0] {
		t.Errorf("removed before it was seen: %v, %v", known, err)
	}
	// All of it: the cells are empty.
	apply(t, s, 22, 23, withoutRecords(live(acme), left...))
	wantCells(t, "cells of nothing", counted(t, s, acme), nil)
}

func removedInARebuild(t *testing.T, open Open) {
	ctx := context.Background()
	s := opened(t, open)
	apply(t, s, 0, 5, changes(live(acme), facts("shop", 1, 5)...))
	_, l := start(t, s, acme)
	if err := applyTo(s, l, 0, 5, changes(l, facts("shop", 1, 5)...)); err != nil {
		t.Fatal(err)
	}
	gone := withoutRecords(l, facts("shop", 2, 1)...)
	gone.Erased = map[string]store.Erased{"e": {Responses: 1}}
	if err := applyTo(s, l, 5, 6, gone); err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "live responses", readFacts(t, s, live(acme), "shop"), facts("shop", 1, 5))
	left := append(facts("shop", 1, 1), facts("shop", 3, 3)...)
	wantEqual(t, "rebuilt responses", readFacts(t, s, l, "shop"), left)
	// Only what the live ledger loses is told.
	e, err := s.Erased(ctx, acme, "e")
	if err != nil || e != (store.Erased{}) {
		t.Errorf("erased %+v, %v", e, err)
	}
}

func erasedAddsUp(t *testing.T, open Open) {
	ctx := context.Background()
	s := opened(t, open)
	one := store.Changes{Ledger: live(acme), Erased: map[string]store.Erased{"a": {Responses: 2, Refusals: 1, Aside: 3}, "b": {Responses: 1}}}
	applyIn(t, s, 0, 1, one)
	applyIn(t, s, 1, 2, one, store.Changes{Ledger: live(globex), Erased: map[string]store.Erased{"a": {Responses: 9}}})
	for erasure, want := range map[string]store.Erased{"a": {Responses: 4, Refusals: 2, Aside: 6}, "b": {Responses: 2}, "c": {}} {
		if e, err := s.Erased(ctx, acme, erasure); err != nil || e != want {
			t.Errorf("erased by %s: %+v, %v, want %+v", erasure, e, err, want)
		}
	}
	if err := s.Clear(ctx, marks(t, s).Epoch, "another log", noon); err != nil {
		t.Fatal(err)
	}
	if e, err := s.Erased(ctx, acme, "a"); err != nil || e != (store.Erased{}) {
		t.Errorf("erased in another log: %+v, %v", e, err)
	}
}

func outcomesAreForgotten(t *testing.T, open Open) {
	ctx := context.Background()
	s := opened(t, open)
	one, two := store.Invitation{Survey: "shop", ID: "1"}, store.Invitation{Survey: "shop", ID: "2"}
	c := store.Changes{Ledger: live(acme), Outcomes: map[store.Invitation]fact.Outcome{one: {Answered: true, Records: 3}, two: {Answered: true, Records: 1}}}
	apply(t, s, 0, 1, c)
	apply(t, s, 1, 2, store.Changes{Ledger: live(acme), Outcomes: map[store.Invitation]fact.Outcome{one: {Answered: true, Records: 2}, two: {}}})
	got, err := s.Outcomes(ctx, live(acme), []store.Invitation{one, two})
	if err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "outcomes", got, map[store.Invitation]fact.Outcome{one: {Answered: true, Records: 2}})
}

func releases(t *testing.T, open Open) {
	ctx := context.Background()
	s := opened(t, open)
	add := func(org, survey string, after int, blocks ...string) error {
		var list [][]byte
		for _, b := range blocks {
			list = append(list, []byte(b))
		}
		return s.AddReleases(ctx, org, survey, after, list)
	}
	for _, err := range []error{add(acme, "shop", 0, "a", "b"), add(acme, "shop", 2, "c"), add(globex, "shop", 0, "x"), add(acme, "other", 0, "y")} {
		if err != nil {
			t.Fatal(err)
		}
	}
	// Of two who add to the same blocks one comes too late, and adds nothing.
	for _, after := range []int{0, 1, 2} {
		if err := add(acme, "shop", after, "late", "later"); !errors.Is(err, store.ErrConflict) {
			t.Errorf("after %d: %v, want ErrConflict", after, err)
		}
	}
	want := [][]byte{[]byte("a"), []byte("b"), []byte("c")}
	// They outlast a rebuild.
	_, l := start(t, s, acme)
	if _, err := s.FinishRebuild(ctx, l, marks(t, s), 0, noon); err != nil {
		t.Fatal(err)
	}
	got, err := s.Releases(ctx, acme, "shop")
	if err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "blocks", got, want)
	if err := s.Clear(ctx, marks(t, s).Epoch, "another log", noon); err != nil {
		t.Fatal(err)
	}
	if got, err = s.Releases(ctx, acme, "shop"); err != nil || len(got) > 0 {
		t.Errorf("blocks of another log: %q, %v", got, err)
	}
}
