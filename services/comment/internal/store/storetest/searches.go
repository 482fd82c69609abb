package storetest

import (
	"testing"

	"github.com/otklik/otklik/services/comment/internal/search"
	"github.com/otklik/otklik/services/comment/internal/store"
)

// searchCases are about words.
func searchCases() []testCase {
	return []testCase{{"Search", searched}, {"SearchByRank", byRank}, {"OddWords", oddWords}}
}

// write stores comments with these texts, the later the newer, and returns their names.
func (w *world) write(texts ...string) []store.Ref {
	w.t.Helper()
	var out []store.Ref
	for i, text := range texts {
		r := w.response(acme, visits, "w"+string(rune('a'+i)))
		r.Comments = r.Comments[:1]
		c := &r.Comments[0]
		c.Text, c.Terms, c.CountTime = text, search.Terms(text), noon.AddDate(0, 0, i)
		w.apply(r)
		out = append(out, stored(r, *c).Ref)
	}
	return out
}

func searched(t *testing.T, open Open) {
	w := begin(t, open)
	names := w.write("Длинные очереди на кассе", "Кассирлер жакшы экен, кезек узун", "The queue was long", "очередь длинная, а касса одна", "Вежливый кассир")
	for query, places := range map[string][]int{
		"очередями":           {3, 0},
		"кассиры":             {4, 1},
		`"длинная очередь"`:   {0},
		"касса -одна":         {0},
		"queues":              {2},
		"кезектер":            {1},
		"-очередь -кассир":    {2},
		`"кезек узун"`:        {1},
		"склад":               nil,
		"очередь queue":       nil,
		`касса "а касса"`:     {3},
		`-"длинная очередь"`:  {4, 3, 2, 1},
		`"на кассе вежливый"`: nil,
	} {
		q := check[*search.Query](t)(search.Parse(query))
		var expected []store.Ref
		for _, i := range places {
			expected = append(expected, names[i])
		}
		same(t, query, refs(w.list(store.CommentQuery{Slice: store.Slice{Organization: acme, Words: q}, Limit: 2})), expected)
		same(t, query+" elsewhere", len(w.list(store.CommentQuery{Slice: store.Slice{Organization: globex, Words: q}, Limit: 2})), 0)
	}
}

func byRank(t *testing.T, open Open) {
	w := begin(t, open)
	names := w.write("хлеб хлеб хлеб", "хлеб и масло, и сыр, и молоко, и много чего ещё в этом длинном тексте", "масло", "хлеб")
	q := store.CommentQuery{Slice: store.Slice{Organization: acme, Words: check[*search.Query](t)(search.Parse("хлеб"))}, ByRank: true, Limit: 2}
	first, more, err := w.s.ListComments(t.Context(), q)
	must(t, err)
	equal(t, "more", more, true)
	q.Offset = 2
	second, more, err := w.s.ListComments(t.Context(), q)
	must(t, err)
	equal(t, "more at the end", more, false)
	found := refs(append(first, second...))
	equal(t, "found", len(found), 3)
	if found[0] == names[1] {
		t.Fatal("what speaks of much else comes first")
	}
	q.Slice.Words = check[*search.Query](t)(search.Parse("-хлеб"))
	q.Offset = 0
	rest, _, err := w.s.ListComments(t.Context(), q)
	must(t, err)
	same(t, "without the word", refs(rest), names[2:3])
}

func oddWords(t *testing.T, open Open) {
	w := begin(t, open)
	names := w.write(`o'neil "quoted" back\slash AND or NOT`, "a:b & c | d <-> (e) * ! 'f'", "100% 24/7 3.5", "")
	for query, place := range map[string]int{"o'neil": 0, "quoted": 0, "and": 0, "not": 0, "e": 1, "24": 2, "3.5": 2} {
		q := check[*search.Query](t)(search.Parse(query))
		same(t, query, refs(w.list(store.CommentQuery{Slice: store.Slice{Organization: acme, Words: q}, Limit: 5})), names[place:place+1])
	}
	for _, stem := range []string{`"`, `'`, `\`, "a b", "NEAR(", "*", "", "x\"y", ":*"} {
		q := &search.Query{All: []search.Phrase{{{stem}}, {{"нет", stem}}}, None: []search.Phrase{{{stem}}}}
		_, _, err := w.s.ListComments(t.Context(), store.CommentQuery{Slice: store.Slice{Organization: acme, Words: q}, Limit: 5})
		must(t, err)
	}
}
