package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/otklik/otklik/services/segmentation/internal/attribute"
	"github.com/otklik/otklik/services/segmentation/internal/directory"
	"github.com/otklik/otklik/services/segmentation/internal/purchase"
	"github.com/otklik/otklik/services/segmentation/internal/store"
)

// importCases are about imports.
func importCases() []testCase {
	return []testCase{
		{"ImportsComeInParts", importsComeInParts}, {"OneImportOfAKindRuns", oneImportOfAKindRuns}, {"ImportsAreWorkedOn", importsAreWorkedOn},
		{"ImportsAreForgotten", importsAreForgotten}, {"ImportsLeaveOutWhoWasErased", importsLeaveOutErased}, {"RehearsalsChangeNothing", rehearsalsChangeNothing},
		{"ImportsOfAnOrganizationTakeTurns", importsTakeTurns}, {"WhatImportsStoreIsCountedOnce", importsAreCountedOnce},
	}
}

// imported is a new import.
func imported(id, kind string) store.Import {
	return store.Import{ID: id, Kind: kind, ImportSettings: store.ImportSettings{MostRefused: 0.1, Creator: "keys/k", Mapping: map[string]string{"Код": "id"}}, CreateTime: noon}
}

// begun creates an import that must not be refused.
func begun(t testing.TB, s store.Store, id, kind string) store.Import {
	t.Helper()
	i, err := s.CreateImport(t.Context(), acme, imported(id, kind), noon.Add(-time.Hour))
	return got(t, i, err)
}

const mostBytes = 10

func importsComeInParts(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	i := begun(t, s, "i", "contact")
	equal(t, "created", []any{i.State, i.Organization, i.Mapping["Код"]}, []any{store.ImportOpen, acme, "id"})
	for part, data := range []string{"abc", "de"} {
		_, err := s.PutPart(ctx, acme, "i", part*2, []byte(data), mostBytes, noon)
		must(t, "put part", err)
	}
	i, err := s.PutPart(ctx, acme, "i", 0, []byte("abcd"), mostBytes, noon)
	equal(t, "sums", []any{got(t, i, err).Parts, i.Bytes}, []any{2, int64(6)})
	_, err = s.PutPart(ctx, acme, "i", 3, []byte("12345"), mostBytes, noon)
	want(t, "put too much", err, store.ErrTooMany)
	_, err = s.PutPart(ctx, acme, "none", 0, []byte("a"), mostBytes, noon)
	want(t, "put a part of nothing", err, store.ErrNotFound)
	var missing *store.MissingPartError
	if _, err = s.CommitImport(ctx, acme, "i", 3); !errors.As(err, &missing) || missing.Part != 1 {
		t.Errorf("commit with a gap: %v", err)
	}
	_, err = s.PutPart(ctx, acme, "i", 1, []byte("x"), mostBytes, noon)
	must(t, "put part", err)
	_, err = s.CommitImport(ctx, acme, "i", 2)
	want(t, "commit fewer", err, store.ErrChanged)
	for range 2 {
		i, err = s.CommitImport(ctx, acme, "i", 3)
		equal(t, "committed", got(t, i, err).State, store.ImportChecking)
	}
	data, err := s.Part(ctx, acme, "i", 0)
	equal(t, "part", string(got(t, data, err)), "abcd")
	_, err = s.PutPart(ctx, acme, "i", 1, []byte("y"), mostBytes, noon)
	want(t, "put a part when it is committed", err, store.ErrChanged)
	i, err = s.EndImport(ctx, acme, "i", store.ImportCancelled, "", noon)
	equal(t, "cancelled", []any{got(t, i, err).State, i.EndTime}, []any{store.ImportCancelled, noon})
	i, err = s.EndImport(ctx, acme, "i", store.ImportDone, "", noon)
	equal(t, "ended again", got(t, i, err).State, store.ImportCancelled)
	_, err = s.Part(ctx, acme, "i", 0)
	want(t, "part of what ended", err, store.ErrNotFound)
}

func oneImportOfAKindRuns(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	begun(t, s, "i", "contact")
	_, err := s.CreateImport(ctx, acme, imported("i", "company"), noon)
	want(t, "the same identifier", err, store.ErrExists)
	var running *store.RunningError
	theirs := imported("j", "contact")
	theirs.Creator = "keys/another"
	if _, err = s.CreateImport(ctx, acme, theirs, noon.Add(-time.Hour)); !errors.As(err, &running) || running.ID != "i" {
		t.Errorf("two of one kind: %v", err)
	}
	begun(t, s, "k", "company")
	_, err = s.CreateImport(ctx, other, imported("i", "contact"), noon)
	must(t, "another organisation's", err)
	// One that nobody goes on with makes way.
	_, err = s.CreateImport(ctx, acme, theirs, noon.Add(time.Hour))
	must(t, "after a stale one", err)
	i, err := s.GetImport(ctx, acme, "i")
	equal(t, "the stale one", got(t, i, err).State, store.ImportCancelled)
	list, more, err := s.ListImports(ctx, acme, 0, 2)
	equal(t, "list", []any{len(got(t, list, err)), more}, []any{2, true})
	// So does one of the same caller, unless it is committed.
	begun(t, s, "l", "company")
	i, err = s.GetImport(ctx, acme, "k")
	equal(t, "the caller's own", got(t, i, err).State, store.ImportCancelled)
	_, err = s.PutPart(ctx, acme, "l", 0, []byte("id"), mostBytes, noon)
	must(t, "put part", err)
	_, err = s.CommitImport(ctx, acme, "l", 1)
	must(t, "commit", err)
	if _, err = s.CreateImport(ctx, acme, imported("m", "company"), noon); !errors.As(err, &running) || running.ID != "l" {
		t.Errorf("beside one that is committed: %v", err)
	}
}

func importsAreWorkedOn(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	begun(t, s, "i", "contact")
	_, err := s.ClaimImport(ctx, "me", noon, noon.Add(time.Minute))
	want(t, "claim an open one", err, store.ErrNotFound)
	_, err = s.PutPart(ctx, acme, "i", 0, []byte("a"), mostBytes, noon)
	must(t, "put part", err)
	_, err = s.CommitImport(ctx, acme, "i", 1)
	must(t, "commit", err)
	i, err := s.ClaimImport(ctx, "me", noon, noon.Add(time.Minute))
	equal(t, "claimed", got(t, i, err).ID, "i")
	_, err = s.ClaimImport(ctx, "you", noon, noon.Add(time.Minute))
	want(t, "claim another's", err, store.ErrNotFound)
	i.State, i.Checked, i.Refused, i.Position, i.Applied, i.Ignored = store.ImportApplying, 5, 2, 3, 1, []string{"x"}
	refusals := []store.ImportRefusal{{Row: 2, Line: 3, Field: "id", Reason: "R", Description: "because"}, {Row: 4, Line: 5, Reason: "R"}}
	must(t, "move", s.MoveImport(ctx, "me", noon.Add(time.Minute), i, refusals))
	must(t, "hold", s.HoldImport(ctx, acme, "i", "me", noon.Add(90*time.Second)))
	want(t, "hold another's", s.HoldImport(ctx, acme, "i", "you", noon.Add(time.Minute)), store.ErrLost)
	_, err = s.ClaimImport(ctx, "you", noon.Add(80*time.Second), noon.Add(3*time.Minute))
	want(t, "claim what is held", err, store.ErrNotFound)
	want(t, "move another's", s.MoveImport(ctx, "you", noon.Add(time.Minute), i, nil), store.ErrLost)
	listed, err := s.ListImportRefusals(ctx, acme, "i", 1, 5)
	equal(t, "refusals", len(got(t, listed, err)), 1)
	// Who takes over goes on where the other one was.
	j, err := s.ClaimImport(ctx, "you", noon.Add(2*time.Minute), noon.Add(3*time.Minute))
	equal(t, "taken over", []any{got(t, j, err).Checked, j.Refused, j.Position, j.Applied, j.Ignored, j.State},
		[]any{int64(5), int64(2), int64(3), int64(1), []string{"x"}, store.ImportApplying})
	want(t, "move what was taken over", s.MoveImport(ctx, "me", noon.Add(time.Minute), i, nil), store.ErrLost)
	_, err = s.EndImport(ctx, acme, "i", store.ImportDone, "", noon)
	must(t, "end", err)
	want(t, "move what has ended", s.MoveImport(ctx, "you", noon.Add(time.Minute), i, nil), store.ErrLost)
	_, err = s.ClaimImport(ctx, "you", noon.Add(time.Hour), noon.Add(2*time.Hour))
	want(t, "claim what has ended", err, store.ErrNotFound)
}

// What was rehearsed of an import holds as long as no other one of the organisation is applied: while one is held, none of its others is worked on.
func importsTakeTurns(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	commit := func(organization, id, kind string, created time.Time) {
		t.Helper()
		i := imported(id, kind)
		i.CreateTime = created
		_, err := s.CreateImport(ctx, organization, i, noon)
		must(t, "create", err)
		_, err = s.CommitImport(ctx, organization, id, 0)
		must(t, "commit", err)
	}
	commit(acme, "first", "contact", noon)
	commit(acme, "second", "company", noon.Add(time.Second))
	commit(other, "third", "contact", noon.Add(2*time.Second))
	claim := func(what, holder string, at time.Time, want string) {
		t.Helper()
		i, err := s.ClaimImport(ctx, holder, at, at.Add(time.Minute))
		if want == "" {
			if !errors.Is(err, store.ErrNotFound) {
				t.Errorf("%s: claimed %+v, %v", what, i, err)
			}
			return
		}
		equal(t, what, got(t, i, err).ID, want)
	}
	claim("the oldest", "a", noon, "first")
	claim("while it is held", "b", noon, "third")
	claim("while both are held", "c", noon, "")
	claim("by the holder, who began anew", "a", noon, "first")
	must(t, "put off", s.PutOffImport(ctx, acme, "first", "a", noon.Add(time.Hour)))
	claim("while the first one is put off", "c", noon, "second")
	claim("when the time of all others is over", "d", noon.Add(2*time.Hour), "first")
	_, err := s.EndImport(ctx, acme, "first", store.ImportDone, "", noon)
	must(t, "end", err)
	claim("when the first one has ended", "d", noon.Add(2*time.Hour), "second")
}

// What is stored for an import counts with it in one transaction: who stores it again, since it is not noted how far the import came, counts nothing twice or too little.
func importsAreCountedOnce(t *testing.T, open Open) {
	s := opened(t, open)
	begun(t, s, "i", "contact")
	_, err := s.CommitImport(t.Context(), acme, "i", 0)
	must(t, "commit", err)
	i, err := s.ClaimImport(t.Context(), "me", noon, noon.Add(time.Minute))
	must(t, "claim", err)
	location := store.UnitChange{Ref: directory.Ref{Kind: attribute.Location, ID: "osh"}, AllowMissing: true, Edit: func(*directory.Unit) error { return nil }}
	bought := store.Purchase{Purchase: purchase.Purchase{Receipt: "r", Time: noon, Who: purchase.Who{Contact: "c"}}, CreateTime: noon}
	putContacts(t, s, contact("by hand", "", ""))
	for _, step := range []struct {
		context          func(context.Context) context.Context
		location         string
		created, updated int64
	}{
		{func(ctx context.Context) context.Context { return store.Rehearse(store.OfImport(ctx, "i")) }, "", 0, 0},
		{func(ctx context.Context) context.Context { return store.OfImport(ctx, "i") }, "", 3, 0},
		{func(ctx context.Context) context.Context { return store.OfImport(ctx, "i") }, "", 3, 0},
		{func(ctx context.Context) context.Context { return store.OfImport(ctx, "i") }, "osh", 3, 1},
	} {
		ctx := step.context(t.Context())
		_, err := s.PutUnits(ctx, acme, noon, []store.UnitChange{location})
		must(t, "put unit", err)
		_, err = s.PutContacts(ctx, acme, noon, true, []store.ContactChange{contact("c", "", step.location)})
		must(t, "put contact", err)
		_, err = s.UpsertPurchases(ctx, acme, []store.Purchase{bought})
		must(t, "store purchase", err)
		i.State, i.Position = store.ImportApplying, i.Position+1
		must(t, "move", s.MoveImport(t.Context(), "me", noon.Add(time.Minute), i, nil))
		now, err := s.GetImport(t.Context(), acme, "i")
		equal(t, "created and updated", []int64{got(t, now, err).Created, now.Updated}, []int64{step.created, step.updated})
	}
}

// What was uploaded of a table that nobody goes on with goes away by itself, also when no other import begins.
func importsAreForgotten(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	for _, kind := range []string{"contact", "company", "location"} {
		begun(t, s, kind, kind)
		_, err := s.PutPart(ctx, acme, kind, 0, []byte("id"), mostBytes, noon)
		must(t, "put part", err)
	}
	_, err := s.CommitImport(ctx, acme, "company", 1)
	must(t, "commit", err)
	_, err = s.PutPart(ctx, acme, "location", 1, []byte("x"), mostBytes, noon.Add(time.Hour))
	must(t, "put part later", err)
	n, err := s.CancelStaleImports(ctx, noon.Add(time.Minute), noon.Add(25*time.Hour), 9)
	equal(t, "cancelled", got(t, n, err), 1)
	i, err := s.GetImport(ctx, acme, "contact")
	equal(t, "the stale one", []any{got(t, i, err).State, i.EndTime}, []any{store.ImportCancelled, noon.Add(25 * time.Hour)})
	_, err = s.Part(ctx, acme, "contact", 0)
	want(t, "its part", err, store.ErrNotFound)
	for _, id := range []string{"company", "location"} {
		_, err := s.Part(ctx, acme, id, 0)
		must(t, "part of another one", err)
	}
}

// What is rehearsed is told as it would become, and does not.
func rehearsalsChangeNothing(t *testing.T, open Open) {
	s, ctx := opened(t, open), store.Rehearse(t.Context())
	location := directory.Ref{Kind: attribute.Location, ID: "osh"}
	for range 2 {
		units, err := s.PutUnits(ctx, acme, noon, []store.UnitChange{{Ref: location, AllowMissing: true, Edit: func(*directory.Unit) error { return nil }}})
		equal(t, "unit", got(t, units, err)[0].Created, true)
		contacts, err := s.PutContacts(ctx, acme, noon, true, []store.ContactChange{{ID: "c", AllowMissing: true, Edit: func(*directory.Contact) error { return nil }}})
		equal(t, "contact", got(t, contacts, err)[0].Created, true)
		bought, err := s.UpsertPurchases(ctx, acme, []store.Purchase{
			{Purchase: purchase.Purchase{Receipt: "r", Time: noon}, Person: []byte("0123456789abcdef")}, {Purchase: purchase.Purchase{Receipt: "q", Time: noon, Who: purchase.Who{Contact: "c"}}},
		})
		equal(t, "purchases", []any{got(t, bought, err)[0].Change, errors.Is(bought[1].Err, store.ErrNotFound)}, []any{store.Created, true})
	}
	_, err := s.GetUnit(t.Context(), acme, location)
	want(t, "the unit", err, store.ErrNotFound)
	_, err = s.ContactOf(t.Context(), acme, []byte("0123456789abcdef"))
	want(t, "the contact", err, store.ErrNotFound)
}

// importsLeaveOutErased: who is erased while an import has not ended is not entered by it again; by one that begins afterwards, and by hand, somebody of the name is.
func importsLeaveOutErased(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	putContacts(t, s, contact("a", "", "", "a-card"), contact("b", "", ""))
	begun(t, s, "before", "contact")
	must(t, "erase", s.ErasePerson(ctx, acme, "e1", personOf("a-card"), personOf("a"), personOf("a-card")))
	put := func(ctx context.Context, c store.ContactChange) error {
		t.Helper()
		out, err := s.PutContacts(ctx, acme, noon, true, []store.ContactChange{c})
		return got(t, out, err)[0].Err
	}
	reason := func(err error) directory.Reason {
		var refusal *directory.Refusal
		errors.As(err, &refusal)
		if refusal == nil {
			return ""
		}
		return refusal.Reason
	}
	of := store.OfImport(ctx, "before")
	equal(t, "the contact", reason(put(of, contact("a", "", ""))), directory.Erased)
	equal(t, "another one with its card", reason(put(of, contact("c", "", "", "a-card"))), directory.Erased)
	must(t, "others", put(of, contact("b", "", "")))
	paid := func(ctx context.Context, who string) error {
		t.Helper()
		out, err := s.UpsertPurchases(ctx, acme, []store.Purchase{{
			Purchase: purchase.Purchase{Receipt: "r", Who: purchase.Who{Respondent: who}, Time: noon, Amount: 5, Currency: "KGS"}, Person: personOf(who), CreateTime: noon,
		}})
		return got(t, out, err)[0].Err
	}
	want(t, "a purchase", paid(of, "a-card"), store.ErrNotFound)
	_, err := s.EndImport(ctx, acme, "before", store.ImportCancelled, "", noon)
	must(t, "end import", err)
	begun(t, s, "after", "contact")
	must(t, "by a later import", put(store.OfImport(ctx, "after"), contact("a", "", "", "a-card")))
	must(t, "by hand", paid(ctx, "a-card"))
}
