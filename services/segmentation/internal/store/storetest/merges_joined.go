package storetest

import (
	"testing"
	"time"

	"github.com/otklik/otklik/services/segmentation/internal/cases"
	"github.com/otklik/otklik/services/segmentation/internal/directory"
	"github.com/otklik/otklik/services/segmentation/internal/interview"
	"github.com/otklik/otklik/services/segmentation/internal/store"
)

// joinedCases are about what there may be one of with a contact, of contacts that are merged and taken apart again.
func joinedCases() []testCase {
	return []testCase{{"CasesAreJoined", casesAreJoined}, {"CasesResolvedTogetherStay", resolvedTogether}, {"InterviewsAreJoined", interviewsAreJoined}}
}

// aboutOne opens a case about a contact, with a task.
func aboutOne(t *testing.T, s store.Store, contact, subject, task string, after time.Duration) cases.Case {
	t.Helper()
	c, err := s.OpenCase(t.Context(), aCase(acme, subject, func(c *cases.Case) {
		c.About, c.Tasks = cases.About{Contact: contact}, []cases.Task{{Text: task}}
	}), []string{"surveys/s/responses/" + contact + "-" + subject}, by(after))
	return got(t, c, err)
}

func caseIs(t *testing.T, s store.Store, id string) cases.Case {
	t.Helper()
	c, err := s.GetCase(t.Context(), store.CaseRef{Organization: acme, ID: id})
	return got(t, c, err)
}

// casesAreJoined: unresolved cases of the same subject become one when contacts are merged, and two again when that is undone.
func casesAreJoined(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	putContacts(t, s, contact("a", "", ""), contact("b", "", ""))
	first, second := aboutOne(t, s, "b", "late", "call", 0), aboutOne(t, s, "a", "late", "write", time.Minute)
	other := aboutOne(t, s, "a", "rude", "listen", time.Minute)
	m, err := s.MergeContacts(ctx, acme, directory.Move{From: "b", To: "a", Actor: "keys/k", Reason: "one", Time: noon.Add(time.Hour)})
	must(t, "merge", err)
	one := caseIs(t, s, first.ID)
	equal(t, "the older one", []any{one.About.Contact, one.State, len(one.Tasks)}, []any{"a", cases.New, 2})
	gone := caseIs(t, s, second.ID)
	equal(t, "the newer one", []any{gone.State, gone.MergedInto}, []any{cases.Closed, first.ID})
	equal(t, "another subject", caseIs(t, s, other.ID).State, cases.New)
	links, err := s.CaseLinks(ctx, acme, first.ID, 9)
	equal(t, "links", len(got(t, links, err)), 2)
	_, err = s.UndoMerge(ctx, acme, m.ID, directory.Move{From: "a", Actor: "keys/k", Reason: "two", Time: noon.Add(2 * time.Hour)})
	must(t, "undo", err)
	for _, was := range []cases.Case{first, second} {
		is := caseIs(t, s, was.ID)
		equal(t, "case of "+was.About.Contact, []any{is.About.Contact, is.State, is.MergedInto, is.Due, is.Tasks, is.CloseTime, is.ResolveTime},
			[]any{was.About.Contact, was.State, "", was.Due, was.Tasks, time.Time{}, time.Time{}})
		links, err := s.CaseLinks(ctx, acme, was.ID, 9)
		equal(t, "links of "+was.About.Contact, len(got(t, links, err)), 1)
		entries, err := s.CaseEntries(ctx, store.CaseRef{Organization: acme, ID: was.ID}, 0, 9)
		equal(t, "history of "+was.About.Contact, got(t, entries, err)[0].Kind, cases.Opened)
		unresolved, err := s.UnresolvedAt(ctx, acme, was.About.Contact, noon.Add(3*time.Hour))
		equal(t, "unresolved", got(t, unresolved, err), true)
	}
}

// resolvedTogether: what was resolved for both is not open again for one of them.
func resolvedTogether(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	putContacts(t, s, contact("a", "", ""), contact("b", "", ""))
	first, second := aboutOne(t, s, "a", "late", "call", 0), aboutOne(t, s, "b", "late", "write", time.Minute)
	m, err := s.MergeContacts(ctx, acme, move("b", "a"))
	must(t, "merge", err)
	_, err = moveCase(ctx, s, first, cases.Closed, by(time.Hour))
	must(t, "close", err)
	_, err = s.UndoMerge(ctx, acme, m.ID, move("a", ""))
	must(t, "undo", err)
	equal(t, "the other one", caseIs(t, s, second.ID).State, cases.Closed)
}

// interviewsAreJoined: one interview is to be held with whoever was merged, as of what is known of both, and the other one again when that is undone.
func interviewsAreJoined(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	anna, boris := contact("anna", "", ""), contact("boris", "", "")
	anna.Identities[0].Person, boris.Identities[0].Person = lightPerson(1), lightPerson(2)
	putContacts(t, s, anna, boris)
	a := &answering{t: t, s: s, now: noon}
	a.apply(lightAnswer(acme, "r1", 1, "", noon, 1), lightAnswer(acme, "r2", 2, "firm", noon, 3))
	applyRedList(t, s)
	m, err := s.MergeContacts(ctx, acme, move("boris", "anna"))
	must(t, "merge", err)
	list := func() map[string]interview.Interview {
		t.Helper()
		all, _, err := s.ListInterviews(ctx, store.InterviewQuery{Organization: acme, States: []interview.State{interview.Open}, Limit: 9})
		out := map[string]interview.Interview{}
		for _, i := range got(t, all, err) {
			out[i.Contact] = i
		}
		return out
	}
	one := list()
	equal(t, "to be held", len(one), 1)
	equal(t, "company and score", []any{one["anna"].Company, *one["anna"].Score}, []any{"firm", 2.0})
	_, err = s.UndoMerge(ctx, acme, m.ID, move("anna", ""))
	must(t, "undo", err)
	two := list()
	equal(t, "to be held then", len(two), 2)
	equal(t, "of one", []any{two["anna"].Company, *two["anna"].Score}, []any{"", 1.0})
	equal(t, "of the other one", []any{two["boris"].Company, *two["boris"].Score}, []any{"firm", 3.0})
}
