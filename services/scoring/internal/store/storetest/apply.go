package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/otklik/otklik/services/scoring/internal/cell"
	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/store"
)

func applyMovesTheCursor(t *testing.T, open Open) {
	ctx := context.Background()
	s := opened(t, open)
	wantEqual(t, "cursor of an empty store", cursor(t, s), store.Cursor{})
	at := noon.Add(123456000)
	if err := s.Apply(ctx, store.Batch{To: store.Cursor{Position: 7, AsOf: at}}); err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "cursor", cursor(t, s), store.Cursor{Position: 7, AsOf: at, Version: 1})
	// The moment never goes back, nor does the position.
	for _, to := range []store.Cursor{{Position: 9, AsOf: at.Add(-time.Hour)}, {Position: 9}, {Position: 8, AsOf: at, Version: 77}} {
		if err := s.Apply(ctx, store.Batch{From: cursor(t, s), To: to}); err != nil {
			t.Fatal(err)
		}
	}
	wantEqual(t, "cursor after others", cursor(t, s), store.Cursor{Position: 9, AsOf: at, Version: 4})
}

func applyReplayed(t *testing.T, open Open) {
	s := opened(t, open)
	batch := store.Batch{To: store.Cursor{Position: 3}, Changes: []store.Changes{changes(live(acme), facts("shop", 1, 3)...)}}
	if err := s.Apply(context.Background(), batch); err != nil {
		t.Fatal(err)
	}
	for _, version := range []int64{0, 2, -1} {
		batch.From = store.Cursor{Position: 3, Version: version}
		if err := s.Apply(context.Background(), batch); !errors.Is(err, store.ErrConflict) {
			t.Errorf("from version %d: %v, want ErrConflict", version, err)
		}
	}
	wantEqual(t, "facts", readFacts(t, s, live(acme), "shop"), facts("shop", 1, 3))
	wantCells(t, "cells", counted(t, s, acme), recount(facts("shop", 1, 3)...))
}

func applyDuplicates(t *testing.T, open Open) {
	s := opened(t, open)
	apply(t, s, 0, 3, changes(live(acme), facts("shop", 1, 3)...))
	again := facts("shop", 2, 1)
	again[0].Position = 5
	twice := facts("shop", 6, 2)
	twice[1].Fact.ID = twice[0].Fact.ID
	for name, records := range map[string][]store.Record{"stored": again, "twice in the batch": twice} {
		err := s.Apply(context.Background(), store.Batch{
			From: cursor(t, s), To: store.Cursor{Position: 10}, Changes: []store.Changes{changes(live(acme), append(facts("shop", 4, 1), records...)...)},
		})
		if !errors.Is(err, store.ErrDuplicate) {
			t.Errorf("%s: %v, want ErrDuplicate", name, err)
		}
	}
	// A refusal, another survey and another organisation may use the same identifier.
	other := facts("bank", 5, 1)
	other[0].Fact.ID = "r-1"
	foreign := facts("shop", 6, 1)
	foreign[0].Fact.ID = "r-1"
	apply(t, s, 3, 7,
		changes(live(acme), store.Record{Position: 4, Refusal: refusalAt("shop", "r-1", "", noon)}, other[0]), changes(live(globex), foreign...))
	wantEqual(t, "facts", readFacts(t, s, live(acme), "shop"), facts("shop", 1, 3))
}

func applyIsAllOrNothing(t *testing.T, open Open) {
	ctx := context.Background()
	s := opened(t, open)
	apply(t, s, 0, 3, changes(live(acme), facts("shop", 1, 3)...))
	good := changes(live(acme), facts("shop", 4, 2)...)
	good.Outcomes = map[store.Invitation]fact.Outcome{{Survey: "shop", ID: "i"}: {Answered: true}}
	good.Aside = []store.SetAside{{Organization: acme, Position: 6, Reason: "odd", Time: noon}}
	broken := facts("shop", 7, 1)
	broken[0].Fact.Population = fact.PopulationUnspecified
	bad := store.Changes{Ledger: live(globex), Records: broken}
	if err := s.Apply(ctx, store.Batch{From: cursor(t, s), To: store.Cursor{Position: 9}, Changes: []store.Changes{good, bad}}); err == nil {
		t.Fatal("a broken fact was stored")
	}
	wantEqual(t, "cursor", cursor(t, s), store.Cursor{Position: 3, Version: 1})
	wantEqual(t, "facts", readFacts(t, s, live(acme), "shop"), facts("shop", 1, 3))
	wantCells(t, "cells", counted(t, s, acme), recount(facts("shop", 1, 3)...))
	list, err := s.Aside(ctx, live(acme), 0, 10)
	if err != nil || len(list) > 0 {
		t.Errorf("set aside: %v, %v", list, err)
	}
	found, err := s.Outcomes(ctx, live(acme), []store.Invitation{{Survey: "shop", ID: "i"}})
	if err != nil || len(found) > 0 {
		t.Errorf("outcomes: %v, %v", found, err)
	}
}

func cellsAddUp(t *testing.T, open Open) {
	s := opened(t, open)
	var all []store.Record
	// Enough batches for chunks to be merged on several levels, in one span and over several.
	const batches = 150
	for i := range batches {
		records := facts("shop", 2*i+1, 2)
		records[1].Fact.CountTime = noon.Add(time.Duration(i%40) * 24 * time.Hour)
		other := facts("bank", 2*i+1, 1)
		other[0].Fact.ID, other[0].Position = "b-"+records[0].Fact.ID, records[0].Position
		all = append(all, records...)
		all = append(all, other...)
		apply(t, s, int64(2*i), int64(2*i+2), changes(live(acme), append(records, other...)...))
	}
	wantCells(t, "cells", counted(t, s, acme), recount(all...))
	// Spans come in order, each once.
	type place struct {
		survey string
		span   cell.Span
	}
	var last place
	_, err := s.Cells(context.Background(), func(_, survey string, span cell.Span, _ [][]byte) error {
		p := place{survey, span}
		if p.survey < last.survey || p.survey == last.survey && p.span <= last.span {
			t.Errorf("%v comes after %v", p, last)
		}
		last = p
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func cellsCancelOut(t *testing.T, open Open) {
	s := opened(t, open)
	r := store.Record{Position: 1, Refusal: refusalAt("shop", "x", "i", noon)}
	for i := range int64(40) {
		c := changes(live(acme), r)
		if i%2 == 1 {
			c = takeBack(r)
		}
		c.Records = nil
		apply(t, s, i, i+1, c)
	}
	wantCells(t, "cells", counted(t, s, acme), recount())
}
