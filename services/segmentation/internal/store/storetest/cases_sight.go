package storetest

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/otklik/otklik/services/segmentation/internal/attribute"
	"github.com/otklik/otklik/services/segmentation/internal/cases"
	"github.com/otklik/otklik/services/segmentation/internal/directory"
	"github.com/otklik/otklik/services/segmentation/internal/store"
	"github.com/otklik/otklik/services/segmentation/internal/trigger"
	"github.com/otklik/otklik/services/segmentation/internal/worktime"
)

// ruleOf is a rule about a subject.
func ruleOf(organization, id, subject string) trigger.Rule {
	return trigger.Rule{
		Organization: organization, ID: id, DisplayName: id, Subject: subject, Trigger: trigger.Trigger{Kind: trigger.Score, AtMost: 5},
		Outcome: trigger.Outcome{Queue: "care", Severity: cases.High}, CreateTime: noon, UpdateTime: noon,
	}
}

var ann = []byte("0123456789abcdef")

// sighting is that rules saw a response of a person.
func sighting(organization, response string, person []byte, at time.Duration, rules ...trigger.Rule) store.CaseSighting {
	return store.CaseSighting{
		Organization: organization, Rules: rules, Answer: true, Keep: true,
		Occurrence: trigger.Occurrence{
			Resource: "surveys/s/responses/" + response, Time: noon.Add(at), Survey: "surveys/s", About: cases.About{Person: person, Location: "shop", Company: "c1"},
		},
	}
}

// sight stores sightings at a time.
func sight(t *testing.T, s store.Store, at time.Duration, list ...store.CaseSighting) {
	t.Helper()
	must(t, "sight", s.SightCases(t.Context(), "cases", store.Unmoved, store.Unmoved, store.CaseBatch{Now: noon.Add(at), Sightings: list}))
}

func listOf(t *testing.T, s store.Store, organization string) []cases.Case {
	t.Helper()
	list, _, err := s.ListCases(t.Context(), store.CaseQuery{Organization: organization, Limit: 100})
	return got(t, list, err)
}

func casesAreSighted(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	r := ruleOf(acme, "low", "service")
	must(t, "sight", s.SightCases(ctx, "cases", 0, 7, store.CaseBatch{Now: noon, Sightings: []store.CaseSighting{sighting(acme, "r1", ann, 0, r)}}))
	want(t, "sight from where it is not", s.SightCases(ctx, "cases", 0, 9, store.CaseBatch{Now: noon}), store.ErrLost)
	list := listOf(t, s, acme)
	if len(list) != 1 || list[0].Rule != "low" || list[0].About.Contact == "" || list[0].Subject != "service" || list[0].State != cases.New {
		t.Fatalf("got %+v", list)
	}
	// The same response, another of the same person, another rule of the same subject: the same case.
	sight(t, s, time.Minute, sighting(acme, "r1", ann, 0, r), sighting(acme, "r2", ann, time.Minute, r), sighting(acme, "r2", ann, time.Minute, ruleOf(acme, "odd", "service")))
	// Somebody else, and another subject: other cases.
	sight(t, s, 2*time.Minute, sighting(acme, "r3", []byte("fedcba9876543210"), time.Minute, r), sighting(acme, "r1", ann, 0, ruleOf(acme, "price", "price")))
	equal(t, "cases", len(listOf(t, s, acme)), 3)
	links, err := s.CaseLinks(ctx, acme, list[0].ID, 10)
	equal(t, "links", len(got(t, links, err)), 3)
	entries, err := s.CaseEntries(ctx, refOf(list[0]), 0, 10)
	equal(t, "history", kindsOf(got(t, entries, err)), []cases.Happening{cases.Opened, cases.Linked, cases.Linked})
	// Beyond the window, and once it is resolved, another case is opened.
	narrow := ruleOf(acme, "low", "service")
	narrow.Outcome.Within = time.Hour
	sight(t, s, 2*time.Hour, sighting(acme, "r4", ann, 2*time.Hour, narrow))
	equal(t, "cases after the window", len(listOf(t, s, acme)), 4)
	// Whoever is not known is told apart by the unit.
	sight(t, s, 0, sighting(other, "r1", nil, 0, ruleOf(other, "low", "service")), sighting(other, "r2", nil, 0, ruleOf(other, "low", "service")))
	equal(t, "cases of a unit", len(listOf(t, s, other)), 1)
}

// Whom the directory knows belongs where it says, also where an answer does not say so: the case is worth what the company is, and is seen by those who see it.
func casesBelongWhereContactsDo(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	value, err := s.CreateAttribute(ctx, acme, attribute.Definition{Kind: attribute.Company, Key: "value", Type: attribute.Number, CreateTime: noon}, 9)
	must(t, "declare", err)
	unit := func(kind attribute.Kind, id string, edit func(*directory.Unit)) store.UnitChange {
		return store.UnitChange{Ref: directory.Ref{Kind: kind, ID: id}, AllowMissing: true, Edit: func(u *directory.Unit) error { edit(u); return nil }}
	}
	_, err = s.PutUnits(ctx, acme, noon, []store.UnitChange{
		unit(attribute.Company, "firm", func(u *directory.Unit) {
			u.Attributes = attribute.Values{value.Number: {Type: attribute.Number, Number: 700}}.Pack()
		}),
		unit(attribute.Region, "south", func(*directory.Unit) {}),
		unit(attribute.Location, "osh", func(u *directory.Unit) { u.Parent = directory.Ref{Kind: attribute.Region, ID: "south"} }),
	})
	must(t, "put units", err)
	putContacts(t, s, contact("c-1", "firm", "osh"))
	seen := sighting(acme, "r1", personOf("c-1"), 0, ruleOf(acme, "low", "service"))
	seen.About.Company, seen.About.Location = "", ""
	elsewhere := sighting(acme, "r2", personOf("c-1"), 0, ruleOf(acme, "price", "price"))
	sight(t, s, 0, seen, elsewhere)
	byHand := openCase(t, s, aCase(acme, "manual", func(c *cases.Case) { c.About = cases.About{Contact: "c-1"} }))
	of := map[string]cases.Case{}
	for _, c := range listOf(t, s, acme) {
		of[c.Subject] = c
	}
	for _, c := range []cases.Case{of["service"], byHand} {
		equal(t, c.Subject, []string{c.About.Contact, c.About.Company, c.About.Location, c.About.Region}, []string{"c-1", "firm", "osh", "south"})
		equal(t, "value of "+c.Subject, c.Value, 700.0)
	}
	// What the answer says of where it was given holds.
	c := of["price"]
	equal(t, c.Subject, []string{c.About.Company, c.About.Location, c.About.Region}, []string{"c1", "shop", ""})
	for key, units := range map[string]store.Units{"company": {"company": {"firm"}}, "region": {"region": {"south"}}} {
		list, _, err := s.ListCases(ctx, store.CaseQuery{Organization: acme, Units: units, Limit: 10})
		equal(t, "seen by those of the "+key, len(got(t, list, err)), 2)
	}
}

func caseCommentsWait(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	comment := store.CaseComment{Organization: acme, Response: "surveys/s/responses/r1", Sentiment: 1, Aspects: []trigger.Mention{{Aspect: "price", Sentiment: 1}}}
	_, err := s.CaseResponse(ctx, acme, comment.Response)
	want(t, "unknown response", err, store.ErrNotFound)
	must(t, "keep", s.SightCases(ctx, "cases_comments", 0, 1, store.CaseBatch{Now: noon, Comments: []store.CaseComment{comment}}))
	waiting, err := s.CommentsToSight(ctx, 10)
	equal(t, "before the response", len(got(t, waiting, err)), 0)
	sight(t, s, time.Minute, sighting(acme, "r1", ann, time.Minute))
	response, err := s.CaseResponse(ctx, acme, comment.Response)
	must(t, "get response", err)
	equal(t, "time", response.Time, noon.Add(time.Minute))
	equal(t, "survey and place", []string{response.Survey, response.About.Location, string(response.About.Person)}, []string{"surveys/s", "shop", string(ann)})
	waiting, err = s.CommentsToSight(ctx, 10)
	equal(t, "after the response", got(t, waiting, err), []store.CaseComment{comment})
	// However many an organisation has, those of others have their turn.
	more := store.CaseBatch{Now: noon.Add(time.Hour)}
	for i, organization := range []string{acme, acme, other} {
		seen := sighting(organization, fmt.Sprint("more", i), nil, 0)
		more.Sightings, more.Comments = append(more.Sightings, seen), append(more.Comments, store.CaseComment{Organization: organization, Response: seen.Resource})
	}
	must(t, "keep more", s.SightCases(ctx, "", store.Unmoved, store.Unmoved, more))
	first, err := s.CommentsToSight(ctx, 1)
	equal(t, "one of each", got(t, first, err), append(slices.Clone(waiting), more.Comments[2]))
	must(t, "sighted", s.SightCases(ctx, "", store.Unmoved, store.Unmoved, store.CaseBatch{Now: noon, Sighted: append(waiting, more.Comments...)}))
	waiting, err = s.CommentsToSight(ctx, 10)
	equal(t, "once sighted", len(got(t, waiting, err)), 0)
	must(t, "tidy", s.TidyCases(ctx, noon, noon, 10))
	_, err = s.CaseResponse(ctx, acme, comment.Response)
	must(t, "a young response", err)
	must(t, "tidy", s.TidyCases(ctx, noon.Add(time.Hour), noon, 10))
	_, err = s.CaseResponse(ctx, acme, comment.Response)
	want(t, "an old response", err, store.ErrNotFound)
}

func caseResponsesAreRemoved(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	sight(t, s, 0, sighting(acme, "r1", ann, 0, ruleOf(acme, "low", "service")))
	must(t, "remove", s.SightCases(ctx, "cases", 0, 1, store.CaseBatch{Now: noon, Removed: []store.CaseRemoval{{Organization: acme, Response: "surveys/s/responses/r1"}}}))
	list := listOf(t, s, acme)
	equal(t, "cases", len(list), 1)
	links, err := s.CaseLinks(ctx, acme, list[0].ID, 10)
	equal(t, "links", len(got(t, links, err)), 0)
	_, err = s.CaseResponse(ctx, acme, "surveys/s/responses/r1")
	want(t, "response", err, store.ErrNotFound)
}

func unresolvedAt(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	sight(t, s, 0, sighting(acme, "r1", ann, 0, ruleOf(acme, "low", "service")))
	c := listOf(t, s, acme)[0]
	_, err := claimCase(ctx, s, c, "ann", by(time.Minute))
	must(t, "claim", err)
	for at, to := range map[time.Duration]cases.State{time.Hour: cases.Resolved} {
		_, err := moveCase(ctx, s, c, to, by(at))
		must(t, "move", err)
	}
	_, err = moveCase(ctx, s, c, cases.InProgress, by(3*time.Hour))
	must(t, "reopen", err)
	for at, wanted := range map[time.Duration]bool{
		-time.Second: false, 0: false, time.Second: true, time.Hour - 1000: true, time.Hour: false, 2 * time.Hour: false, 3*time.Hour + 1000: true, 99 * time.Hour: true,
	} {
		is, err := s.UnresolvedAt(ctx, acme, c.About.Contact, noon.Add(at))
		equal(t, at.String(), got(t, is, err), wanted)
	}
	// It is told of a response where it is so.
	sight(t, s, 4*time.Hour, sighting(acme, "then", ann, 30*time.Minute), sighting(acme, "between", ann, 2*time.Hour), sighting(acme, "then", ann, 30*time.Minute))
	events, _, err := s.OutboxEvents(ctx, acme, 0, 100)
	must(t, "read outbox", err)
	var told []string
	for _, e := range events {
		if e.Kind == store.CaseOfResponse {
			told = append(told, e.Resource)
		}
	}
	equal(t, "told", told, []string{"surveys/s/responses/then"})
}

func caseRules(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	fine := func([]trigger.Rule) error { return nil }
	r := ruleOf(acme, "b", "")
	first, err := s.PutCaseRule(ctx, r, fine)
	equal(t, "version", got(t, first, err).Version, 1)
	_, err = s.PutCaseRule(ctx, r, fine)
	want(t, "put again", err, store.ErrExists)
	_, err = s.PutCaseRule(ctx, ruleOf(acme, "a", ""), fine)
	must(t, "put", err)
	odd := errors.New("odd")
	_, err = s.PutCaseRule(ctx, first, func(others []trigger.Rule) error {
		if len(others) != 1 || others[0].ID != "a" {
			t.Errorf("others: %+v", others)
		}
		return odd
	})
	want(t, "put what is refused", err, odd)
	first.Disabled = true
	second, err := s.PutCaseRule(ctx, first, fine)
	equal(t, "version", got(t, second, err).Version, 2)
	_, err = s.PutCaseRule(ctx, first, fine)
	want(t, "put over an old version", err, store.ErrChanged)
	list, err := s.CaseRules(ctx, acme)
	if got(t, list, err); len(list) != 2 || list[0].ID != "a" {
		t.Fatalf("rules: %+v", list)
	}
	equal(t, "rule", list[1], second)
	list, err = s.CaseRules(ctx, other)
	equal(t, "rules of others", len(got(t, list, err)), 0)
	must(t, "delete", s.DeleteCaseRule(ctx, acme, "b"))
	want(t, "delete again", s.DeleteCaseRule(ctx, acme, "b"), store.ErrNotFound)
	_, err = s.PutCaseRule(ctx, second, fine)
	want(t, "put what is gone", err, store.ErrNotFound)
}

func workCalendars(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	c, err := s.WorkCalendar(ctx, acme)
	equal(t, "calendar", got(t, c, err), store.WorkCalendar{Organization: acme, Calendar: worktime.Always()})
	c.Calendar = worktime.Calendar{Zone: "Asia/Bishkek", Holidays: []worktime.Holiday{{Date: worktime.Date{Year: 2026, Month: 3, Day: 3}}}}
	c.Week[time.Monday], c.Week[time.Wednesday] = []worktime.Span{{Start: 9 * 60, End: 18 * 60}}, []worktime.Span{{Start: 9 * 60, End: 18 * 60}}
	c.UpdateTime, c.UpdatedBy = noon, "keys/k"
	stored, err := s.PutWorkCalendar(ctx, c)
	equal(t, "version", got(t, stored, err).Version, 1)
	_, err = s.PutWorkCalendar(ctx, c)
	want(t, "put over an old version", err, store.ErrChanged)
	again, err := s.WorkCalendar(ctx, acme)
	equal(t, "calendar", got(t, again, err), stored)
	// Noon of Monday in UTC is 18:00 in Bishkek: ten hours of work end on Monday after next, at ten.
	opened := openCase(t, s, aCase(acme, "a"))
	equal(t, "due", opened.Due, time.Date(2026, 3, 9, 4, 0, 0, 0, time.UTC))
}

func caseDates(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	c := openCase(t, s, aCase(acme, "a", func(c *cases.Case) {
		c.Tasks = []cases.Task{{Text: "x"}, {Text: "y", Owner: "ann", Due: noon.Add(time.Hour), Done: true}}
		c.Prevention = &cases.Task{Text: "z", Due: noon.Add(72 * time.Hour)}
	}))
	dates := func(change func(q *store.DateQuery)) []store.CaseDate {
		t.Helper()
		q := store.DateQuery{Organization: acme, From: noon, To: noon.Add(24 * time.Hour), Limit: 10}
		change(&q)
		found, err := s.CaseDates(ctx, q)
		return got(t, found, err)
	}
	due := store.CaseDate{Kind: store.DateDue, Case: c.ID, Time: noon.Add(10 * time.Hour), Title: "late", Written: true, Changed: noon}
	task := store.CaseDate{Kind: store.DateTask, Case: c.ID, Key: 1, Owner: "ann", Time: noon.Add(time.Hour), Done: true, Title: "late", Written: true, Changed: noon}
	both := []store.CaseDate{task, due}
	equal(t, "dates", dates(func(*store.DateQuery) {}), both)
	for what, change := range map[string]func(q *store.DateQuery){
		"of a location":   func(q *store.DateQuery) { q.Units = store.Units{"location": {"depot", "shop"}} },
		"of an employee":  func(q *store.DateQuery) { q.Units = store.Units{"location": {"shop"}, "employee": {"e"}} },
		"of some kinds":   func(q *store.DateQuery) { q.Kinds = []string{store.DateTask, store.DateDue} },
		"not prevention":  func(q *store.DateQuery) { q.To = noon.Add(72 * time.Hour) },
		"the first of it": func(q *store.DateQuery) { q.Limit = 2; q.To = noon.Add(100 * time.Hour) },
	} {
		equal(t, what, dates(change), both)
	}
	equal(t, "of an owner", dates(func(q *store.DateQuery) { q.Owner = "ann" }), []store.CaseDate{task})
	equal(t, "of a kind", dates(func(q *store.DateQuery) { q.Kinds = []string{store.DateDue} }), []store.CaseDate{due})
	equal(t, "of another location", dates(func(q *store.DateQuery) { q.Units = store.Units{"location": {"depot"}} }), nil)
	equal(t, "of another organisation", dates(func(q *store.DateQuery) { q.Organization = other }), nil)
	_, err := s.ChangeCase(ctx, store.CaseRef{Organization: acme, ID: c.ID}, by(time.Minute), func(c *cases.Case, _ cases.Calendar) ([]cases.Entry, error) {
		c.Tasks[1].Owner, c.UpdateTime = "bob", noon.Add(time.Minute)
		return []cases.Entry{{Kind: cases.Noted, Time: noon.Add(time.Minute), Text: "bob does it"}}, nil
	})
	must(t, "change", err)
	task.Owner, task.Changed = "bob", noon.Add(time.Minute)
	equal(t, "of its owner now", dates(func(q *store.DateQuery) { q.Owner = "bob" }), []store.CaseDate{task})
	equal(t, "of its owner before", dates(func(q *store.DateQuery) { q.Owner = "ann" }), nil)
	_, err = moveCase(ctx, s, c, cases.Closed, by(time.Hour))
	must(t, "close", err)
	equal(t, "of a closed one", dates(func(*store.DateQuery) {}), nil)
}

func casesOfPersons(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	sight(t, s, 0, sighting(acme, "r1", ann, 0, ruleOf(acme, "low", "service")))
	records, err := s.ListPerson(ctx, acme, ann)
	kinds := map[string]int{}
	for _, r := range got(t, records, err) {
		kinds[r.Kind]++
	}
	for _, kind := range []string{"cases", "case_entries", "case_links", "case_spans", "case_responses", "timeline_entries"} {
		equal(t, kind, kinds[kind], 1)
	}
	must(t, "erase", s.ErasePerson(ctx, acme, "e1", ann))
	equal(t, "cases", len(listOf(t, s, acme)), 0)
}
