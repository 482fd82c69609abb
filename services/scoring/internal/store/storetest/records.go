package storetest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/otklik/otklik/services/scoring/internal/cell"
	"github.com/otklik/otklik/services/scoring/internal/delta"
	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/question"
	"github.com/otklik/otklik/services/scoring/internal/store"
)

// takeBack is what removes a refusal from the cells.
func takeBack(r store.Record) store.Changes {
	d := &delta.Delta{}
	d.RemoveRefusal(r.Refusal)
	return store.Changes{Ledger: live(acme), Cells: cell.Pack(d)}
}

func factsRoundTrip(t *testing.T, open Open) {
	s := opened(t, open)
	full := &fact.Fact{
		ID: "A.b_c-1", Survey: "shop", Revision: 12, Population: fact.Employee,
		CountTime: time.Date(1999, 12, 31, 23, 59, 59, 999999999, time.UTC), ReceiveTime: noon.Add(1), Invitation: "inv", Respondent: "person",
		Weight: 0.25, Context: fact.Context{Touchpoint: "checkout", Channel: "sms", Location: "Ош", Language: "ky-Cyrl"},
		Answers: []fact.Answer{
			{Question: "effort", Kind: question.CES, Scale: question.Scale1To7, Direction: question.Effort, Present: true, Value: 200},
			{Question: "half", Kind: question.NPS, Scale: question.Scale{Min: 0, Max: 1000, Step: 50}, Present: true, Value: 850},
			{Question: "why", Kind: question.Text},
		},
	}
	records := append(facts("shop", 1, 3), store.Record{Position: 9, Fact: full})
	apply(t, s, 0, 9, changes(live(acme), records...))
	wantEqual(t, "facts", readFacts(t, s, live(acme), "shop"), records)
	wantEqual(t, "facts of another survey", readFacts(t, s, live(acme), "bank"), []store.Record(nil))
}

func refusalsRoundTrip(t *testing.T, open Open) {
	s := opened(t, open)
	records := []store.Record{
		{Position: 2, Refusal: refusalAt("shop", "x", "", noon)},
		{Position: 4, Refusal: refusalAt("shop", "y", "i", noon.Add(time.Hour))},
	}
	apply(t, s, 0, 4, changes(live(acme), records...))
	wantEqual(t, "refusals", readRefusals(t, s, live(acme), "shop"), records)
}

func factsAsAtTheStart(t *testing.T, open Open) {
	s := opened(t, open)
	apply(t, s, 0, 50, changes(live(acme), facts("shop", 1, 50)...))
	n := 0
	err := s.Facts(context.Background(), live(acme), "shop", func(position int64, _ *fact.Fact) error {
		n++
		if position == 1 {
			apply(t, s, 50, 100, changes(live(acme), facts("shop", 51, 50)...))
		}
		return nil
	})
	if err != nil || n != 50 {
		t.Errorf("%d facts, %v: want the 50 that there were at the start", n, err)
	}
}

func factsStopAtErrors(t *testing.T, open Open) {
	s := opened(t, open)
	apply(t, s, 0, 9, changes(live(acme), facts("shop", 1, 9)...))
	enough := errors.New("enough")
	n := 0
	err := s.Facts(context.Background(), live(acme), "shop", func(int64, *fact.Fact) error {
		n++
		return enough
	})
	if !errors.Is(err, enough) || n != 1 {
		t.Errorf("%d facts, %v: want 1 and the error of the function", n, err)
	}
}

func stored(t *testing.T, open Open) {
	s := opened(t, open)
	known := facts("shop", 1, 100)
	known = append(known, store.Record{Position: 101, Refusal: refusalAt("shop", "x", "", noon)})
	apply(t, s, 0, 101, changes(live(acme), known...))
	ask := append(facts("shop", 90, 20), store.Record{Refusal: refusalAt("shop", "x", "", noon)}, store.Record{Refusal: refusalAt("shop", "r-1", "", noon)})
	got, err := s.Stored(context.Background(), live(acme), ask)
	if err != nil {
		t.Fatal(err)
	}
	want := make([]bool, len(ask))
	for i := range 11 {
		want[i] = true
	}
	want[20] = true
	wantEqual(t, "stored", got, want)
	none, err := s.Stored(context.Background(), live(acme), nil)
	if err != nil || len(none) > 0 {
		t.Errorf("no records: %v, %v", none, err)
	}
}

func surveys(t *testing.T, open Open) {
	s := opened(t, open)
	apply(t, s, 0, 100,
		changes(live(acme), append(facts("shop", 1, 3), append(facts("bank", 11, 2), store.Record{Position: 20, Refusal: refusalAt("zoo", "x", "", noon)})...)...),
		changes(live(globex), facts("hotel", 31, 1)...))
	got, err := s.Surveys(context.Background(), live(acme))
	if err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "surveys", got, []string{"bank", "shop", "zoo"})
}

func respondents(t *testing.T, open Open) {
	s := opened(t, open)
	named := facts("bank", 11, 2)
	named[1].Fact.Respondent = "somebody"
	apply(t, s, 0, 100, changes(live(acme), append(facts("shop", 1, 3), named...)...))
	for survey, want := range map[string]bool{"shop": false, "bank": true, "zoo": false} {
		if got, err := s.HasRespondents(context.Background(), live(acme), survey); err != nil || got != want {
			t.Errorf("survey %s: %v, %v, want %v", survey, got, err, want)
		}
	}
	if got, err := s.HasRespondents(context.Background(), live(globex), "bank"); err != nil || got {
		t.Errorf("another organisation: %v, %v", got, err)
	}
}

func outcomes(t *testing.T, open Open) {
	ctx := context.Background()
	s := opened(t, open)
	a, b, c := store.Invitation{Survey: "shop", ID: "a"}, store.Invitation{Survey: "shop", ID: "b"}, store.Invitation{Survey: "bank", ID: "a"}
	first := map[store.Invitation]fact.Outcome{
		a: {Answered: true}, b: {Refusal: refusalAt("shop", "x", "b", noon)},
		c: {Answered: true, Refusal: refusalAt("bank", "y", "a", noon)},
	}
	apply(t, s, 0, 1, store.Changes{Ledger: live(acme), Outcomes: first})
	ask := []store.Invitation{a, b, c, {Survey: "shop", ID: "unknown"}}
	got, err := s.Outcomes(ctx, live(acme), ask)
	if err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "outcomes", got, first)
	later := fact.Outcome{Refusal: refusalAt("shop", "z", "b", noon.Add(time.Hour))}
	apply(t, s, 1, 2, store.Changes{Ledger: live(acme), Outcomes: map[store.Invitation]fact.Outcome{b: later}})
	if got, err = s.Outcomes(ctx, live(acme), ask); err != nil {
		t.Fatal(err)
	}
	first[b] = later
	wantEqual(t, "outcomes after a change", got, first)
	if got, err = s.Outcomes(ctx, live(globex), ask); err != nil || len(got) > 0 {
		t.Errorf("another organisation: %v, %v", got, err)
	}
	if got, err = s.Outcomes(ctx, live(acme), nil); err != nil || len(got) > 0 {
		t.Errorf("no invitations: %v, %v", got, err)
	}
}

func manyOutcomes(t *testing.T, open Open) {
	s := opened(t, open)
	const n = 500
	want := make(map[store.Invitation]fact.Outcome)
	var ask []store.Invitation
	for i := range n {
		invitation := store.Invitation{Survey: "shop", ID: fmt.Sprint("i-", i)}
		want[invitation] = fact.Outcome{Answered: true}
		ask = append(ask, invitation)
	}
	apply(t, s, 0, 1, store.Changes{Ledger: live(acme), Outcomes: want})
	got, err := s.Outcomes(context.Background(), live(acme), ask)
	if err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "outcomes", got, want)
}

func organisationsApart(t *testing.T, open Open) {
	ctx := context.Background()
	s := opened(t, open)
	mine := changes(live(acme), facts("shop", 1, 2)...)
	mine.Outcomes = map[store.Invitation]fact.Outcome{{Survey: "shop", ID: "i"}: {Answered: true}}
	mine.Aside = []store.SetAside{{Organization: acme, Position: 3, Reason: "odd", Time: noon}}
	theirs := facts("shop", 4, 3)
	apply(t, s, 0, 9, mine, changes(live(globex), theirs...))
	if _, err := s.StartRebuild(ctx, acme, "me", noon); err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "facts", readFacts(t, s, live(globex), "shop"), theirs)
	wantCells(t, "cells", counted(t, s, globex), recount(theirs...))
	found, err := s.Outcomes(ctx, live(globex), []store.Invitation{{Survey: "shop", ID: "i"}})
	if err != nil || len(found) > 0 {
		t.Errorf("outcomes: %v, %v", found, err)
	}
	known, err := s.Stored(ctx, live(globex), facts("shop", 1, 2))
	if err != nil || known[0] || known[1] {
		t.Errorf("stored: %v, %v", known, err)
	}
	list, err := s.Aside(ctx, live(globex), 0, 10)
	if err != nil || len(list) > 0 {
		t.Errorf("set aside: %v, %v", list, err)
	}
	rebuilds, err := s.Rebuilds(ctx, globex, 0, 10)
	if err != nil || len(rebuilds) > 0 {
		t.Errorf("rebuilds: %v, %v", rebuilds, err)
	}
	if _, err := s.Rebuild(ctx, store.Ledger{Organization: globex, Rebuild: 1}); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("rebuild: %v, want ErrNotFound", err)
	}
}

func unicode(t *testing.T, open Open) {
	s := opened(t, open)
	var records []store.Record
	for i, value := range []string{"Ысык-Көл", "\u00e9", "e\u0301", "🙂", " a ", "a%_'\"\\", "\u0000"} {
		f := factAt("shop", fmt.Sprint("u-", i), noon)
		f.Context.Location, f.Respondent, f.Invitation = value, value, value
		records = append(records, store.Record{Position: int64(i + 1), Fact: f})
	}
	c := changes(live("Организация"), records...)
	c.Outcomes = make(map[store.Invitation]fact.Outcome)
	for _, r := range records {
		c.Outcomes[store.Invitation{Survey: "shop", ID: r.Fact.Invitation}] = fact.Outcome{Answered: true}
	}
	apply(t, s, 0, 100, c)
	wantEqual(t, "facts", readFacts(t, s, live("Организация"), "shop"), records)
	wantCells(t, "cells", counted(t, s, "Организация"), recount(records...))
	for invitation := range c.Outcomes {
		got, err := s.Outcomes(context.Background(), live("Организация"), []store.Invitation{invitation})
		if err != nil || len(got) != 1 || !got[invitation].Answered {
			t.Errorf("invitation %q: %v, %v", invitation.ID, got, err)
		}
	}
}
