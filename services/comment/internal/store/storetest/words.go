package storetest

import (
	"strings"
	"testing"
	"time"

	"github.com/otklik/otklik/services/comment/internal/search"
	"github.com/otklik/otklik/services/comment/internal/store"
	"github.com/otklik/otklik/services/comment/internal/testimonial"
)

// wordCases are about words that are forgotten when their time is over, and about many of them.
func wordCases() []testCase {
	return []testCase{{"ForgetWords", forgetWords}, {"ForgottenIsNotAnalysedAnew", forgottenStays}, {"LongText", longText}}
}

func forgetWords(t *testing.T, open Open) {
	w := begin(t, open)
	ctx := t.Context()
	all := w.fill(30)
	limit := noon.AddDate(0, 0, 1).Add(time.Hour)
	slice := store.Slice{Organization: acme}
	themes, totals, err := w.s.CountThemes(ctx, slice, store.ByChannel)
	must(t, err)
	sentiments, responses, err := w.s.CountSentiments(ctx, slice, store.ByChannel)
	must(t, err)
	events := w.events()
	old, recent := 0, w.response(acme, visits, "recent")
	// It counts long ago, as what is imported does, and was received later.
	recent.ReceiveTime = limit.AddDate(0, 0, 1)
	must(t, w.s.CreateTestimonial(ctx, praise(all[0].Ref, "t1")))
	equal(t, "forgotten before a time before all", check[int](t)(w.s.ForgetWords(ctx, noon.AddDate(-1, 0, 0), 10)), 0)
	for {
		n := check[int](t)(w.s.ForgetWords(ctx, limit, 7))
		if old += n; n == 0 {
			break
		}
	}
	equal(t, "forgotten", old, len(all))
	for _, c := range all {
		same(t, "comment", plain(w.get(c.Ref)), plain(withoutWords(c)))
	}
	afterThemes, afterTotals, err := w.s.CountThemes(ctx, slice, store.ByChannel)
	must(t, err)
	same(t, "themes", afterThemes, themes)
	same(t, "totals", afterTotals, totals)
	afterSentiments, afterResponses, err := w.s.CountSentiments(ctx, slice, store.ByChannel)
	must(t, err)
	same(t, "sentiments", afterSentiments, sentiments)
	equal(t, "responses", afterResponses, responses)
	same(t, "events", w.events(), events)
	phrases, _, err := w.s.CountPhrases(ctx, slice, 0, 10)
	must(t, err)
	equal(t, "phrases", len(phrases), 0)
	for _, word := range words {
		q := &search.Query{All: []search.Phrase{{{word}}}}
		equal(t, "comments with "+word, len(w.list(store.CommentQuery{Slice: store.Slice{Organization: acme, Words: q}, Limit: 10})), 0)
	}
	praised := check[testimonial.Testimonial](t)(w.s.GetTestimonial(ctx, all[0].Organization, "t1"))
	equal(t, "text of a testimonial", praised.Text, "")
	equal(t, "state of a testimonial", praised.State, testimonial.Withdrawn)
	for _, c := range w.corrections() {
		same(t, "correction", c, forgottenCorrection(c))
	}
	w.apply(recent)
	equal(t, "forgotten of what is recent", check[int](t)(w.s.ForgetWords(ctx, limit, 10)), 0)
	w.holds(recent)
}

// withoutWords is what is left of a comment.
func withoutWords(c store.Comment) store.Comment {
	c.Text, c.Sealed, c.Key, c.Original, c.Similar = "", nil, "", nil, 0
	c.Analysis = forgotten(c.Analysis)
	if c.Correction != nil {
		k := forgottenCorrection(*c.Correction)
		c.Correction = &k
	}
	return c
}

func forgotten(a store.Analysis) store.Analysis {
	a.LanguageSpans, a.Phrases, a.Redactions = nil, nil, nil
	a.Aspects = nowhere(a.Aspects)
	return a
}

func forgottenCorrection(c store.Correction) store.Correction {
	c.Aspects, c.Analysis = nowhere(c.Aspects), forgotten(c.Analysis)
	return c
}

func nowhere(all []store.AspectMention) []store.AspectMention {
	var out []store.AspectMention
	for _, m := range all {
		m.Evidence = store.Span{}
		out = append(out, m)
	}
	return out
}

func forgottenStays(t *testing.T, open Open) {
	w := begin(t, open)
	ctx := t.Context()
	run, comments := w.anew(w.response(acme, visits, "r1"))
	before := len(comments)
	equal(t, "forgotten", check[int](t)(w.s.ForgetWords(ctx, noon.AddDate(1, 0, 0), 100)), before)
	// What was read before it was forgotten must not come back.
	for i := range comments {
		comments[i].Analysis = Analysis(w.rand, "two")
	}
	must(t, w.s.StoreAnalyses(ctx, "x", soon(noon), run, comments))
	for _, c := range comments {
		got := w.get(c.Ref)
		equal(t, "text", got.Text, "")
		equal(t, "model", got.Analysis.Model, "one")
	}
	equal(t, "stale comments", len(check[[]store.Comment](t)(w.s.StaleComments(ctx, acme, "three", 9, 0, 10))), 0)
	check[store.Reanalysis](t)(w.s.EndReanalysis(ctx, acme, "a", false, noon))
	equal(t, "stale organizations", len(check[[]string](t)(w.s.StaleOrganizations(ctx, "three", 10))), 0)
}

func longText(t *testing.T, open Open) {
	w := begin(t, open)
	var text strings.Builder
	for i := range 9000 {
		text.WriteString("слово" + strings.Repeat("а", i%7) + string(rune('а'+i%32)) + string(rune('а'+i/32%32)) + " ")
	}
	names := w.write(text.String()+" касса очередь", "короткий")
	for _, query := range []string{"очередь", "словоааб", "касса"} {
		q := check[*search.Query](t)(search.Parse(query))
		same(t, query, refs(w.list(store.CommentQuery{Slice: store.Slice{Organization: acme, Words: q}, Limit: 5})), names[:1])
	}
}
