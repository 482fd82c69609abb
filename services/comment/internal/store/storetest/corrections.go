package storetest

import (
	"errors"
	"testing"

	"github.com/otklik/otklik/services/comment/internal/store"
)

// correctionCases are about what people say of analyses.
func correctionCases() []testCase {
	return []testCase{{"Correct", correct}, {"CorrectionsByModel", correctionsByModel}, {"CorrectionOfNothing", correctionOfNothing}}
}

func correct(t *testing.T, open Open) {
	w := begin(t, open)
	ctx := t.Context()
	r := w.response(acme, visits, "r1")
	r.Comments = r.Comments[:1]
	r.Comments[0].Analysis.Sentiment, r.Comments[0].Analysis.Language = store.Neutral, store.English
	r.Comments[0].Analysis.Aspects = []store.AspectMention{{Aspect: "price", Sentiment: store.Negative, Probability: 0.5}}
	w.apply(r)
	c := stored(r, r.Comments[0])
	told := w.event(r).Position

	first := store.Correction{Sentiment: store.Positive, Corrector: "members/one", CreateTime: noon}
	got := check[store.Comment](t)(w.s.Correct(ctx, c.Ref, nil, first))
	first.ID, first.Ref, first.Analysis = got.Correction.ID, c.Ref, c.Analysis
	c.Correction = &first
	same(t, "what is returned", plain(got), c)
	same(t, "what is read", plain(w.get(c.Ref)), c)
	event := w.event(r)
	equal(t, "sentiment told", event.Sentiment, store.Positive)
	if event.Position <= told {
		t.Fatal("the outbox does not tell of a correction")
	}

	second := store.Correction{Language: store.Kyrgyz, AspectsCorrected: true, Aspects: []store.AspectMention{{Aspect: "staff", Sentiment: store.Mixed, Probability: 1}}, CreateTime: soon(noon)}
	got = check[store.Comment](t)(w.s.Correct(ctx, c.Ref, nil, second))
	second.ID, second.Ref, second.Analysis = got.Correction.ID, c.Ref, c.Analysis
	if second.ID <= first.ID {
		t.Fatal("numbers do not ascend")
	}
	holds := w.get(c.Ref).Effective()
	equal(t, "sentiment that holds", holds.Sentiment, store.Neutral)
	equal(t, "language that holds", holds.Language, store.Kyrgyz)
	for aspect, n := range map[string]int{"price": 0, "staff": 1} {
		found := w.list(store.CommentQuery{Slice: store.Slice{Organization: acme, Aspect: aspect}, Limit: 5})
		equal(t, "comments that name "+aspect, len(found), n)
	}
	event = w.event(r)
	same(t, "aspects told", event.Aspects, second.Aspects)
	equal(t, "language told", event.Language, store.Kyrgyz)

	all, more, err := w.s.ListCorrections(ctx, acme, 0, 1)
	must(t, err)
	same(t, "a page", all, []store.Correction{second})
	equal(t, "more", more, true)
	all, more, err = w.s.ListCorrections(ctx, acme, second.ID, 1)
	must(t, err)
	same(t, "the next page", all, []store.Correction{first})
	equal(t, "more at the end", more, false)
	all, _, err = w.s.ListCorrections(ctx, globex, 0, 10)
	must(t, err)
	equal(t, "another's", len(all), 0)
	equal(t, "the last of the comment", len(w.last()), 1)
	same(t, "the last of the comment", w.last()[0], second)
}

// last are the last corrections of comments under models.
func (w *world) last() []store.Correction {
	w.t.Helper()
	var out []store.Correction
	must(w.t, w.s.EachCorrection(w.t.Context(), acme, func(c store.Correction) error {
		out = append(out, c)
		return nil
	}))
	return out
}

func correctionsByModel(t *testing.T, open Open) {
	w := begin(t, open)
	ctx := t.Context()
	r := w.response(acme, visits, "r1")
	r.Comments = []store.Comment{Comment(w.rand, r, "a"), Comment(w.rand, r, "b")}
	w.apply(r)
	fix := func(comment string, sentiment store.Sentiment) {
		check[store.Comment](t)(w.s.Correct(ctx, store.Ref{Organization: acme, Survey: visits, Response: "r1", ID: comment}, nil, store.Correction{Sentiment: sentiment, CreateTime: noon}))
	}
	fix("b", store.Negative)
	fix("a", store.Positive)
	fix("a", store.Mixed)
	w.position++
	again := r
	again.Position, again.Comments = w.position, append([]store.Comment(nil), r.Comments...)
	again.Comments[0].Analysis = Analysis(w.rand, "another")
	w.apply(again)
	fix("a", store.Neutral)
	var got []string
	for _, c := range w.last() {
		got = append(got, c.Analysis.Model+" "+c.Ref.ID)
		if c.Ref.ID == "a" && c.Analysis.Model == "one" {
			equal(t, "the last one", c.Sentiment, store.Mixed)
		}
	}
	if len(got) != 3 || got[0] != "another a" || got[1][:3] != "one" {
		t.Fatalf("corrections by model: %v", got)
	}
	enough := errors.New("enough")
	seen := 0
	err := w.s.EachCorrection(ctx, acme, func(store.Correction) error {
		seen++
		return enough
	})
	want(t, "who has seen enough", err, enough)
	equal(t, "seen", seen, 1)
}

func correctionOfNothing(t *testing.T, open Open) {
	w := begin(t, open)
	r := w.response(acme, visits, "r1")
	w.apply(r)
	for _, ref := range []store.Ref{
		{Organization: acme, Survey: visits, Response: "r1", ID: "other"}, {Organization: globex, Survey: visits, Response: "r1", ID: "q0"},
		{Organization: acme, Survey: calls, Response: "r1", ID: "q0"},
	} {
		_, err := w.s.Correct(t.Context(), ref, nil, store.Correction{CreateTime: noon})
		want(t, "correct", err, store.ErrNotFound)
	}
	equal(t, "corrections", len(w.corrections()), 0)
}
