package storetest

import (
	"cmp"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/otklik/otklik/services/comment/internal/store"
)

// countCases compare what is counted with a recount.
func countCases() []testCase { return []testCase{{"Counts", counts}} }

// recount is a slice with its comments.
type recount struct {
	*rapid.T
	w     *world
	slice store.Slice
	by    store.Key
	all   []store.Comment
}

// counts runs comparisons over many slices of the same comments.
func counts(t *testing.T, open Open) {
	w := begin(t, open)
	all := w.fill(60)
	for name, compare := range map[string]func(*recount){
		"Themes": (*recount).themes, "Phrases": (*recount).phrases, "Sentiments": (*recount).sentiments, "Evidence": (*recount).evidence,
	} {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				slice := drawSlice(t, acme)
				compare(&recount{T: t, w: w, slice: slice, by: rapid.SampledFrom(keys).Draw(t, "by"), all: sliceOf(slice, all)})
			})
		})
	}
}

// totals are the totals of comments.
func (r *recount) totals(by store.Key) []store.Total {
	var out []store.Total
	order, of := groups(r.all, func(c store.Comment) string { return groupOf(by, c) })
	for _, group := range order {
		total := store.Total{Group: group, Comments: int64(len(of[group]))}
		_, responses := groups(of[group], responseOf)
		for _, comments := range responses {
			total.Responses++
			add(&total.NPS, comments[0].NPS)
		}
		out = append(out, total)
	}
	return out
}

func (r *recount) themes() {
	themes, totals, err := r.w.s.CountThemes(r.w.t.Context(), r.slice, r.by)
	must(r.T, err)
	same(r.T, "totals", totals, r.totals(r.by))
	var expected []store.ThemeCount
	order, of := groups(r.all, func(c store.Comment) string { return groupOf(r.by, c) })
	for _, group := range order {
		for _, aspect := range aspectIDs {
			if n := theme(group, aspect, of[group]); n.Comments > 0 {
				expected = append(expected, n)
			}
		}
	}
	same(r.T, "themes", themes, expected)
}

// theme counts those of comments that name an aspect.
func theme(group, aspect string, all []store.Comment) store.ThemeCount {
	n := store.ThemeCount{Group: group, Aspect: aspect}
	_, responses := groups(all, responseOf)
	for _, comments := range responses {
		var said []int
		for _, c := range comments {
			before := len(said)
			for _, m := range c.Effective().Aspects {
				if m.Aspect == aspect {
					said = append(said, place(m.Sentiment))
				}
			}
			if len(said) > before {
				n.Comments++
			}
		}
		if len(said) > 0 {
			at := joined(said)
			n.Responses[at]++
			add(&n.NPS[at], comments[0].NPS)
		}
	}
	return n
}

func (r *recount) phrases() {
	type written struct {
		store.PhraseCount
		total int64
	}
	var expected []written
	sayings := map[uint64][]store.Comment{}
	texts := map[uint64]map[string]int{}
	for _, c := range r.all {
		seen := map[uint64]bool{}
		for _, p := range c.Analysis.Phrases {
			if seen[p.Key] {
				continue
			}
			seen[p.Key] = true
			sayings[p.Key] = append(sayings[p.Key], c)
			if texts[p.Key] == nil {
				texts[p.Key] = map[string]int{}
			}
			texts[p.Key][p.Text]++
		}
	}
	for key, comments := range sayings {
		n := written{PhraseCount: store.PhraseCount{Key: key}}
		_, responses := groups(comments, responseOf)
		for _, of := range responses {
			var said []int
			for _, c := range of {
				said = append(said, place(c.Effective().Sentiment))
			}
			n.Responses[joined(said)]++
			n.total++
		}
		for text, times := range texts[key] {
			if most := texts[key][n.Text]; times > most || times == most && text < n.Text {
				n.Text = text
			}
		}
		expected = append(expected, n)
	}
	slices.SortFunc(expected, func(a, b written) int { return cmp.Or(cmp.Compare(b.total, a.total), cmp.Compare(a.Key, b.Key)) })
	var total store.Total
	if totals := r.totals(store.Ungrouped); len(totals) > 0 {
		total = totals[0]
	}
	few := rapid.SliceOf(rapid.SampledFrom([]uint64{7, 1<<61 + 7, 3<<61 + 7, 7<<61 + 7, 5})).Draw(r.T, "keys")
	least, limit := rapid.Int64Range(0, 4).Draw(r.T, "least"), rapid.IntRange(1, 6).Draw(r.T, "limit")
	var most, some []store.PhraseCount
	for _, n := range expected {
		if n.total >= least && len(most) < limit {
			most = append(most, n.PhraseCount)
		}
		if slices.Contains(few, n.Key) {
			some = append(some, n.PhraseCount)
		}
	}
	got, gotTotal, err := r.w.s.CountPhrases(r.w.t.Context(), r.slice, least, limit)
	must(r.T, err)
	same(r.T, "phrases", got, most)
	same(r.T, "total", gotTotal, total)
	got, gotTotal, err = r.w.s.CountPhrasesOf(r.w.t.Context(), r.slice, few)
	must(r.T, err)
	same(r.T, "some phrases", got, some)
	same(r.T, "total", gotTotal, total)
}

func (r *recount) sentiments() {
	var expected []store.SentimentCount
	order, in := groups(r.all, func(c store.Comment) string { return groupOf(r.by, c) })
	for _, group := range order {
		quarters, counts := groups(in[group], func(c store.Comment) int64 { return c.CountTime.Truncate(15 * time.Minute).Unix() })
		for _, q := range quarters {
			n := store.SentimentCount{Group: group, Quarter: time.Unix(q, 0).UTC()}
			for _, c := range counts[q] {
				n.Comments[place(c.Effective().Sentiment)]++
			}
			expected = append(expected, n)
		}
	}
	got, responses, err := r.w.s.CountSentiments(r.w.t.Context(), r.slice, r.by)
	must(r.T, err)
	_, of := groups(r.all, responseOf)
	equal(r.T, "responses", responses, int64(len(of)))
	same(r.T, "sentiments", got, expected)
}

func (r *recount) evidence() {
	const limit = 4
	const key = 1<<61 + 7
	var holding []store.Comment
	for _, c := range r.all {
		if slices.ContainsFunc(c.Analysis.Phrases, func(p store.Phrase) bool { return p.Key == key }) {
			holding = append(holding, c)
		}
	}
	got, err := r.w.s.PhraseEvidence(r.w.t.Context(), r.slice, key, limit)
	must(r.T, err)
	same(r.T, "evidence of phrase", refs(got), refs(holding[:min(limit, len(holding))]))

	if r.slice.Aspect == "" {
		return
	}
	likelihood := func(c store.Comment) float32 {
		var most float32
		for _, m := range c.Effective().Aspects {
			if names(r.slice, []store.AspectMention{m}) {
				most = max(most, m.Probability)
			}
		}
		return most
	}
	slices.SortStableFunc(r.all, func(a, b store.Comment) int { return cmp.Compare(likelihood(b), likelihood(a)) })
	got, err = r.w.s.AspectEvidence(r.w.t.Context(), r.slice, limit)
	must(r.T, err)
	same(r.T, "evidence of aspect", refs(got), refs(r.all[:min(limit, len(r.all))]))
}
