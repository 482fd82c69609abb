package storetest

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/otklik/otklik/services/comment/internal/register"
	"github.com/otklik/otklik/services/comment/internal/store"
	"github.com/otklik/otklik/services/comment/internal/testimonial"
)

// isolationCases are about organisations that do not see each other.
func isolationCases() []testCase { return []testCase{{"OrganizationsAreApart", apart}} }

// everything reads all that there is of an organisation.
func (w *world) everything(organization string) []any {
	w.t.Helper()
	ctx := w.t.Context()
	var out []any
	add := func(err error, all ...any) {
		w.t.Helper()
		must(w.t, err)
		out = append(out, all...)
	}
	slice := store.Slice{Organization: organization}
	out = append(out, w.list(store.CommentQuery{Slice: slice, Limit: 100}))
	themes, totals, err := w.s.CountThemes(ctx, slice, store.ByLocation)
	add(err, themes, totals)
	phrases, total, err := w.s.CountPhrases(ctx, slice, 0, 100)
	add(err, phrases, total)
	sentiments, responses, err := w.s.CountSentiments(ctx, slice, store.ByChannel)
	add(err, sentiments, responses)
	groups, _, err := w.s.ListDuplicates(ctx, store.CommentQuery{Slice: slice, Limit: 100})
	add(err, groups)
	candidates, _, err := w.s.ListCandidates(ctx, store.CommentQuery{Slice: slice, Limit: 100})
	add(err, candidates)
	corrections, _, err := w.s.ListCorrections(ctx, organization, 0, 100)
	add(err, corrections)
	aspects, err := w.s.ListAspects(ctx, organization)
	add(err, aspects)
	version, err := w.s.AspectsVersion(ctx, organization)
	add(err, version)
	entries, _, err := w.s.ListEntries(ctx, store.EntryQuery{Organization: organization, Limit: 100})
	add(err, entries)
	testimonials, _, err := w.s.ListTestimonials(ctx, store.TestimonialQuery{Organization: organization, Limit: 100})
	add(err, testimonials)
	letters, err := w.s.ListDeadLetters(ctx, organization, 0, 100)
	add(err, letters)
	runs, _, err := w.s.ListReanalyses(ctx, organization, 0, 100)
	add(err, runs)
	stale, err := w.s.StaleComments(ctx, organization, "two", 1, 0, 100)
	add(err, stale)
	models, err := w.s.Models(ctx, organization)
	add(err, models)
	events, _, err := w.s.OutboxEvents(ctx, organization, 0, 100)
	add(err, events)
	erased, err := w.s.Erased(ctx, organization, "erasure")
	add(err, erased)
	person, err := w.s.ListPerson(ctx, organization, []byte("person-000000001"), 0, 100)
	add(err, person)
	return out
}

// act does something at random to an organisation.
func (w *world) act(t *rapid.T, organization string) {
	ctx := w.t.Context()
	id := fmt.Sprintf("r%d", rapid.IntRange(0, 3).Draw(t, "response"))
	ref := store.Ref{Organization: organization, Survey: visits, Response: id, ID: "q0"}
	ignore := func(error) {}
	switch rapid.IntRange(0, 11).Draw(t, "what") {
	case 0, 1, 2:
		w.apply(w.response(organization, visits, id))
	case 3:
		w.remove(store.Response{Organization: organization, Survey: visits, ID: id}, "erasure")
	case 4:
		_, err := w.s.Correct(ctx, ref, nil, store.Correction{Sentiment: store.Mixed, CreateTime: noon})
		ignore(err)
	case 5:
		_, err := w.s.CreateAspect(ctx, aspect(organization, "price"), 5)
		ignore(err)
	case 6:
		ignore(w.s.DeleteAspect(ctx, organization, "price"))
	case 7:
		e := entry(organization, id)
		e.Comments = []string{"surveys/visits/responses/" + id + "/comments/q0"}
		_, err := w.s.CreateEntry(ctx, e)
		ignore(err)
		_, err = w.s.UpdateEntry(ctx, register.Entry{Organization: organization, ID: id, Version: 1, CreateTime: noon, UpdateTime: noon})
		ignore(err)
	case 8:
		ignore(w.s.CreateTestimonial(ctx, praise(ref, id)))
		ignore(w.s.UpdateTestimonial(ctx, praise(ref, id), testimonial.Draft))
	case 9:
		w.die(organization, id)
	case 10:
		_, err := w.s.BeginReanalysis(ctx, reanalysis(organization, id, noon))
		ignore(err)
		if run, err := w.s.ClaimReanalysis(ctx, "x", noon, noon); err == nil && run.Organization == organization {
			stale := check[[]store.Comment](t)(w.s.StaleComments(ctx, organization, "two", 0, 0, 3))
			for i := range stale {
				stale[i].Analysis = Analysis(w.rand, "two")
			}
			must(t, w.s.StoreAnalyses(ctx, "x", noon, run, stale))
			check[store.Reanalysis](t)(w.s.EndReanalysis(ctx, organization, run.ID, false, noon))
		}
	case 11:
		ignore(w.s.DeleteEntry(ctx, organization, id))
	}
}

func apart(t *testing.T, open Open) {
	w := begin(t, open)
	rapid.Check(t, func(t *rapid.T) {
		for range rapid.IntRange(0, 3).Draw(t, "before") {
			w.act(t, acme)
		}
		before := w.everything(acme)
		for range rapid.IntRange(1, 5).Draw(t, "meanwhile") {
			w.act(t, globex)
		}
		same(t, "what acme has", w.everything(acme), before)
	})
}
