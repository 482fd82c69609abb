package storetest

import (
	"cmp"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/otklik/otklik/services/comment/internal/store"
)

// duplicateCases are about comments that are nearly the same.
func duplicateCases() []testCase {
	return []testCase{{"Duplicates", duplicates}, {"DuplicatesOfAComment", duplicatesOfOne}}
}

func duplicates(t *testing.T, open Open) {
	w := begin(t, open)
	all := w.fill(60)
	rapid.Check(t, func(t *rapid.T) {
		slice := drawSlice(t, acme)
		var expected []store.DuplicateGroup
		_, groups := groups(sliceOf(slice, all), func(c store.Comment) uint64 { return c.Similar })
		for similar, of := range groups {
			if similar == 0 || len(of) < 2 {
				continue
			}
			expected = append(expected, store.DuplicateGroup{
				Count: int64(len(of)), Text: of[0].Text, Newest: refs(of[:min(20, len(of))]), First: of[len(of)-1].CountTime, Last: of[0].CountTime,
			})
		}
		var got []store.DuplicateGroup
		for offset := 0; ; offset += 2 {
			page, more, err := w.s.ListDuplicates(w.t.Context(), store.CommentQuery{Slice: slice, Limit: 2, Offset: offset})
			must(t, err)
			got = append(got, page...)
			if !more {
				break
			}
		}
		if !slices.IsSortedFunc(got, func(a, b store.DuplicateGroup) int { return cmp.Compare(b.Count, a.Count) }) {
			t.Fatal("the largest do not come first")
		}
		byText := func(a, b store.DuplicateGroup) int { return cmp.Compare(fmt.Sprint(a.Newest), fmt.Sprint(b.Newest)) }
		slices.SortFunc(expected, byText)
		slices.SortFunc(got, byText)
		same(t, "groups", got, expected)
	})
}

func duplicatesOfOne(t *testing.T, open Open) {
	w := begin(t, open)
	all := w.fill(36)
	listed := append(w.list(store.CommentQuery{Slice: store.Slice{Organization: acme}, Limit: 9}), w.list(store.CommentQuery{Slice: store.Slice{Organization: globex}, Limit: 9})...)
	for _, c := range append(listed, w.get(listed[0].Ref)) {
		n := 0
		for _, other := range all {
			if other.Organization == c.Organization && other.Survey == c.Survey && other.Similar == c.Similar && c.Similar != 0 && other.Ref != c.Ref {
				n++
			}
		}
		equal(t, fmt.Sprint("duplicates of ", c.Ref), c.Duplicates, n)
	}
}
