package storetest

import (
	"fmt"
	"slices"
	"testing"

	"github.com/otklik/otklik/services/comment/internal/store"
)

// aspectCases are about the organisations' own aspects.
func aspectCases() []testCase {
	return []testCase{{"Aspects", aspects}, {"AspectsVersion", aspectsVersion}, {"DeleteAspect", deleteAspect}, {"DeletedAspectStaysAway", deletedStays}, {"DeletedAspectMadeAnew", deletedAnew}}
}

func aspect(organization, id string) store.Aspect {
	return store.Aspect{Organization: organization, ID: id, Names: map[string]string{"ru": "Пол", "en": "Floor"}, Phrases: []string{"скользкий пол", "floor"}}
}

func aspects(t *testing.T, open Open) {
	s := begin(t, open).s
	ctx := t.Context()
	made := aspect(acme, "floor")
	made.Version = 1
	same(t, "created", check[store.Aspect](t)(s.CreateAspect(ctx, aspect(acme, "floor"), 2)), made)
	same(t, "read", check[store.Aspect](t)(s.GetAspect(ctx, acme, "floor")), made)
	_, err := s.CreateAspect(ctx, aspect(acme, "floor"), 2)
	want(t, "create twice", err, store.ErrExists)
	check[store.Aspect](t)(s.CreateAspect(ctx, aspect(acme, "door"), 2))
	_, err = s.CreateAspect(ctx, aspect(acme, "wall"), 2)
	want(t, "create a third", err, store.ErrTooMany)
	check[store.Aspect](t)(s.CreateAspect(ctx, aspect(globex, "wall"), 2))
	var ids []string
	for _, a := range check[[]store.Aspect](t)(s.ListAspects(ctx, acme)) {
		ids = append(ids, a.ID)
	}
	same(t, "by identifier", ids, []string{"door", "floor"})

	made.Phrases = []string{"пол"}
	changed := check[store.Aspect](t)(s.UpdateAspect(ctx, made))
	equal(t, "version", changed.Version, 2)
	same(t, "phrases", changed.Phrases, made.Phrases)
	_, err = s.UpdateAspect(ctx, made)
	want(t, "update over an old version", err, store.ErrChanged)
	_, err = s.UpdateAspect(ctx, store.Aspect{Organization: globex, ID: "floor", Version: 1})
	want(t, "update another's", err, store.ErrNotFound)
	want(t, "delete another's", s.DeleteAspect(ctx, globex, "floor"), store.ErrNotFound)
	must(t, s.DeleteAspect(ctx, acme, "floor"))
	_, err = s.GetAspect(ctx, acme, "floor")
	want(t, "read what was deleted", err, store.ErrNotFound)
}

func aspectsVersion(t *testing.T, open Open) {
	s := begin(t, open).s
	ctx := t.Context()
	seen := map[int64]bool{}
	look := func(what string) {
		t.Helper()
		v := check[int64](t)(s.AspectsVersion(ctx, acme))
		if seen[v] {
			t.Fatalf("%s left the version at %d", what, v)
		}
		seen[v] = true
	}
	look("nothing")
	a := check[store.Aspect](t)(s.CreateAspect(ctx, aspect(acme, "floor"), 5))
	look("creating")
	check[store.Aspect](t)(s.UpdateAspect(ctx, a))
	look("updating")
	must(t, s.DeleteAspect(ctx, acme, "floor"))
	look("deleting")
	check[store.Aspect](t)(s.CreateAspect(ctx, aspect(acme, "floor"), 5))
	look("creating again")
	equal(t, "another's", check[int64](t)(s.AspectsVersion(ctx, globex)), 0)
}

func deleteAspect(t *testing.T, open Open) {
	w := begin(t, open)
	ctx := t.Context()
	for _, organization := range []string{acme, globex} {
		check[store.Aspect](t)(w.s.CreateAspect(ctx, aspect(organization, "price"), 5))
	}
	all := w.fill(30)
	events := map[string]store.Event{}
	for _, e := range w.events() {
		events[e.Organization+e.Survey+e.Response] = e
	}
	must(t, w.s.DeleteAspect(ctx, acme, "price"))
	var priced []store.AspectMention
	for _, c := range all {
		now := w.get(c.Ref)
		if c.Organization == acme {
			without(&c)
		} else {
			priced = append(priced, c.Effective().Aspects...)
		}
		same(t, fmt.Sprint("comment ", c.Ref), plain(now), plain(c))
	}
	if !slices.ContainsFunc(priced, isPrice) {
		t.Fatal("nobody else speaks of it")
	}
	w.silent("price")
	for taken := 1; taken > 0; {
		taken = check[int](t)(w.s.TakeOutAspects(ctx, 7))
	}
	for _, c := range all {
		if c.Organization == acme {
			without(&c)
		}
		same(t, fmt.Sprint("comment taken out of ", c.Ref), plain(w.get(c.Ref)), plain(c))
	}
	w.silent("price")
	told := 0
	for _, e := range w.events() {
		before := events[e.Organization+e.Survey+e.Response]
		speaks := e.Organization == acme && slices.ContainsFunc(before.Aspects, isPrice)
		if speaks {
			told++
			if !slices.Equal(e.Aspects, slices.DeleteFunc(before.Aspects, isPrice)) {
				t.Fatalf("aspects told: %v", e.Aspects)
			}
		}
		equal(t, "told of "+e.Response, e.Position != before.Position, speaks)
	}
	if told == 0 {
		t.Fatal("nothing was told")
	}
}

// silent checks that no comment of acme is found or counted by an aspect.
func (w *world) silent(aspect string) {
	w.t.Helper()
	all := w.list(store.CommentQuery{Slice: store.Slice{Organization: acme}, Limit: 50})
	for sentiment := store.Negative; sentiment <= store.Mixed; sentiment++ {
		slice := store.Slice{Organization: acme, AspectSentiment: sentiment}
		same(w.t, "comments by a sentiment", refs(w.list(store.CommentQuery{Slice: slice, Limit: 50})), refs(sliceOf(slice, all)))
		slice.Aspect = aspect
		equal(w.t, "comments that name it", len(w.list(store.CommentQuery{Slice: slice, Limit: 50})), 0)
		equal(w.t, "evidence", len(check[[]store.Comment](w.t)(w.s.AspectEvidence(w.t.Context(), slice, 5))), 0)
	}
	equal(w.t, "comments that name it", len(w.list(store.CommentQuery{Slice: store.Slice{Organization: acme, Aspect: aspect}, Limit: 50})), 0)
	themes, _, err := w.s.CountThemes(w.t.Context(), store.Slice{Organization: acme}, store.Ungrouped)
	must(w.t, err)
	for _, n := range themes {
		if n.Aspect == aspect {
			w.t.Fatalf("counted: %+v", n)
		}
	}
}

// floor is a mention of an own aspect.
func floor() []store.AspectMention {
	return []store.AspectMention{{Aspect: "floor", Sentiment: store.Negative, Probability: 1}, {Aspect: "staff", Sentiment: store.Positive, Probability: 1}}
}

// deletedStays stores what was found by an older version after the aspect was deleted, in all the ways there are.
func deletedStays(t *testing.T, open Open) {
	w := begin(t, open)
	ctx := t.Context()
	check[store.Aspect](t)(w.s.CreateAspect(ctx, aspect(acme, "floor"), 5))
	version := check[int64](t)(w.s.AspectsVersion(ctx, acme))
	say := func(id string) store.Response {
		r := w.response(acme, visits, id)
		r.Comments = r.Comments[:1]
		r.Comments[0].Analysis.Aspects, r.Comments[0].Analysis.AspectsVersion = floor(), version
		return r
	}
	r1 := say("r1")
	run, comments := w.anew(r1)
	must(t, w.s.DeleteAspect(ctx, acme, "floor"))
	w.silent("floor")
	for taken := 1; taken > 0; {
		taken = check[int](t)(w.s.TakeOutAspects(ctx, 7))
	}
	w.apply(say("r2"))
	comments[0].Analysis.Model, comments[0].Analysis.Aspects, comments[0].Analysis.AspectsVersion = "two", floor(), version
	must(t, w.s.StoreAnalyses(ctx, "x", soon(noon), run, comments))
	third := say("r3")
	third.Comments[0].Analysis.Aspects = nil
	w.apply(third)
	corrected := check[store.Comment](t)(w.s.Correct(ctx, third.Comments[0].Ref, nil, store.Correction{AspectsCorrected: true, Aspects: floor(), CreateTime: noon}))
	w.silent("floor")
	for _, got := range []store.Comment{w.get(r1.Comments[0].Ref), w.get(store.Ref{Organization: acme, Survey: visits, Response: "r2", ID: "q0"}), corrected} {
		same(t, "aspects", got.Effective().Aspects, floor()[1:])
	}
	for _, e := range w.events() {
		same(t, "aspects told of "+e.Response, e.Aspects, floor()[1:])
	}
}

// deletedAnew makes an aspect anew while what was found by the one before is still to be taken out.
func deletedAnew(t *testing.T, open Open) {
	w := begin(t, open)
	ctx := t.Context()
	check[store.Aspect](t)(w.s.CreateAspect(ctx, aspect(acme, "floor"), 5))
	old := w.response(acme, visits, "old")
	old.Comments = old.Comments[:1]
	old.Comments[0].Analysis.Aspects, old.Comments[0].Analysis.AspectsVersion = floor(), 1
	w.apply(old)
	must(t, w.s.DeleteAspect(ctx, acme, "floor"))
	check[store.Aspect](t)(w.s.CreateAspect(ctx, aspect(acme, "floor"), 5))
	w.silent("floor")
	anew := w.response(acme, visits, "anew")
	anew.Comments = anew.Comments[:1]
	anew.Comments[0].Analysis.Aspects, anew.Comments[0].Analysis.AspectsVersion = floor(), check[int64](t)(w.s.AspectsVersion(ctx, acme))
	w.apply(anew)
	w.holds(anew)
	slice := store.Slice{Organization: acme, Aspect: "floor"}
	same(t, "comments that name it", refs(w.list(store.CommentQuery{Slice: slice, Limit: 5})), []store.Ref{anew.Comments[0].Ref})
	corrected := check[store.Comment](t)(w.s.Correct(ctx, old.Comments[0].Ref, nil, store.Correction{AspectsCorrected: true, Aspects: floor(), CreateTime: noon}))
	same(t, "corrected", corrected.Effective().Aspects, floor())
}

func isPrice(m store.AspectMention) bool { return m.Aspect == "price" }

// without takes the price out of a comment.
func without(c *store.Comment) {
	c.Analysis.Aspects = cut(c.Analysis.Aspects)
	if c.Correction != nil {
		c.Correction.Aspects, c.Correction.Analysis.Aspects = cut(c.Correction.Aspects), cut(c.Correction.Analysis.Aspects)
	}
}

func cut(all []store.AspectMention) []store.AspectMention {
	if all == nil {
		return nil
	}
	// An empty list is told from none.
	out := []store.AspectMention{}
	for _, m := range all {
		if !isPrice(m) {
			out = append(out, m)
		}
	}
	return out
}
