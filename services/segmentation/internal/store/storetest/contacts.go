package storetest

import (
	"crypto/sha256"
	"errors"
	"maps"
	"slices"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/otklik/otklik/services/segmentation/internal/attribute"
	"github.com/otklik/otklik/services/segmentation/internal/directory"
	"github.com/otklik/otklik/services/segmentation/internal/store"
)

// contactCases are about contacts and by what they are known.
func contactCases() []testCase {
	return []testCase{
		{"ContactsAreMadeAndChanged", contactsAreMadeAndChanged},
		{"ContactsAreListed", contactsAreListed},
		{"IdentitiesAreClaimed", identitiesAreClaimed},
		{"ContactsAreMergedAndSplit", contactsAreMergedAndSplit},
		{"MergesThatAreRefused", mergesThatAreRefused},
		{"MergesLoseNothing", mergesLoseNothing},
		{"ContactsAreErased", contactsAreErased}, {"ContactsAreExported", contactsAreExported},
	}
}

// personOf is the pseudonym of an identifier in the tests.
func personOf(identifier string) []byte {
	sum := sha256.Sum256([]byte(identifier))
	return sum[:16]
}

// contact is a change that makes a contact that is known by its identifier and by others.
func contact(id, company, location string, identifiers ...string) store.ContactChange {
	c := store.ContactChange{ID: id, AllowMissing: true, Edit: func(c *directory.Contact) error {
		c.Company, c.Location = company, location
		return nil
	}}
	if !directory.GivenByService(id) {
		c.Identities = append(c.Identities, directory.Identity{Person: personOf(id), Home: id})
	}
	for _, i := range identifiers {
		c.Identities = append(c.Identities, directory.Identity{Person: personOf(i), Channel: "app", Sealed: []byte("sealed " + i), Key: "k"})
	}
	return c
}

func putContacts(t testing.TB, s store.Store, changes ...store.ContactChange) []store.ContactOutcome {
	t.Helper()
	out, err := s.PutContacts(t.Context(), acme, noon, false, changes)
	must(t, "put", err)
	for i, o := range out {
		must(t, "put "+changes[i].ID, o.Err)
	}
	return out
}

func contactsAreMadeAndChanged(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	missing := contact("a", "", "")
	missing.AllowMissing = false
	unknown := contact("b", "none", "")
	placed := contact("c", "", "none")
	out, err := s.PutContacts(ctx, acme, noon, false, []store.ContactChange{missing, unknown, placed})
	must(t, "put", err)
	want(t, "change what is not there", out[0].Err, store.ErrNotFound)
	refusedFor(t, "an unknown company", out[1].Err, "company", directory.ParentUnknown)
	refusedFor(t, "an unknown location", out[2].Err, "location", directory.ParentUnknown)
	put(t, s, unit(attribute.Company, "acme", directory.Ref{}))
	first := putContacts(t, s, contact("a", "acme", "", "a-app"))[0]
	equal(t, "made", []any{first.Created, first.Changed, first.Contact.Version}, []any{true, true, int64(1)})
	again := putContacts(t, s, contact("a", "acme", "", "a-app"))[0]
	equal(t, "the same again", []any{again.Created, again.Changed, again.Contact.Version}, []any{false, false, int64(1)})
	stored, err := s.GetContacts(ctx, acme, []string{"a", "none"})
	equal(t, "stored", got(t, stored, err), map[string]directory.Contact{"a": first.Contact})
	known, err := s.Identities(ctx, acme, []string{"a"})
	equal(t, "known by", len(got(t, known, err)["a"]), 2)
	id, err := s.ContactOf(ctx, acme, personOf("a-app"))
	equal(t, "found", got(t, id, err), "a")
	_, err = s.ContactOf(ctx, other, personOf("a-app"))
	want(t, "found elsewhere", err, store.ErrNotFound)
	taken, err := s.PutContacts(ctx, acme, noon, false, []store.ContactChange{contact("b", "", "", "a-app")})
	refusedFor(t, "an identity of another contact", got(t, taken, err)[0].Err, "identities", directory.IdentityTaken)
	stored, err = s.GetContacts(ctx, acme, []string{"b"})
	equal(t, "what was refused", len(got(t, stored, err)), 0)
}

func contactsAreListed(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	put(t, s, unit(attribute.Company, "c", directory.Ref{}), region("r", ""), unit(attribute.Location, "l", directory.Ref{Kind: attribute.Region, ID: "r"}))
	putContacts(t, s, contact("3", "c", ""), contact("1", "c", "l"), contact("2", "", ""))
	ids := func(q store.ContactQuery) (out []string, more bool) {
		q.Organization = acme
		contacts, more, err := s.ListContacts(ctx, q)
		must(t, "list", err)
		for _, c := range contacts {
			out = append(out, c.ID)
		}
		return out, more
	}
	all, more := ids(store.ContactQuery{Limit: 2})
	equal(t, "first page", []any{all, more}, []any{[]string{"1", "2"}, true})
	all, more = ids(store.ContactQuery{After: "2", Limit: 2})
	equal(t, "second page", []any{all, more}, []any{[]string{"3"}, false})
	all, _ = ids(store.ContactQuery{Company: "c", Limit: 2})
	equal(t, "of a company", all, []string{"1", "3"})
	var rows []store.ContactRow
	must(t, "each", s.EachContact(ctx, acme, "1", func(c store.ContactRow) error { rows = append(rows, c); return nil }))
	equal(t, "each after the first", len(rows), 2)
	rows = nil
	stop := errors.New("stop")
	want(t, "each", s.EachContact(ctx, acme, "", func(c store.ContactRow) error { rows = append(rows, c); return stop }), stop)
	equal(t, "region", []string{rows[0].ID, rows[0].Region}, []string{"1", "r"})
}

func identitiesAreClaimed(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	putContacts(t, s, contact("a", "", "", "app-1"))
	// The identifier of a contact that comes later is another one's already: the two are one customer, and who says so merges them.
	out, err := s.PutContacts(ctx, acme, noon, false, []store.ContactChange{contact("app-1", "", "")})
	refusedFor(t, "the name is taken", got(t, out, err)[0].Err, "name", directory.IdentityTaken)
	out, err = s.PutContacts(ctx, acme, noon, false, []store.ContactChange{contact(directory.KnownAs(personOf("x")), "", "")})
	refusedFor(t, "a name of the service's", got(t, out, err)[0].Err, "name", directory.Invalid)
}

// move is who says why when.
func move(from, to string) directory.Move {
	return directory.Move{From: from, To: to, Actor: "keys/k", Reason: "the same person", Time: noon}
}

func contactsAreMergedAndSplit(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	put(t, s, unit(attribute.Company, "c", directory.Ref{}))
	gold := contact("b", "c", "", "b-app")
	gold.Edit = func(c *directory.Contact) error {
		c.Company, c.Sealed, c.Key = "c", []byte("sealed"), "k"
		c.Attributes = attribute.Values{1: {Type: attribute.Enum, Text: "gold"}}.Pack()
		return nil
	}
	before := putContacts(t, s, contact("a", "", ""), gold)
	m, err := s.MergeContacts(ctx, acme, move("b", "a"))
	must(t, "merge", err)
	equal(t, "moved", len(m.Persons), 2)
	twice, err := s.MergeContacts(ctx, acme, move("b", "a"))
	equal(t, "merged again", got(t, twice, err).ID, m.ID)
	all, err := s.GetContacts(ctx, acme, []string{"a", "b"})
	must(t, "get", err)
	equal(t, "of the other", []any{all["a"].Company, string(all["a"].Sealed), string(all["a"].Attributes)}, []any{"c", "sealed", string(before[1].Contact.Attributes)})
	equal(t, "merged into", all["b"].MergedInto, "a")
	id, err := s.ContactOf(ctx, acme, personOf("b-app"))
	equal(t, "found", got(t, id, err), "a")
	listed, _, err := s.ListContacts(ctx, store.ContactQuery{Organization: acme, Limit: 5})
	equal(t, "listed", len(got(t, listed, err)), 1)

	back, err := s.UndoMerge(ctx, acme, m.ID, move("a", ""))
	must(t, "undo", err)
	equal(t, "moved back", []any{back.From, back.To, len(back.Persons)}, []any{"a", "b", 2})
	all, err = s.GetContacts(ctx, acme, []string{"a", "b"})
	must(t, "get", err)
	for i, id := range []string{"a", "b"} {
		have, had := all[id], before[i].Contact
		equal(t, id+" as it was", []any{have.Company, string(have.Sealed), string(have.Attributes), have.MergedInto}, []any{had.Company, string(had.Sealed), string(had.Attributes), ""})
	}
	_, err = s.UndoMerge(ctx, acme, m.ID, move("a", ""))
	refusedFor(t, "undo again", err, "merge", directory.MoveInvalid)
	_, err = s.UndoMerge(ctx, acme, 99, move("a", ""))
	want(t, "undo what is not there", err, store.ErrNotFound)
	moves, more, err := s.ListMoves(ctx, acme, "b", 0, 5)
	must(t, "list", err)
	equal(t, "history", []any{len(moves), more, moves[1].UndoneBy, moves[1].Actor, moves[1].Reason}, []any{2, false, moves[0].ID, "keys/k", "the same person"})

	out := move("b", "new")
	out.Persons = [][]byte{personOf("b-app")}
	_, err = s.SplitContact(ctx, acme, out, []directory.Identity{{Person: personOf("new"), Home: "new"}})
	must(t, "split", err)
	known, err := s.Identities(ctx, acme, []string{"b", "new"})
	must(t, "identities", err)
	equal(t, "identities", []int{len(known["b"]), len(known["new"])}, []int{1, 2})
}

func mergesThatAreRefused(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	putContacts(t, s, contact("a", "", ""), contact("b", "", ""), contact("c", "", ""))
	_, err := s.MergeContacts(ctx, acme, move("none", "a"))
	want(t, "merge what is not there", err, store.ErrNotFound)
	_, err = s.MergeContacts(ctx, acme, move("a", "a"))
	refusedFor(t, "merge into itself", err, "contacts", directory.MoveInvalid)
	first, err := s.MergeContacts(ctx, acme, move("c", "b"))
	must(t, "merge", err)
	_, err = s.MergeContacts(ctx, acme, move("c", "a"))
	refusedFor(t, "merge what was merged", err, "contacts", directory.Merged)
	_, err = s.MergeContacts(ctx, acme, move("a", "c"))
	refusedFor(t, "merge into what was merged", err, "name", directory.Merged)
	out, err := s.PutContacts(ctx, acme, noon, false, []store.ContactChange{contact("c", "", "")})
	refusedFor(t, "change what was merged", got(t, out, err)[0].Err, "name", directory.Merged)
	_, err = s.MergeContacts(ctx, acme, move("b", "a"))
	must(t, "merge", err)
	_, err = s.UndoMerge(ctx, acme, first.ID, move("b", ""))
	refusedFor(t, "undo below a later merge", err, "merge", directory.MoveInvalid)
	all := move("a", "x")
	all.Persons = [][]byte{personOf("a"), personOf("b"), personOf("c")}
	_, err = s.SplitContact(ctx, acme, all, nil)
	refusedFor(t, "take everything", err, "pseudonyms", directory.MoveInvalid)
	all.Persons = [][]byte{personOf("x")}
	_, err = s.SplitContact(ctx, acme, all, nil)
	refusedFor(t, "take what is not there", err, "pseudonyms", directory.MoveInvalid)
}

// mergesLoseNothing: whatever is merged and split, each identity is that of exactly one contact that stands for itself, and when all merges are undone in turn
// everything is as it was.
func mergesLoseNothing(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	run := 0
	rapid.Check(t, func(t *rapid.T) {
		run++
		prefix := strconv.Itoa(run) + "-"
		n := rapid.IntRange(2, 5).Draw(t, "contacts")
		names, changes, persons := []string(nil), []store.ContactChange(nil), map[string]string{}
		for i := range n {
			id := prefix + strconv.Itoa(i)
			c := contact(id, "", "", id+"-app")
			values := attribute.Values{uint32(i) + 1: {Type: attribute.Number, Number: float64(i)}, 9: {Type: attribute.Number, Number: float64(i % 2)}}.Pack()
			c.Edit = func(c *directory.Contact) error { c.Attributes = values; return nil }
			names, changes = append(names, id), append(changes, c)
			persons[string(personOf(id))], persons[string(personOf(id+"-app"))] = id, id
		}
		if _, err := s.PutContacts(ctx, acme, noon, false, changes); err != nil {
			t.Fatal(err)
		}
		first, err := s.GetContacts(ctx, acme, names)
		if err != nil {
			t.Fatal(err)
		}
		var done []directory.Move
		for range rapid.IntRange(1, 8).Draw(t, "steps") {
			from, to := rapid.SampledFrom(names).Draw(t, "from"), rapid.SampledFrom(names).Draw(t, "to")
			m, err := s.MergeContacts(ctx, acme, move(from, to))
			var refusal *directory.Refusal
			switch {
			case err == nil && !slices.ContainsFunc(done, func(d directory.Move) bool { return d.ID == m.ID }):
				done = append(done, m)
			case err != nil && !errors.As(err, &refusal):
				t.Fatal(err)
			}
			checkWhose(t, s, names, persons)
		}
		for _, m := range slices.Backward(done) {
			if _, err := s.UndoMerge(ctx, acme, m.ID, move(m.To, "")); err != nil {
				t.Fatalf("undo %+v: %v", m, err)
			}
			checkWhose(t, s, names, persons)
		}
		last, err := s.GetContacts(ctx, acme, names)
		if err != nil {
			t.Fatal(err)
		}
		for id, c := range last {
			if string(c.Attributes) != string(first[id].Attributes) || c.MergedInto != "" {
				t.Fatalf("%s is %+v, was %+v", id, c, first[id])
			}
		}
		for person, id := range persons {
			if whose, err := s.ContactOf(ctx, acme, []byte(person)); err != nil || whose != id {
				t.Fatalf("an identity of %s is that of %s: %v", id, whose, err)
			}
		}
	})
}

// checkWhose fails where an identity is lost, or that of a contact that does not stand for itself.
func checkWhose(t *rapid.T, s store.Store, names []string, persons map[string]string) {
	all, err := s.GetContacts(t.Context(), acme, names)
	if err != nil {
		t.Fatal(err)
	}
	known, err := s.Identities(t.Context(), acme, names)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for id, list := range known {
		for _, i := range list {
			if all[id].MergedInto != "" || seen[string(i.Person)] {
				t.Fatalf("an identity is that of %s, merged into %q", id, all[id].MergedInto)
			}
			seen[string(i.Person)] = true
		}
	}
	if len(seen) != len(persons) {
		t.Fatalf("%d identities of %d", len(seen), len(persons))
	}
	for _, id := range slices.Sorted(maps.Keys(all)) {
		if all[id].MergedInto == "" && len(known[id]) == 0 {
			t.Fatalf("%s stands for itself and is known by nothing", id)
		}
	}
}

func contactsAreExported(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	income, err := s.CreateAttribute(ctx, acme, attribute.Definition{Kind: attribute.Contact, Key: "income", Type: attribute.Number, CreateTime: noon}, 9)
	must(t, "declare", err)
	put(t, s, unit(attribute.Company, "firm", directory.Ref{}))
	change := contact("anna", "firm", "", "card")
	edit := change.Edit
	change.Edit = func(c *directory.Contact) error {
		c.Attributes = attribute.Values{income.Number: {Type: attribute.Number, Number: 1200}}.Pack()
		return edit(c)
	}
	putContacts(t, s, change)
	a := &answering{t: t, s: s, now: noon}
	response := lightAnswer(acme, "r1", 2, "firm", noon, 10)
	response.Person = personOf("anna")
	a.apply(response)
	records, err := s.ListPerson(ctx, acme, personOf("card"))
	told := map[string][]string{}
	for _, r := range got(t, records, err) {
		told[r.Kind] = append(told[r.Kind], string(r.Content))
	}
	slices.Sort(told["identities"])
	equal(t, "contacts", told["contacts"], []string{`{"attributes":{"income":1200},"company":"firm","updateTime":"` + noon.Format(time.RFC3339Nano) + `"}`})
	equal(t, "identities", told["identities"], []string{`{"channel":"app"}`, `{"home":"anna"}`})
	equal(t, "answers", told["answers"], []string{`{"company":"firm","scores":{"q0":10}}`})
}

func contactsAreErased(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	putContacts(t, s, contact("a", "", ""), contact("b", "", "", "b-app"), contact("c", "", ""))
	_, err := s.MergeContacts(ctx, acme, move("b", "a"))
	must(t, "merge", err)
	records, err := s.ListPerson(ctx, acme, personOf("b-app"))
	must(t, "list", err)
	kinds := map[string]int{}
	for _, r := range records {
		kinds[r.Kind]++
	}
	equal(t, "kept", []int{kinds["contacts"], kinds["identities"], kinds["contact_moves"]}, []int{2, 3, 1})
	must(t, "erase", s.ErasePerson(ctx, acme, "e1", personOf("b-app")))
	left, err := s.GetContacts(ctx, acme, []string{"a", "b", "c"})
	equal(t, "left", len(got(t, left, err)), 1)
	for _, id := range []string{"a", "b", "b-app"} {
		_, err = s.ContactOf(ctx, acme, personOf(id))
		want(t, "find "+id, err, store.ErrNotFound)
	}
	moves, _, err := s.ListMoves(ctx, acme, "", 0, 5)
	equal(t, "moves", len(got(t, moves, err)), 0)
	putContacts(t, s, contact("a", "", ""))
}
