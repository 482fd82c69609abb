package storetest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/otklik/otklik/services/comment/internal/store"
)

// listCases are about which comments are listed, in which order.
func listCases() []testCase {
	return []testCase{{"Slices", slicesOfComments}, {"PagesStayAsTheyAre", pagesStay}, {"UnitsOfOneComment", unitsOfOne}, {"TimesBeforeTheEpoch", oldTimes}}
}

// fill stores responses of two organisations and surveys, some with corrections, and returns the comments as they are read.
func (w *world) fill(responses int) []store.Comment {
	w.t.Helper()
	var batch []store.Response
	for i := range responses {
		batch = append(batch, w.response([]string{acme, acme, globex}[i%3], []string{visits, calls}[i/3%2], fmt.Sprintf("r%02d", i/3*2+i%3%2)))
	}
	w.apply(batch...)
	var all []store.Comment
	for i, r := range batch {
		for j, c := range r.Comments {
			c = stored(r, c)
			if (i+j)%5 == 0 {
				check[store.Comment](w.t)(w.s.Correct(w.t.Context(), c.Ref, nil, store.Correction{
					Sentiment: store.Sentiment(w.rand.IntN(5)), Language: store.Language(w.rand.IntN(4)), AspectsCorrected: w.rand.IntN(2) > 0,
					Aspects: Analysis(w.rand, "").Aspects, CreateTime: noon,
				}))
			}
			all = append(all, w.get(c.Ref))
		}
	}
	return all
}

func slicesOfComments(t *testing.T, open Open) {
	w := begin(t, open)
	all := w.fill(45)
	rapid.Check(t, func(t *rapid.T) {
		slice := drawSlice(t, rapid.SampledFrom([]string{acme, globex}).Draw(t, "organization"))
		expected := sliceOf(slice, all)
		same(t, "comments", refs(w.list(store.CommentQuery{Slice: slice, Limit: rapid.IntRange(1, 7).Draw(t, "limit")})), refs(expected))
		// By offset, the order is that of the newest without a query.
		if slice.Words == nil {
			offset := rapid.IntRange(0, 10).Draw(t, "offset")
			found, more, err := w.s.ListComments(w.t.Context(), store.CommentQuery{Slice: slice, Limit: 5, Offset: offset, ByRank: true})
			must(t, err)
			rest := expected[min(offset, len(expected)):]
			same(t, "comments by offset", refs(found), refs(rest[:min(5, len(rest))]))
			equal(t, "more", more, len(rest) > 5)
		}
	})
}

func pagesStay(t *testing.T, open Open) {
	w := begin(t, open)
	for i := range 10 {
		r := w.response(acme, visits, fmt.Sprintf("r%d", i))
		r.Comments = r.Comments[:1]
		r.Comments[0].CountTime = noon
		w.apply(r)
	}
	q := store.CommentQuery{Slice: store.Slice{Organization: acme}, Limit: 4}
	first, more, err := w.s.ListComments(t.Context(), q)
	must(t, err)
	equal(t, "more", more, true)
	before := w.list(q)
	// What comes meanwhile is on no later page; what goes is missing.
	late := w.response(acme, visits, "late")
	for i := range late.Comments {
		late.Comments[i].CountTime = noon
	}
	w.apply(late)
	w.remove(store.Response{Organization: acme, Survey: visits, ID: before[6].Response}, "")
	last := first[len(first)-1]
	q.Before = store.Mark{CountTime: last.CountTime, Seq: last.Seq}
	same(t, "the other pages", refs(w.list(q)), refs(slices.Delete(slices.Clone(before[4:]), 2, 3)))
}

func unitsOfOne(t *testing.T, open Open) {
	w := begin(t, open)
	r := w.response(acme, visits, "r1")
	r.Context.Location, r.Context.Region, r.Context.Company = "osh", "south", ""
	w.apply(r)
	ref := stored(r, r.Comments[0]).Ref
	for _, c := range []struct {
		units store.Units
		in    bool
	}{
		{nil, true}, {store.Units{}, true}, {store.Units{"location": {"osh", "talas"}}, true}, {store.Units{"location": {"talas"}, "region": {"south"}}, true},
		// A region of a chain has thousands of locations.
		{store.Units{"location": append(slices.Repeat([]string{"talas", ""}, 40_000), "osh")}, true}, {store.Units{"location": slices.Repeat([]string{"talas", ""}, 40_000)}, false},
		{store.Units{"location": {"talas"}}, false}, {store.Units{"company": {""}}, false}, {store.Units{"elsewhere": {"osh"}}, false}, {store.Units{"location": nil}, false},
	} {
		_, err := w.s.GetComment(t.Context(), ref, c.units)
		_, correcting := w.s.Correct(t.Context(), ref, c.units, store.Correction{CreateTime: noon})
		found := w.list(store.CommentQuery{Slice: store.Slice{Organization: acme, Units: c.units}, Limit: 10})
		if c.in {
			must(t, err)
			must(t, correcting)
		} else {
			want(t, fmt.Sprint("get in ", c.units), err, store.ErrNotFound)
			want(t, fmt.Sprint("correct in ", c.units), correcting, store.ErrNotFound)
		}
		equal(t, fmt.Sprint("listed in ", c.units), len(found) > 0, c.in)
	}
}

func oldTimes(t *testing.T, open Open) {
	w := begin(t, open)
	r := w.response(acme, visits, "r1")
	at := time.Date(1969, 12, 31, 23, 50, 0, 1000, time.UTC)
	r.Comments = r.Comments[:1]
	r.Comments[0].CountTime = at
	w.apply(r)
	w.holds(r)
	counts, _, err := w.s.CountSentiments(t.Context(), store.Slice{Organization: acme}, store.Ungrouped)
	must(t, err)
	equal(t, "quarters", len(counts), 1)
	equal(t, "quarter", counts[0].Quarter, at.Truncate(15*time.Minute))
}
