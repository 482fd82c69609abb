package storetest

import (
	"testing"
	"time"

	"github.com/otklik/otklik/services/comment/internal/store"
)

// reanalysisCases are about who analyses anew, and how far.
func reanalysisCases() []testCase {
	return []testCase{{"Reanalyses", reanalyses}, {"ClaimedReanalysis", claimed}, {"StaleOrganizations", staleOrganizations}, {"StaleComments", staleComments}}
}

func reanalysis(organization, id string, at time.Time) store.Reanalysis {
	return store.Reanalysis{Organization: organization, ID: id, Model: "two", CreateTime: at}
}

func reanalyses(t *testing.T, open Open) {
	w := begin(t, open)
	ctx := t.Context()
	r := w.response(acme, visits, "r1")
	w.apply(r, w.response(globex, visits, "r1"))
	made := reanalysis(acme, "a", noon)
	made.Total = int64(len(r.Comments))
	same(t, "begun", check[store.Reanalysis](t)(w.s.BeginReanalysis(ctx, reanalysis(acme, "a", noon))), made)
	same(t, "read", check[store.Reanalysis](t)(w.s.GetReanalysis(ctx, acme, "a")), made)
	_, err := w.s.BeginReanalysis(ctx, reanalysis(acme, "b", noon))
	want(t, "begin a second", err, store.ErrExists)
	check[store.Reanalysis](t)(w.s.BeginReanalysis(ctx, reanalysis(globex, "a", noon)))
	_, err = w.s.GetReanalysis(ctx, globex, "b")
	want(t, "read what is not there", err, store.ErrNotFound)

	made.EndTime = soon(noon)
	same(t, "ended", check[store.Reanalysis](t)(w.s.EndReanalysis(ctx, acme, "a", false, soon(noon))), made)
	same(t, "ended twice", check[store.Reanalysis](t)(w.s.EndReanalysis(ctx, acme, "a", true, noon.AddDate(0, 0, 1))), made)
	_, err = w.s.EndReanalysis(ctx, acme, "b", true, noon)
	want(t, "end what is not there", err, store.ErrNotFound)
	_, err = w.s.BeginReanalysis(ctx, reanalysis(acme, "a", noon))
	want(t, "begin under a name that is taken", err, store.ErrExists)
	check[store.Reanalysis](t)(w.s.BeginReanalysis(ctx, reanalysis(acme, "b", soon(noon))))
	second := check[store.Reanalysis](t)(w.s.EndReanalysis(ctx, acme, "b", true, soon(noon)))
	equal(t, "cancelled", second.Cancelled, true)
	list, more, err := w.s.ListReanalyses(ctx, acme, 0, 1)
	must(t, err)
	same(t, "the newest", list, []store.Reanalysis{second})
	equal(t, "more", more, true)
	list, more, err = w.s.ListReanalyses(ctx, acme, 1, 1)
	must(t, err)
	same(t, "the other", list, []store.Reanalysis{made})
	equal(t, "more at the end", more, false)
}

func claimed(t *testing.T, open Open) {
	s := begin(t, open).s
	ctx := t.Context()
	claim := func(who string, now time.Time) string {
		t.Helper()
		r, err := s.ClaimReanalysis(ctx, who, now, soon(now))
		if err != nil {
			want(t, "claim", err, store.ErrNotFound)
			return ""
		}
		return r.Organization
	}
	equal(t, "nothing to claim", claim("x", noon), "")
	check[store.Reanalysis](t)(s.BeginReanalysis(ctx, reanalysis(globex, "g", soon(noon))))
	check[store.Reanalysis](t)(s.BeginReanalysis(ctx, reanalysis(acme, "a", noon)))
	equal(t, "the oldest", claim("x", noon), acme)
	equal(t, "the next", claim("y", noon), globex)
	equal(t, "all are somebody's", claim("z", noon), "")
	equal(t, "one's own again", claim("x", noon), acme)
	equal(t, "what was left", claim("z", soon(noon)), acme)
	want(t, "store in what is another's", s.StoreAnalyses(ctx, "x", soon(noon), reanalysis(acme, "a", noon), nil), store.ErrLost)
	check[store.Reanalysis](t)(s.EndReanalysis(ctx, acme, "a", true, noon))
	want(t, "store in what has ended", s.StoreAnalyses(ctx, "z", soon(noon), reanalysis(acme, "a", noon), nil), store.ErrLost)
	check[store.Reanalysis](t)(s.EndReanalysis(ctx, globex, "g", true, noon))
	equal(t, "all have ended", claim("z", noon.AddDate(1, 0, 0)), "")
}

func staleOrganizations(t *testing.T, open Open) {
	w := begin(t, open)
	ctx := t.Context()
	stale := func(model string, limit int) []string {
		t.Helper()
		return check[[]string](t)(w.s.StaleOrganizations(ctx, model, limit))
	}
	same(t, "nothing", stale("two", 5), nil)
	w.apply(w.response(globex, visits, "r1"), w.response(acme, visits, "r1"))
	same(t, "both", stale("two", 5), []string{acme, globex})
	same(t, "the first", stale("two", 1), []string{acme})
	same(t, "none by their model", stale("one", 5), nil)
	check[store.Reanalysis](t)(w.s.BeginReanalysis(ctx, reanalysis(acme, "a", noon)))
	same(t, "what does not run", stale("two", 5), []string{globex})
}

func staleComments(t *testing.T, open Open) {
	w := begin(t, open)
	ctx := t.Context()
	r := w.response(acme, visits, "r1")
	r.Comments = nil
	for i, c := range []struct {
		model   string
		version int64
	}{{"one", 0}, {"two", 0}, {"two", 1}, {"two", 2}} {
		comment := Comment(w.rand, r, string(rune('a'+i)))
		comment.Analysis.Model, comment.Analysis.AspectsVersion = c.model, c.version
		r.Comments = append(r.Comments, comment)
	}
	w.apply(r, w.response(globex, visits, "r1"))
	stale := func(model string, version, after int64, limit int) (out string) {
		t.Helper()
		for _, c := range check[[]store.Comment](t)(w.s.StaleComments(ctx, acme, model, version, after, limit)) {
			out += c.ID
		}
		return out
	}
	equal(t, "by another model", stale("two", 0, 0, 10), "a")
	equal(t, "by an older version", stale("two", 2, 0, 10), "abc")
	equal(t, "all", stale("three", 0, 0, 10), "abcd")
	equal(t, "a page", stale("three", 0, 0, 2), "ab")
	second := w.get(stored(r, r.Comments[1]).Ref)
	equal(t, "the next page", stale("three", 0, second.Seq, 10), "cd")
	same(t, "whole", plain(check[[]store.Comment](t)(w.s.StaleComments(ctx, acme, "two", 0, 0, 1))[0]), stored(r, r.Comments[0]))
	same(t, "models", check[map[string]int64](t)(w.s.Models(ctx, acme)), map[string]int64{"one": 1, "two": 3})
	same(t, "models of nobody", check[map[string]int64](t)(w.s.Models(ctx, "nobody")), map[string]int64{})
}
