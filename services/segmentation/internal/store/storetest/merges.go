package storetest

import (
	"testing"
	"time"

	"github.com/otklik/otklik/services/segmentation/internal/cases"
	"github.com/otklik/otklik/services/segmentation/internal/directory"
	"github.com/otklik/otklik/services/segmentation/internal/purchase"
	"github.com/otklik/otklik/services/segmentation/internal/store"
	"github.com/otklik/otklik/services/segmentation/internal/timeline"
)

// mergeCases are about what is kept of contacts that were merged.
func mergeCases() []testCase {
	return []testCase{
		{"WhatIsStatedOfMergedGoesBack", whatIsStatedGoesBack}, {"CasesOfMerged", casesOfMerged}, {"MembershipsOfMerged", membershipsOfMerged},
		{"ErasedAfterMerge", erasedAfterMerge}, {"ClaimedAndChanged", claimedAndChanged},
	}
}

// whatIsStatedGoesBack: what is stated of a contact that is a part of another one is the contact's again when the merge is undone, however often it is stated.
func whatIsStatedGoesBack(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	putContacts(t, s, contact("a", "", ""), contact("b", "", ""), contact("c", "", ""))
	state := func(receipts ...string) {
		t.Helper()
		var list []store.Purchase
		for _, r := range receipts {
			list = append(list, store.Purchase{
				Purchase: purchase.Purchase{Receipt: r, Who: purchase.Who{Contact: "b"}, Time: noon, Amount: 5, Currency: "KGS"}, CreateTime: noon,
			})
		}
		out, err := s.UpsertPurchases(ctx, acme, list)
		changes(t, out, err)
		left, err := s.UpsertChurns(ctx, acme, []store.Churn{{Churn: purchase.Churn{ID: "gone", Who: purchase.Who{Contact: "b"}, Time: noon}, CreateTime: noon}})
		changes(t, left, err)
	}
	whose := func() (out []string) {
		t.Helper()
		bought, _, err := s.ListPurchases(ctx, store.PurchaseQuery{Organization: acme, Limit: 9})
		must(t, "list purchases", err)
		for _, p := range bought {
			out = append(out, p.Receipt+" of "+p.Contact)
		}
		left, _, err := s.ListChurns(ctx, store.PurchaseQuery{Organization: acme, Limit: 9})
		must(t, "list departures", err)
		for _, c := range left {
			out = append(out, c.Churn.ID+" of "+c.Contact)
		}
		return out
	}
	state("r1")
	first, err := s.MergeContacts(ctx, acme, move("b", "a"))
	must(t, "merge", err)
	state("r1", "r2")
	second, err := s.MergeContacts(ctx, acme, move("a", "c"))
	must(t, "merge", err)
	state("r1", "r2", "r3")
	equal(t, "merged", whose(), []string{"r3 of c", "r2 of c", "r1 of c", "gone of c"})
	_, err = s.UndoMerge(ctx, acme, second.ID, move("c", ""))
	must(t, "undo", err)
	equal(t, "undone once", whose(), []string{"r3 of a", "r2 of a", "r1 of a", "gone of a"})
	_, err = s.UndoMerge(ctx, acme, first.ID, move("a", ""))
	must(t, "undo", err)
	equal(t, "undone", whose(), []string{"r3 of b", "r2 of b", "r1 of b", "gone of b"})
}

func casesOfMerged(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	putContacts(t, s, contact("a", "", ""), contact("b", "", ""))
	m, err := s.MergeContacts(ctx, acme, move("b", "a"))
	must(t, "merge", err)
	c, err := s.OpenCase(ctx, aCase(acme, "one", func(c *cases.Case) { c.About = cases.About{Contact: "b"} }), nil, by(time.Minute))
	equal(t, "whom it is about", got(t, c, err).About.Contact, "a")
	_, err = s.UndoMerge(ctx, acme, m.ID, move("a", ""))
	must(t, "undo", err)
	equal(t, "whom it is about then", listOf(t, s, acme)[0].About.Contact, "b")
}

// membershipsOfMerged stay with the contact that was merged, and go with the one that it is a part of.
func membershipsOfMerged(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	putContacts(t, s, contact("a", "", ""), contact("b", "", ""), contact("c", "", ""), contact("x", "", ""))
	g := segment(t, s, acme, "vip", noon)
	for _, id := range []string{"a", "b", "c", "x"} {
		putInto(t, s, map[string]int64{"vip": g.RuleVersion}, id, noon.Add(time.Hour), "vip")
	}
	for _, m := range [][2]string{{"c", "b"}, {"b", "a"}} {
		_, err := s.MergeContacts(ctx, acme, move(m[0], m[1]))
		must(t, "merge", err)
	}
	records, err := s.ListPerson(ctx, acme, personOf("c"))
	listed := map[string]bool{}
	for _, r := range got(t, records, err) {
		if r.Kind == "segment_memberships" {
			listed[r.Contact] = true
		}
	}
	equal(t, "whose are listed", listed, map[string]bool{"a": true, "b": true, "c": true})
	must(t, "erase", s.ErasePerson(ctx, acme, "e1", personOf("a")))
	left, _, err := s.ListMemberships(ctx, store.MembershipQuery{Organization: acme, Segment: "vip", Ended: true, Limit: 9})
	var whose []string
	for _, m := range got(t, left, err) {
		whose = append(whose, m.Contact)
	}
	equal(t, "whose are left", whose, []string{"x"})
	g, err = s.GetSegment(ctx, acme, "vip")
	equal(t, "count", got(t, g, err).Members, 1)
	counts, err := s.Erased(ctx, acme, "e1")
	must(t, "count", err)
	counted := map[string]int64{}
	for _, c := range counts {
		counted[c.Kind] = c.Count
	}
	equal(t, "counted", []int64{counted["contacts"], counted["segment_memberships"]}, []int64{3, 3})
}

// erasedAfterMerge: nothing tells of an erased contact with whom it was merged once, neither by name nor by pseudonym.
func erasedAfterMerge(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	putContacts(t, s, contact("a", "", ""), contact("b", "", "", "b-app"), contact("c", "", ""))
	first, err := s.MergeContacts(ctx, acme, move("b", "a"))
	must(t, "merge", err)
	second, err := s.MergeContacts(ctx, acme, move("a", "c"))
	must(t, "merge", err)
	_, err = s.UndoMerge(ctx, acme, second.ID, move("c", ""))
	must(t, "undo", err)
	_, err = s.UndoMerge(ctx, acme, first.ID, move("a", ""))
	must(t, "undo", err)
	records, err := s.ListPerson(ctx, acme, personOf("b"))
	listed := 0
	for _, r := range got(t, records, err) {
		if r.Kind == "contact_moves" {
			listed++
		}
	}
	equal(t, "moves in the export", listed, 2)
	must(t, "erase", s.ErasePerson(ctx, acme, "e1", personOf("b")))
	kept, _, err := s.ListMoves(ctx, acme, "", 0, 9)
	equal(t, "moves", len(got(t, kept, err)), 2)
	for _, m := range kept {
		if m.From == "b" || m.To == "b" || len(m.Persons) != 1 || string(m.Persons[0]) != string(personOf("a")) {
			t.Errorf("a move is kept of %s to %s, of %d identities", m.From, m.To, len(m.Persons))
		}
	}
	for _, id := range []string{"a", "c"} {
		entries, _, err := s.ListTimeline(ctx, store.TimelineQuery{Organization: acme, Contact: id, Limit: 9})
		for _, e := range got(t, entries, err) {
			body, err := timeline.Decode(e.Kind, e.Body)
			must(t, "decode", err)
			if m, ok := body.(timeline.Merge); !ok || m.Other == "b" {
				t.Errorf("the timeline of %s has %+v", id, body)
			}
		}
	}
}

// claimedAndChanged: who claims an identity, and changes the contact that was known by it in the same batch, is told that it was merged.
func claimedAndChanged(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	out, err := s.UpsertPurchases(ctx, acme, []store.Purchase{bought("r1", 1, noon, 5)})
	changes(t, out, err)
	unknown := directory.KnownAs(personNo(1))
	claiming := contact("a", "", "")
	claiming.Identities = append(claiming.Identities, directory.Identity{Person: personNo(1)})
	changing := contact(unknown, "", "")
	changing.Edit = func(c *directory.Contact) error { c.Sealed, c.Key = []byte("sealed"), "k"; return nil }
	did, err := s.PutContacts(ctx, acme, noon, false, []store.ContactChange{claiming, changing})
	must(t, "put", err)
	must(t, "claim", did[0].Err)
	refusedFor(t, "change what was claimed", did[1].Err, "name", directory.Merged)
	all, err := s.GetContacts(ctx, acme, []string{unknown})
	equal(t, "merged into", got(t, all, err)[unknown].MergedInto, "a")
	moves, _, err := s.ListMoves(ctx, acme, "a", 0, 9)
	equal(t, "moves", len(got(t, moves, err)), 1)
	_, err = s.UndoMerge(ctx, acme, moves[0].ID, move("a", ""))
	must(t, "undo", err)
}
