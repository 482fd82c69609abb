package storetest

import (
	"testing"

	"github.com/otklik/otklik/services/comment/internal/register"
	"github.com/otklik/otklik/services/comment/internal/search"
	"github.com/otklik/otklik/services/comment/internal/store"
)

// removalCases are about responses that go.
func removalCases() []testCase {
	return []testCase{
		{"RemovedWhole", removedWhole}, {"RemovedInTheSameBatch", removedInBatch}, {"RemovalBeforeResponse", removalBefore}, {"RemovalOfUnknown", removalOfUnknown},
		{"RemovalOfAnEarlierPass", removalOfEarlierPass},
	}
}

// empty checks that nothing is left of what the responses of acme said.
func (w *world) empty() {
	w.t.Helper()
	ctx := w.t.Context()
	all := store.Slice{Organization: acme}
	equal(w.t, "comments", len(w.list(store.CommentQuery{Slice: all, Limit: 100})), 0)
	for _, word := range words {
		found := all
		found.Words = &search.Query{All: []search.Phrase{{{word}}}}
		equal(w.t, "comments with "+word, len(w.list(store.CommentQuery{Slice: found, Limit: 100})), 0)
	}
	themes, totals, err := w.s.CountThemes(ctx, all, store.Ungrouped)
	must(w.t, err)
	equal(w.t, "themes", len(themes), 0)
	equal(w.t, "totals", len(totals), 0)
	phrases, _, err := w.s.CountPhrases(ctx, all, 0, 100)
	must(w.t, err)
	equal(w.t, "phrases", len(phrases), 0)
	equal(w.t, "models", len(check[map[string]int64](w.t)(w.s.Models(ctx, acme))), 0)
	equal(w.t, "corrections", len(w.corrections()), 0)
	equal(w.t, "dead letters", len(check[[]store.DeadLetter](w.t)(w.s.ListDeadLetters(ctx, acme, 0, 100))), 0)
}

func removedWhole(t *testing.T, open Open) {
	w := begin(t, open)
	ctx := t.Context()
	r := w.said()
	other := w.response(acme, visits, "r2")
	w.position++
	w.batch(store.Batch{Responses: []store.Response{other}, DeadLetters: []store.DeadLetter{
		{Organization: acme, Survey: visits, Response: "r1", Position: w.position, CreateTime: noon},
		{Organization: acme, Survey: visits, Response: "r2", Position: w.position, CreateTime: noon},
	}})
	entry := register.Entry{Organization: acme, ID: "e1", Kind: register.Risk, CreateTime: noon, UpdateTime: noon, Comments: []string{
		"surveys/visits/responses/r1/comments/a", "surveys/visits/responses/r2/comments/q0", "surveys/visits/responses/r1/comments/b",
	}}
	check[register.Entry](t)(w.s.CreateEntry(ctx, entry))
	w.remove(r, "erasure")
	counted := store.Erased{Comments: 2, Corrections: 2, Testimonials: 2, DeadLetters: 1, Mentions: 2}
	same(t, "erased", check[store.Erased](t)(w.s.Erased(ctx, acme, "erasure")), counted)
	for _, c := range r.Comments {
		w.gone(stored(r, c).Ref)
	}
	_, err := w.s.GetTestimonial(ctx, acme, "ta")
	want(t, "testimonial", err, store.ErrNotFound)
	got := check[register.Entry](t)(w.s.GetEntry(ctx, acme, "e1"))
	same(t, "comments of the entry", got.Comments, entry.Comments[1:2])
	equal(t, "version of the entry", got.Version, 2)
	e := w.event(r)
	same(t, "event", store.Event{Position: e.Position, Organization: acme, Survey: visits, Response: "r1", Removed: true, Time: e.Time}, e)
	// Another reading of the same event finds nothing more.
	w.remove(r, "erasure")
	same(t, "erased once", check[store.Erased](t)(w.s.Erased(ctx, acme, "erasure")), counted)
	w.holds(other)
	w.remove(other, "erasure")
	same(t, "erased both", check[store.Erased](t)(w.s.Erased(ctx, acme, "erasure")),
		store.Erased{Comments: 2 + int64(len(other.Comments)), Corrections: 2, Testimonials: 2, DeadLetters: 2, Mentions: 3})
	same(t, "erased by another", check[store.Erased](t)(w.s.Erased(ctx, acme, "other")), store.Erased{})
	same(t, "erased by another's", check[store.Erased](t)(w.s.Erased(ctx, globex, "erasure")), store.Erased{})
	w.empty()
}

func removedInBatch(t *testing.T, open Open) {
	w := begin(t, open)
	r := w.response(acme, visits, "r1")
	w.position++
	w.batch(store.Batch{
		Responses:   []store.Response{r},
		DeadLetters: []store.DeadLetter{{Organization: acme, Survey: visits, Response: "r1", Position: w.position - 1, CreateTime: noon}},
		Removals:    []store.Removal{{Organization: acme, Survey: visits, Response: "r1", Erasure: "e", Position: w.position}},
	})
	w.empty()
	same(t, "erased", check[store.Erased](t)(w.s.Erased(t.Context(), acme, "e")), store.Erased{Comments: int64(len(r.Comments)), DeadLetters: 1})
	equal(t, "removed", w.event(r).Removed, true)
}

func removalBefore(t *testing.T, open Open) {
	w := begin(t, open)
	w.position++
	removal := store.Removal{Organization: acme, Survey: visits, Response: "r1", Position: w.position}
	r := w.response(acme, visits, "r1")
	w.apply(r)
	w.batch(store.Batch{Removals: []store.Removal{removal}})
	w.holds(r)
}

func removalOfUnknown(t *testing.T, open Open) {
	w := begin(t, open)
	w.remove(store.Response{Organization: acme, Survey: visits, ID: "r1"}, "e")
	equal(t, "events", len(w.events()), 0)
	same(t, "erased", check[store.Erased](t)(w.s.Erased(t.Context(), acme, "e")), store.Erased{})
}

func removalOfEarlierPass(t *testing.T, open Open) {
	w := begin(t, open)
	w.position = 50
	w.apply(w.response(acme, visits, "r1"))
	w.die(acme, "r1")
	must(t, w.s.RestartFeed(t.Context(), holder))
	w.position = 0
	w.remove(store.Response{Organization: acme, Survey: visits, ID: "r1"}, "e")
	w.empty()
}
