package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/otklik/otklik/services/scoring/internal/store"
)

func aside(t *testing.T, open Open) {
	ctx := context.Background()
	s := opened(t, open)
	var want []store.SetAside
	for i := int64(1); i <= 5; i++ {
		a := store.SetAside{Organization: acme, Position: i * 3, Reason: "Ответ не разобран", Time: noon, Event: []byte{0, byte(i), 255}}
		want = append(want, a)
		apply(t, s, (i-1)*3, i*3, store.Changes{Ledger: live(acme), Aside: []store.SetAside{a}})
	}
	first, err := s.Aside(ctx, live(acme), 0, 3)
	if err != nil {
		t.Fatal(err)
	}
	rest, err := s.Aside(ctx, live(acme), first[2].Position, 3)
	if err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "set aside", append(first, rest...), want)
	one, err := s.AsideAt(ctx, live(acme), 6)
	if err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "set aside at 6", one, want[1])
	for name, ask := range map[string]func() error{
		"a position where none is": func() error { _, err := s.AsideAt(ctx, live(acme), 7); return err },
		"another organisation":     func() error { _, err := s.AsideAt(ctx, live(globex), 6); return err },
	} {
		if err := ask(); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%s: %v, want ErrNotFound", name, err)
		}
	}
}

// asideIsResolved applies an event that was set aside, once.
func asideIsResolved(t *testing.T, open Open) {
	ctx := context.Background()
	s := opened(t, open)
	set := func(position int64) store.SetAside {
		return store.SetAside{Organization: acme, Position: position, Reason: "odd", Time: noon, Event: []byte("event")}
	}
	apply(t, s, 0, 9, store.Changes{Ledger: live(acme), Aside: []store.SetAside{set(3), set(5)}})
	resolve := func(from store.Cursor, l store.Ledger) error {
		c := changes(l, facts("shop", 3, 1)...)
		c.Resolved = []int64{3}
		return s.Apply(ctx, store.Batch{From: from, To: from, Changes: []store.Changes{c}})
	}
	before := cursor(t, s)
	if err := resolve(before, live(globex)); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("resolve for another organisation: %v, want ErrNotFound", err)
	}
	wantEqual(t, "cursor after a refusal", cursor(t, s), before)
	if err := resolve(before, live(acme)); err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "cursor", cursor(t, s), store.Cursor{Position: 9, Version: before.Version + 1})
	wantEqual(t, "facts", readFacts(t, s, live(acme), "shop"), facts("shop", 3, 1))
	wantCells(t, "cells", counted(t, s, acme), recount(facts("shop", 3, 1)...))
	list, err := s.Aside(ctx, live(acme), 0, 10)
	if err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "still set aside", list, []store.SetAside{set(5)})
	if err := resolve(before, live(acme)); !errors.Is(err, store.ErrConflict) {
		t.Errorf("the same batch again: %v, want ErrConflict", err)
	}
	// What is stored already is found before or after what is not set aside any more.
	if err := resolve(cursor(t, s), live(acme)); !errors.Is(err, store.ErrNotFound) && !errors.Is(err, store.ErrDuplicate) {
		t.Errorf("resolve again: %v, want ErrNotFound or ErrDuplicate", err)
	}
	none := store.Changes{Ledger: live(acme), Resolved: []int64{3}}
	if err := s.Apply(ctx, store.Batch{From: cursor(t, s), To: cursor(t, s), Changes: []store.Changes{none}}); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("resolve again without a record: %v, want ErrNotFound", err)
	}
	// One that needs no record is only not set aside any more. Cells of the batches before are not touched, though positions are equal.
	none.Resolved = []int64{5}
	if err := s.Apply(ctx, store.Batch{From: cursor(t, s), To: cursor(t, s), Changes: []store.Changes{none}}); err != nil {
		t.Fatal(err)
	}
	if list, err = s.Aside(ctx, live(acme), 0, 10); err != nil || len(list) > 0 {
		t.Errorf("set aside: %+v, %v", list, err)
	}
	wantCells(t, "cells", counted(t, s, acme), recount(facts("shop", 3, 1)...))
}

// asideOfARebuild keeps what a rebuild sets aside apart from what is set aside in the live ledger.
func asideOfARebuild(t *testing.T, open Open) {
	ctx := context.Background()
	s := opened(t, open)
	old := store.SetAside{Organization: acme, Position: 2, Reason: "odd", Time: noon, Event: []byte("old")}
	apply(t, s, 0, 5, store.Changes{Ledger: live(acme), Aside: []store.SetAside{old}})
	_, l := start(t, s, acme)
	again := store.SetAside{Organization: acme, Position: 2, Reason: "odd still", Time: noon.Add(time.Hour), Event: []byte("new")}
	other := store.SetAside{Organization: acme, Position: 4, Reason: "odd", Time: noon, Event: []byte("new")}
	if err := applyTo(s, l, 0, 5, store.Changes{Ledger: l, Aside: []store.SetAside{again, other}}); err != nil {
		t.Fatal(err)
	}
	if err := applyTo(s, l, 5, 5, store.Changes{Ledger: l, Resolved: []int64{4}}); err != nil {
		t.Fatal(err)
	}
	list, err := s.Aside(ctx, live(acme), 0, 10)
	if err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "set aside before the end", list, []store.SetAside{old})
	if _, err := s.FinishRebuild(ctx, l, marks(t, s), 0, noon); err != nil {
		t.Fatal(err)
	}
	if list, err = s.Aside(ctx, live(acme), 0, 10); err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "set aside after the end", list, []store.SetAside{again})
}
