package storetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/otklik/otklik/services/comment/internal/search"
	"github.com/otklik/otklik/services/comment/internal/store"
)

// analysisCases are about new analyses of comments that are there.
func analysisCases() []testCase {
	return []testCase{{"StoreAnalyses", storeAnalyses}, {"AnalysesOfWhatChanged", analysesOfChanged}, {"AnalysesTellChanges", analysesTell}}
}

// anew begins a reanalysis of a response's comments and returns them as they are read for it.
func (w *world) anew(r store.Response) (store.Reanalysis, []store.Comment) {
	w.t.Helper()
	ctx := w.t.Context()
	w.apply(r)
	check[store.Reanalysis](w.t)(w.s.BeginReanalysis(ctx, reanalysis(acme, "a", noon)))
	run := check[store.Reanalysis](w.t)(w.s.ClaimReanalysis(ctx, "x", noon, soon(noon)))
	return run, check[[]store.Comment](w.t)(w.s.StaleComments(ctx, acme, "two", 0, 0, 100))
}

func storeAnalyses(t *testing.T, open Open) {
	w := begin(t, open)
	ctx := t.Context()
	run, comments := w.anew(w.response(acme, visits, "r1"))
	check[store.Comment](t)(w.s.Correct(ctx, comments[0].Ref, nil, store.Correction{Sentiment: store.Mixed, CreateTime: noon}))
	correction := w.get(comments[0].Ref).Correction
	expected := make([]store.Comment, len(comments))
	for i := range comments {
		expected[i] = comments[i]
		old := comments[i].Analysis
		comments[i].Text, comments[i].Terms, comments[i].Similar, comments[i].Analysis = "anew", "anew", 77, Analysis(w.rand, "two")
		expected[i].Text, expected[i].Similar, expected[i].Analysis, expected[i].Previous = "anew", 77, comments[i].Analysis, &old
	}
	expected[0].Correction = correction
	run.After = comments[len(comments)-1].Seq
	must(t, w.s.StoreAnalyses(ctx, "x", soon(soon(noon)), run, comments))
	run.Done = int64(len(comments))
	for _, c := range expected {
		if c.Analysis.Sentiment != c.Previous.Sentiment {
			run.SentimentsChanged++
		}
		if found(c.Analysis) != found(*c.Previous) {
			run.AspectsChanged++
		}
	}
	same(t, "reanalysis", check[store.Reanalysis](t)(w.s.GetReanalysis(ctx, acme, "a")), run)
	_, err := w.s.ClaimReanalysis(ctx, "y", soon(noon), soon(noon))
	want(t, "claim what was prolonged", err, store.ErrNotFound)
	for i := range expected {
		same(t, "comment", plain(w.get(expected[i].Ref)), plain(expected[i]))
	}
	equal(t, "sentiment that holds", w.get(comments[0].Ref).Effective().Sentiment, store.Mixed)
	find := func(word string) int {
		q := &search.Query{All: []search.Phrase{{{word}}}}
		return len(w.list(store.CommentQuery{Slice: store.Slice{Organization: acme, Words: q}, Limit: 10}))
	}
	equal(t, "found by new words", find("anew"), len(comments))
	equal(t, "found by old words", find("и"), 0)
	same(t, "models", check[map[string]int64](t)(w.s.Models(ctx, acme)), map[string]int64{"two": int64(len(comments))})
	// Another analysis by the same model leaves the previous one.
	comments[0].Analysis = Analysis(w.rand, "two")
	must(t, w.s.StoreAnalyses(ctx, "x", soon(noon), run, comments[:1]))
	same(t, "previous", w.get(comments[0].Ref).Previous, expected[0].Previous)
	same(t, "reanalysis after what was done before", check[store.Reanalysis](t)(w.s.GetReanalysis(ctx, acme, "a")), run)
	themes, _, err := w.s.CountThemes(ctx, store.Slice{Organization: acme}, store.Ungrouped)
	must(t, err)
	now := []store.Comment{w.get(comments[0].Ref)}
	for _, c := range comments[1:] {
		now = append(now, w.get(c.Ref))
	}
	var counts []store.ThemeCount
	for _, aspect := range aspectIDs {
		if n := theme("", aspect, now); n.Comments > 0 {
			counts = append(counts, n)
		}
	}
	same(t, "themes", themes, counts)
}

// found are the aspects of an analysis with their sentiments.
func found(a store.Analysis) string {
	var all []string
	for _, m := range a.Aspects {
		all = append(all, fmt.Sprint(m.Aspect, m.Sentiment))
	}
	slices.Sort(all)
	return strings.Join(slices.Compact(all), " ")
}

func analysesOfChanged(t *testing.T, open Open) {
	w := begin(t, open)
	r := w.response(acme, visits, "r1")
	r.Comments = []store.Comment{Comment(w.rand, r, "a"), Comment(w.rand, r, "b"), Comment(w.rand, r, "c")}
	r.Comments[2].Original = nil
	run, comments := w.anew(r)
	// One has another text, one is gone, and one has no Original.
	changed := w.response(acme, visits, "r1")
	changed.Comments = []store.Comment{Comment(w.rand, r, "a"), Comment(w.rand, r, "c")}
	changed.Comments[1].Original, changed.Comments[1].Text = nil, "short"
	w.apply(changed)
	for i := range comments {
		comments[i].Text, comments[i].Analysis = "what was written before", Analysis(w.rand, "two")
	}
	must(t, w.s.StoreAnalyses(t.Context(), "x", soon(noon), run, comments))
	for _, c := range changed.Comments {
		same(t, "comment", plain(w.get(stored(changed, c).Ref)), stored(changed, c))
	}
	w.gone(comments[1].Ref)
}

func analysesTell(t *testing.T, open Open) {
	w := begin(t, open)
	ctx := t.Context()
	r, other := w.response(acme, visits, "r1"), w.response(acme, visits, "r2")
	w.apply(other)
	run, comments := w.anew(r)
	told, toldOther := w.event(r), w.event(other)
	for i := range comments {
		comments[i].Analysis.Model = "two"
	}
	must(t, w.s.StoreAnalyses(ctx, "x", soon(noon), run, comments))
	equal(t, "position where nothing is different", w.event(r).Position, told.Position)
	equal(t, "position where nothing is different", w.event(other).Position, toldOther.Position)
	for i := range comments {
		if comments[i].Response == "r1" {
			comments[i].Analysis.Aspects = []store.AspectMention{{Aspect: "app", Sentiment: store.Negative, Probability: 1}}
		}
	}
	must(t, w.s.StoreAnalyses(ctx, "x", soon(noon), run, comments))
	if w.event(r).Position <= told.Position {
		t.Fatal("what holds is different, and nothing was told")
	}
	equal(t, "model told", w.event(r).Model, "two")
	equal(t, "position of what is not different", w.event(other).Position, toldOther.Position)
}
