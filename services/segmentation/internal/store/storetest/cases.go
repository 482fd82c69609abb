package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/otklik/otklik/services/segmentation/internal/cases"
	"github.com/otklik/otklik/services/segmentation/internal/store"
)

// caseCases are about what has to be seen to.
func caseCases() []testCase {
	return []testCase{
		{"CasesAreKept", casesAreKept}, {"CasesOfUnits", casesOfUnits}, {"CasesInOrder", casesInOrder}, {"CasesAreClaimedOnce", casesAreClaimedOnce},
		{"CaseRequestsAreRepeated", caseRequestsAreRepeated}, {"CasesAreMerged", casesAreMerged}, {"CasesTick", casesTick}, {"CasesAreTold", casesAreTold},
		{"CasesAreSighted", casesAreSighted}, {"CasesBelongWhereContactsDo", casesBelongWhereContactsDo},
		{"CaseCommentsWait", caseCommentsWait}, {"CaseResponsesAreRemoved", caseResponsesAreRemoved},
		{"UnresolvedAt", unresolvedAt}, {"CaseRules", caseRules}, {"WorkCalendars", workCalendars}, {"CaseDates", caseDates},
		{"CasesOfPersons", casesOfPersons},
	}
}

// by says that a key does something at a time after noon.
func by(after time.Duration) store.By { return store.By{Actor: "keys/k", Time: noon.Add(after)} }

// aCase is a case of nobody in particular.
func aCase(organization, subject string, change ...func(*cases.Case)) cases.Case {
	c := cases.Case{
		Organization: organization, ID: cases.NewID(), DisplayName: "late", Subject: subject, Queue: "care", Severity: cases.Medium,
		SLA: cases.SLA{FirstResponse: time.Hour, Resolution: 10 * time.Hour}, About: cases.About{Location: "shop"},
	}
	for _, fn := range change {
		fn(&c)
	}
	return c
}

func openCase(t testing.TB, s store.Store, c cases.Case) cases.Case {
	t.Helper()
	out, err := s.OpenCase(t.Context(), c, nil, by(0))
	return got(t, out, err)
}

func refOf(c cases.Case) store.CaseRef { return store.CaseRef{Organization: c.Organization, ID: c.ID} }

// moveCase moves a case.
func moveCase(ctx context.Context, s store.Store, c cases.Case, to cases.State, by store.By) (cases.Case, error) {
	return s.ChangeCase(ctx, refOf(c), by, func(c *cases.Case, cal cases.Calendar) ([]cases.Entry, error) {
		e, err := c.Move(to, by.Actor, by.Time, cal)
		return []cases.Entry{e}, err
	})
}

// claimCase claims a case that is named.
func claimCase(ctx context.Context, s store.Store, c cases.Case, owner string, by store.By) (cases.Case, error) {
	return s.ChangeCase(ctx, refOf(c), by, func(c *cases.Case, _ cases.Calendar) ([]cases.Entry, error) {
		e, news, err := c.Claim(owner, by.Actor, by.Time)
		if !news {
			return nil, err
		}
		return []cases.Entry{e}, err
	})
}

func kindsOf(list []cases.Entry) (out []cases.Happening) {
	for _, e := range list {
		out = append(out, e.Kind)
	}
	return out
}

func casesAreKept(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	c := aCase(acme, "delivery", func(c *cases.Case) {
		c.Description, c.Tasks, c.Steps = "it came late", []cases.Task{{Text: "call", Owner: "ann", Due: noon}}, []cases.Step{{After: time.Hour, Queue: "lead"}}
	})
	opened, err := s.OpenCase(ctx, c, []string{"surveys/s/responses/r"}, by(0))
	must(t, "open", err)
	stored, err := s.GetCase(ctx, refOf(opened))
	equal(t, "case", got(t, stored, err), opened)
	equal(t, "due", stored.Due, noon.Add(10*time.Hour))
	_, err = s.GetCase(ctx, store.CaseRef{Organization: other, ID: c.ID})
	want(t, "get another one's", err, store.ErrNotFound)
	links, err := s.CaseLinks(ctx, acme, c.ID, 10)
	equal(t, "links", got(t, links, err), []cases.Link{{Resource: "surveys/s/responses/r", Time: noon}})
	claimed, err := claimCase(ctx, s, opened, "ann", by(time.Minute))
	equal(t, "state", got(t, claimed, err).State, cases.Assigned)
	again, err := claimCase(ctx, s, opened, "ann", by(2*time.Minute))
	equal(t, "claimed again", got(t, again, err), claimed)
	_, err = claimCase(ctx, s, opened, "bob", by(time.Minute))
	var refusal *cases.Refusal
	if !errors.As(err, &refusal) || refusal.Kind != cases.Owned {
		t.Errorf("claim another one's: %v", err)
	}
	moved, err := moveCase(ctx, s, opened, cases.Resolved, by(2*time.Minute))
	equal(t, "state", got(t, moved, err).State, cases.Resolved)
	equal(t, "version", moved.Version, 3)
	entries, err := s.CaseEntries(ctx, refOf(c), 0, 10)
	equal(t, "history", kindsOf(got(t, entries, err)), []cases.Happening{cases.Opened, cases.Claimed, cases.Moved})
	equal(t, "actor", entries[2].Actor, "keys/k")
	rest, err := s.CaseEntries(ctx, refOf(c), entries[0].Seq, 1)
	equal(t, "history after", kindsOf(got(t, rest, err)), []cases.Happening{cases.Claimed})
}

func casesOfUnits(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	mine := openCase(t, s, aCase(acme, "a"))
	theirs := openCase(t, s, aCase(acme, "a", func(c *cases.Case) { c.About.Location = "depot" }))
	units := store.Units{"location": {"shop"}}
	list, _, err := s.ListCases(ctx, store.CaseQuery{Organization: acme, Units: units, Limit: 10})
	equal(t, "listed", idsOf(got(t, list, err)), []string{mine.ID})
	ref := refOf(theirs)
	ref.Units = units
	_, err = s.GetCase(ctx, ref)
	want(t, "get", err, store.ErrNotFound)
	_, err = s.CaseEntries(ctx, ref, 0, 1)
	want(t, "history", err, store.ErrNotFound)
	_, err = s.ChangeCase(ctx, ref, by(0), func(*cases.Case, cases.Calendar) ([]cases.Entry, error) { return nil, nil })
	want(t, "change", err, store.ErrNotFound)
	claimed, err := s.ClaimFirst(ctx, acme, "", units, "ann", by(0))
	equal(t, "claimed", got(t, claimed, err).ID, mine.ID)
	_, err = s.ClaimFirst(ctx, acme, "", units, "ann", by(0))
	want(t, "claim what is left", err, store.ErrNotFound)
}

func idsOf(list []cases.Case) []string {
	out := []string{}
	for _, c := range list {
		out = append(out, c.ID)
	}
	return out
}

// The order of pages is that of cases.Compare, whatever their size.
func casesInOrder(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	var all []cases.Case
	for i := range 24 {
		c := aCase(acme, fmt.Sprint(i), func(c *cases.Case) {
			c.Severity = cases.Severity(1 + i%4)
			c.SLA.Resolution = time.Duration(i%3) * time.Hour
			c.Queue = []string{"care", "sales"}[i/12]
			if i%2 == 0 {
				c.About.Company = "c1"
			}
			if i%5 == 0 {
				c.Owner = "ann"
			}
		})
		c.Late.Resolution = i%7 == 0
		all = append(all, openCase(t, s, c))
	}
	for _, i := range []int{3, 9} {
		closed, err := moveCase(ctx, s, all[i], cases.Closed, by(time.Minute))
		all[i] = got(t, closed, err)
	}
	every := []cases.State{cases.New, cases.Assigned, cases.InProgress, cases.WaitingCustomer, cases.Resolved, cases.Closed}
	for name, q := range map[string]struct {
		store.CaseQuery
		fits func(c cases.Case) bool
	}{
		"open":      {store.CaseQuery{}, func(c cases.Case) bool { return c.State.Open() }},
		"all":       {store.CaseQuery{States: every}, func(cases.Case) bool { return true }},
		"closed":    {store.CaseQuery{States: []cases.State{cases.Closed}}, func(c cases.Case) bool { return !c.State.Open() }},
		"a queue":   {store.CaseQuery{Queue: "care"}, func(c cases.Case) bool { return c.State.Open() && c.Queue == "care" }},
		"an owner":  {store.CaseQuery{Owner: "ann"}, func(c cases.Case) bool { return c.State.Open() && c.Owner == "ann" }},
		"nobody's":  {store.CaseQuery{Unowned: true, Queue: "care"}, func(c cases.Case) bool { return c.State.Open() && c.Owner == "" && c.Queue == "care" }},
		"a company": {store.CaseQuery{Company: "c1", States: every[1:2]}, func(c cases.Case) bool { return c.State == cases.Assigned && c.About.Company == "c1" }},
		"units":     {store.CaseQuery{Units: store.Units{"company": {"c1"}}}, func(c cases.Case) bool { return c.State.Open() && c.About.Company == "c1" }},
	} {
		var wanted []cases.Case
		for _, c := range all {
			if q.fits(c) {
				wanted = append(wanted, c)
			}
		}
		slices.SortFunc(wanted, func(a, b cases.Case) int { return cases.Compare(&a, &b) })
		q.Organization, q.Limit = acme, 5
		var found []cases.Case
		for more := true; more; {
			page, next, err := s.ListCases(ctx, q.CaseQuery)
			found, more = append(found, got(t, page, err)...), next
			if len(page) > 0 {
				mark := store.MarkOf(page[len(page)-1])
				q.After = &mark
			}
		}
		equal(t, name, idsOf(found), idsOf(wanted))
	}
}

// However many claim at once, each case becomes one claimer's.
func casesAreClaimedOnce(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	const workers, there = 100, 60
	for i := range there {
		openCase(t, s, aCase(acme, fmt.Sprint(i)))
	}
	owned := make([]string, workers)
	var wg sync.WaitGroup
	for i := range workers {
		wg.Go(func() {
			c, err := s.ClaimFirst(ctx, acme, "care", nil, fmt.Sprintf("worker-%d", i), by(0))
			if err == nil {
				owned[i] = c.ID
			} else if !errors.Is(err, store.ErrNotFound) {
				t.Errorf("claim: %v", err)
			}
		})
	}
	wg.Wait()
	seen := map[string]bool{}
	for i, id := range owned {
		if id == "" {
			continue
		}
		if seen[id] {
			t.Errorf("case %s was claimed twice", id)
		}
		seen[id] = true
		c, err := s.GetCase(ctx, store.CaseRef{Organization: acme, ID: id})
		equal(t, "owner", got(t, c, err).Owner, fmt.Sprintf("worker-%d", i))
	}
	equal(t, "claimed", len(seen), there)
}

func caseRequestsAreRepeated(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	request := by(0)
	request.Request = "q1"
	first, err := s.OpenCase(ctx, aCase(acme, "a"), nil, request)
	must(t, "open", err)
	second, err := s.OpenCase(ctx, aCase(acme, "a"), nil, request)
	equal(t, "opened again", got(t, second, err), first)
	request.Request = "q2"
	closed, err := moveCase(ctx, s, first, cases.Closed, request)
	must(t, "close", err)
	again, err := moveCase(ctx, s, first, cases.Closed, request)
	equal(t, "closed again", got(t, again, err), closed)
	request.Request = "q3"
	if _, err := moveCase(ctx, s, first, cases.Closed, request); err == nil {
		t.Error("closed twice")
	}
	caseRequestsAreTheActors(t, s, first)
	contact := func(c *cases.Case) { c.About.Contact, c.About.Person = "c1", []byte("0123456789abcdef") }
	one := openCase(t, s, aCase(acme, "b", contact))
	_, err = s.OpenCase(ctx, aCase(acme, "b", contact), nil, by(0))
	var exists *store.CaseExists
	if !errors.As(err, &exists) || exists.ID != one.ID {
		t.Errorf("open the same: %v", err)
	}
}

// caseRequestsAreTheActors uses an identifier again: for something else, beyond the caller's units, and as somebody else.
func caseRequestsAreTheActors(t *testing.T, s store.Store, first cases.Case) {
	t.Helper()
	ctx, again := t.Context(), by(0)
	again.Request, again.Content = "q1", []byte("another case")
	_, err := s.OpenCase(ctx, aCase(acme, "a"), nil, again)
	want(t, "open another by the same request", err, store.ErrExists)
	_, err = claimCase(ctx, s, first, "ann", again)
	want(t, "claim by the same request", err, store.ErrExists)
	again.Content, again.Units = nil, store.Units{"location": {"depot"}}
	_, err = s.OpenCase(ctx, aCase(acme, "a"), nil, again)
	want(t, "open again beyond the units", err, store.ErrExists)
	again.Actor, again.Units = "keys/other", nil
	theirs, err := s.OpenCase(ctx, aCase(acme, "elsewhere"), nil, again)
	if got(t, theirs, err); theirs.ID == first.ID {
		t.Error("somebody else's request returned the case")
	}
}

func casesAreMerged(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	a, b, c := openCase(t, s, aCase(acme, "a")), openCase(t, s, aCase(acme, "b")), openCase(t, s, aCase(acme, "c"))
	for _, one := range []cases.Case{a, b, c} {
		_, err := s.ChangeCase(ctx, refOf(one), by(0), func(*cases.Case, cases.Calendar) ([]cases.Entry, error) {
			return []cases.Entry{{Kind: cases.Noted, Time: noon, Text: "of " + one.ID}}, nil
		})
		must(t, "note", err)
	}
	_, err := s.MergeCases(ctx, refOf(b), []string{c.ID}, by(time.Minute))
	must(t, "merge", err)
	_, err = s.MergeCases(ctx, refOf(a), []string{b.ID, c.ID}, by(time.Minute))
	if err == nil {
		t.Error("a case was merged twice")
	}
	untouched, err := s.GetCase(ctx, refOf(b))
	equal(t, "merged into after a refusal", got(t, untouched, err).MergedInto, "")
	_, err = s.MergeCases(ctx, refOf(a), []string{b.ID}, by(2*time.Minute))
	must(t, "merge", err)
	entries, err := s.CaseEntries(ctx, refOf(a), 0, 100)
	must(t, "history", err)
	// Each case was opened and noted; two merges are told of both.
	equal(t, "entries", len(entries), 3+3+4)
	for _, one := range []cases.Case{a, b, c} {
		n := 0
		for _, e := range entries {
			if e.Text == "of "+one.ID {
				n++
				if wanted := map[bool]string{true: "", false: one.ID}[one.ID == a.ID]; e.Origin != wanted {
					t.Errorf("origin %q, want %q", e.Origin, wanted)
				}
			}
		}
		equal(t, "notes", n, 1)
		own, err := s.CaseEntries(ctx, refOf(one), 0, 100)
		if must(t, "history", err); own[0].Kind != cases.Opened || own[0].Origin != "" {
			t.Errorf("history of a part: %+v", own)
		}
	}
}

func casesTick(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	c := openCase(t, s, aCase(acme, "a", func(c *cases.Case) { c.Steps = []cases.Step{{After: 2 * time.Hour, Queue: "lead"}} }))
	n, err := s.TickCases(ctx, noon.Add(59*time.Minute), 10)
	equal(t, "early", got(t, n, err), 0)
	for _, at := range []time.Duration{time.Hour, 2 * time.Hour, 9 * time.Hour, 11 * time.Hour} {
		n, err = s.TickCases(ctx, noon.Add(at), 10)
		equal(t, fmt.Sprint("after ", at), got(t, n, err), 1)
		n, err = s.TickCases(ctx, noon.Add(at), 10)
		equal(t, fmt.Sprint("again after ", at), got(t, n, err), 0)
	}
	// However many an organisation has, those of others have their turn.
	for _, organization := range []string{acme, acme, other} {
		openCase(t, s, aCase(organization, cases.NewID()))
	}
	n, err = s.TickCases(ctx, noon.Add(12*time.Hour), 1)
	equal(t, "of two organisations", got(t, n, err), 2)
	entries, err := s.CaseEntries(ctx, refOf(c), 0, 10)
	equal(t, "history", kindsOf(got(t, entries, err)), []cases.Happening{cases.Opened, cases.Breached, cases.Escalated, cases.FellDue, cases.Breached})
	stored, err := s.GetCase(ctx, refOf(c))
	if got(t, stored, err); stored.Queue != "lead" || !stored.Late.Any() || stored.Version != 5 {
		t.Errorf("got %+v", stored)
	}
}

func casesAreTold(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	c := openCase(t, s, aCase(acme, "a", func(c *cases.Case) { c.Owner = "ann" }))
	_, err := s.TickCases(ctx, noon.Add(11*time.Hour), 10)
	must(t, "tick", err)
	for _, to := range []cases.State{cases.Resolved, cases.Closed, cases.InProgress} {
		_, err := moveCase(ctx, s, c, to, by(12*time.Hour))
		must(t, "move", err)
	}
	events, _, err := s.OutboxEvents(ctx, acme, 0, 100)
	must(t, "read outbox", err)
	var kinds []store.EventKind
	for _, e := range events {
		kinds = append(kinds, e.Kind)
		equal(t, "resource", e.Resource, "cases/"+c.ID)
		equal(t, "location", e.Location, "shop")
	}
	equal(t, "told", kinds, []store.EventKind{
		store.CaseOpened, store.CaseBreached, store.CaseDue, store.CaseBreached, store.CaseClosed, store.CaseOpened,
	})
	var body store.CaseChanged
	must(t, "decode", store.DecodeBody(events[0], &body))
	equal(t, "body", body, store.CaseChanged{
		Queue: "care", Owner: "ann", Severity: "MEDIUM", FirstResponseDue: noon.Add(time.Hour), ResolutionDue: noon.Add(10 * time.Hour),
	})
}
