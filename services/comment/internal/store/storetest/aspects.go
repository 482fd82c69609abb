package storetest

import (
	"fmt"
	"slices"
	"testing"

	"github.com/otklik/otklik/services/comment/internal/store"
)

// aspectCases are about the organisations' own aspects.
func aspectCases() []testCase {
	return []testCase{{"Aspects", aspects}, {"AspectsVersion", aspectsVersion}, {"DeleteAspect", deleteAspect}}
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
	all := w.fill(60)
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
	equal(t, "comments that name it", len(w.list(store.CommentQuery{Slice: store.Slice{Organization: acme, Aspect: "price"}, Limit: 50})), 0)
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
