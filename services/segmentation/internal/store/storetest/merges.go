package storetest

import (
	"slices"
	"testing"
	"time"

	"github.com/otklik/otklik/services/segmentation/internal/cases"
	"github.com/otklik/otklik/services/segmentation/internal/directory"
	"github.com/otklik/otklik/services/segmentation/internal/purchase"
	"github.com/otklik/otklik/services/segmentation/internal/recovery"
	"github.com/otklik/otklik/services/segmentation/internal/store"
	"github.com/otklik/otklik/services/segmentation/internal/timeline"
	"github.com/otklik/otklik/services/segmentation/internal/trigger"
)

// mergeCases are about what is kept of contacts that were merged.
func mergeCases() []testCase {
	return []testCase{
		{"WhatIsStatedOfMergedGoesBack", whatIsStatedGoesBack}, {"CasesOfMerged", casesOfMerged}, {"MembershipsOfMerged", membershipsOfMerged},
		{"ErasedAfterMerge", erasedAfterMerge}, {"ErasedByAll", erasedByAll}, {"ClaimedAndChanged", claimedAndChanged},
		{"ReadBeforeErased", readBeforeErased}, {"ReadBeforeMerged", readBeforeMerged},
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

// erasedByAll: whoever erases knows all by which the customer is known, or removes nothing.
func erasedByAll(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	putContacts(t, s, contact("a", "", "", "a-app"), contact("b", "", ""), contact("x", "", ""))
	_, err := s.MergeContacts(ctx, acme, move("b", "a"))
	must(t, "merge", err)
	all := [][]byte{personOf("a"), personOf("a-app"), personOf("b")}
	slices.SortFunc(all, slices.Compare)
	for _, p := range all {
		list, err := s.PersonIdentities(ctx, acme, p)
		equal(t, "identities", got(t, list, err), all)
	}
	list, err := s.PersonIdentities(ctx, acme, personOf("nobody"))
	equal(t, "identities of nobody", len(got(t, list, err)), 0)
	list, err = s.PersonIdentities(ctx, other, personOf("a"))
	equal(t, "identities in another organisation", len(got(t, list, err)), 0)

	want(t, "erase without b", s.ErasePerson(ctx, acme, "e1", personOf("a"), personOf("a"), personOf("a-app")), store.ErrFurtherIdentities)
	list, err = s.PersonIdentities(ctx, acme, personOf("b"))
	equal(t, "identities, as nothing was removed", len(got(t, list, err)), 3)
	must(t, "erase", s.ErasePerson(ctx, acme, "e1", personOf("b"), all...))
	for _, p := range all {
		list, err := s.PersonIdentities(ctx, acme, p)
		equal(t, "identities afterwards", len(got(t, list, err)), 0)
		must(t, "erase by the others", s.ErasePerson(ctx, acme, "e1", p, all...))
	}
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
	claiming.Actor, claiming.Reason = "keys/k", "stated"
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
	equal(t, "who claimed it and why", []string{moves[0].Actor, moves[0].Reason}, []string{"keys/k", "stated"})
	_, err = s.UndoMerge(ctx, acme, moves[0].ID, move("a", ""))
	must(t, "undo", err)
}

// lateWrites writes what followers and the evaluator read of a contact before.
func lateWrites(t *testing.T, s store.Store, vip store.Segment, contact string) {
	t.Helper()
	ctx := t.Context()
	must(t, "apply the red list", s.ApplyRedList(ctx, "interviews", store.Unmoved, store.Unmoved, []store.LightTurn{
		{Organization: acme, Contact: contact, Person: personOf(contact), Red: true, Score: 2, Position: 1, Time: noon},
	}))
	seen := store.CaseSighting{Organization: acme, Rules: []trigger.Rule{ruleOf(acme, "low", "light")}}
	seen.Occurrence = trigger.Occurrence{Resource: "contacts/" + contact + "/light", Time: noon, About: cases.About{Contact: contact, Person: personOf(contact)}}
	sight(t, s, 0, seen)
	must(t, "apply closings", s.ApplyClosings(ctx, "recovery", store.Unmoved, store.Unmoved, []store.Closing{
		{Organization: acme, Case: "c1", Contact: contact, Person: personOf(contact), Time: noon},
	}))
	putInto(t, s, map[string]int64{vip.ID: vip.RuleVersion}, contact, noon, vip.ID)
}

// keptOf are how many interviews, cases and recoveries are kept, by contact, and how many memberships.
func keptOf(t *testing.T, s store.Store) (out map[string]int) {
	t.Helper()
	ctx := t.Context()
	out = map[string]int{}
	interviews, _, err := s.ListInterviews(ctx, store.InterviewQuery{Organization: acme, Limit: 9})
	for _, i := range got(t, interviews, err) {
		out[i.Contact]++
	}
	for _, c := range listOf(t, s, acme) {
		out[c.About.Contact]++
	}
	recoveries, _, err := s.ListRecoveries(ctx, store.RecoveryQuery{Organization: acme, Now: noon, Limit: 9})
	for _, r := range got(t, recoveries, err) {
		out[r.Contact]++
	}
	members, _, err := s.ListMemberships(ctx, store.MembershipQuery{Organization: acme, Segment: "vip", Ended: true, Limit: 9})
	if n := len(got(t, members, err)); n > 0 {
		out["memberships"] = n
	}
	return out
}

// meeting is a store with two contacts, a segment, and a survey after cases.
func meeting(t *testing.T, open Open) (store.Store, store.Segment) {
	t.Helper()
	s := opened(t, open)
	putContacts(t, s, contact("a", "", ""), contact("b", "", ""))
	_, err := s.PutRecoveryPolicy(t.Context(), recovery.Policy{
		Organization: acme, Survey: "after", Delay: time.Hour, Wait: 24 * time.Hour, Cut: 8, CreateTime: noon, UpdateTime: noon,
	})
	must(t, "put policy", err)
	return s, segment(t, s, acme, "vip", noon)
}

// readBeforeErased: what was read of a contact before it was erased is not written after that.
func readBeforeErased(t *testing.T, open Open) {
	s, vip := meeting(t, open)
	must(t, "erase", s.ErasePerson(t.Context(), acme, "e1", personOf("b")))
	lateWrites(t, s, vip, "b")
	equal(t, "kept", keptOf(t, s), map[string]int{})
	told, _, err := s.OutboxEvents(t.Context(), acme, 0, 9)
	equal(t, "told", len(got(t, told, err)), 0)
	_, err = s.ContactOf(t.Context(), acme, personOf("b"))
	want(t, "find who was erased", err, store.ErrNotFound)
}

// readBeforeMerged: what was read of a contact before it was merged is written of the one that it is a part of, and goes back when the merge is undone.
func readBeforeMerged(t *testing.T, open Open) {
	s, vip := meeting(t, open)
	m, err := s.MergeContacts(t.Context(), acme, move("b", "a"))
	must(t, "merge", err)
	lateWrites(t, s, vip, "b")
	equal(t, "kept", keptOf(t, s), map[string]int{"a": 3})
	_, err = s.UndoMerge(t.Context(), acme, m.ID, move("a", ""))
	must(t, "undo", err)
	equal(t, "kept once it is undone", keptOf(t, s), map[string]int{"b": 3})
}
