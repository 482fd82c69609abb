package storetest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"

	"github.com/otklik/otklik/services/comment/internal/search"
	"github.com/otklik/otklik/services/comment/internal/store"
)

// drawSlice draws conditions, most of them left out.
func drawSlice(t *rapid.T, organization string) store.Slice {
	s := store.Slice{Organization: organization}
	maybe := func(label string, often int) bool { return rapid.IntRange(0, 9).Draw(t, label) < often }
	if maybe("of a survey", 5) {
		s.Survey = rapid.SampledFrom([]string{visits, calls}).Draw(t, "survey")
	}
	if maybe("of a question", 1) {
		s.Question = rapid.SampledFrom([]string{"q0", "q1"}).Draw(t, "question")
	}
	if maybe("from a time", 3) {
		s.Start = noon.Add(5*time.Hour + time.Microsecond)
	}
	if maybe("to a time", 3) {
		s.End = noon.Add(17 * time.Hour)
	}
	if maybe("of a channel", 1) {
		s.Channel = "link"
	}
	if maybe("of a touchpoint", 1) {
		s.Touchpoint = "osh"
	}
	if maybe("of a location", 1) {
		s.Location = "osh"
	}
	if maybe("of a region", 1) {
		s.Region = "talas"
	}
	if maybe("of a company", 1) {
		s.Company = "bishkek"
	}
	if maybe("in a language", 1) {
		s.Language = store.Language(rapid.IntRange(1, 4).Draw(t, "language"))
	}
	if maybe("of a sentiment", 1) {
		s.Sentiment = store.Sentiment(rapid.IntRange(1, 4).Draw(t, "sentiment"))
	}
	if maybe("of an aspect", 2) {
		s.Aspect = rapid.SampledFrom(aspectIDs).Draw(t, "aspect")
	}
	if maybe("of an aspect's sentiment", 1) {
		s.AspectSentiment = store.Sentiment(rapid.IntRange(1, 4).Draw(t, "aspect's sentiment"))
	}
	if maybe("in units", 2) {
		s.Units = store.Units{}
		for _, name := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"location", "region", "company", "elsewhere"}), 1, 3, rapid.ID).Draw(t, "dimensions") {
			s.Units[name] = rapid.SliceOfN(rapid.SampledFrom(places), 0, 2).Draw(t, name)
		}
	}
	if maybe("with words", 2) {
		s.Words = &search.Query{}
		for _, word := range rapid.SliceOfN(rapid.SampledFrom(words), 0, 2).Draw(t, "words") {
			s.Words.All = append(s.Words.All, search.Phrase{{word}, {"нет"}})
		}
		for _, word := range rapid.SliceOfN(rapid.SampledFrom(words), 0, 1).Draw(t, "no words") {
			s.Words.None = append(s.Words.None, search.Phrase{{word}})
		}
	}
	return s
}

// matches tells whether a comment belongs to a slice. Its terms are its text.
func matches(s store.Slice, c store.Comment) bool {
	holds := c.Effective()
	equal := func(want, got string) bool { return want == "" || want == got }
	return s.Organization == c.Organization && equal(s.Survey, c.Survey) && equal(s.Question, c.Question) &&
		(s.Start.IsZero() || !c.CountTime.Before(s.Start)) && (s.End.IsZero() || c.CountTime.Before(s.End)) &&
		equal(s.Touchpoint, c.Context.Touchpoint) && equal(s.Channel, c.Context.Channel) && equal(s.Location, c.Context.Location) &&
		equal(s.Region, c.Context.Region) && equal(s.Company, c.Context.Company) &&
		(s.Language == 0 || s.Language == holds.Language) && (s.Sentiment == 0 || s.Sentiment == holds.Sentiment) &&
		names(s, holds.Aspects) && within(s.Units, c.Context) && says(s.Words, c.Text)
}

func names(s store.Slice, aspects []store.AspectMention) bool {
	return s.Aspect == "" && s.AspectSentiment == 0 || slices.ContainsFunc(aspects, func(m store.AspectMention) bool {
		return (s.Aspect == "" || s.Aspect == m.Aspect) && (s.AspectSentiment == 0 || s.AspectSentiment == m.Sentiment)
	})
}

func within(units store.Units, c store.Context) bool {
	if len(units) == 0 {
		return true
	}
	for name, in := range map[string]string{"location": c.Location, "region": c.Region, "company": c.Company} {
		if in != "" && slices.Contains(units[name], in) {
			return true
		}
	}
	return false
}

func says(q *search.Query, text string) bool {
	if q == nil {
		return true
	}
	holds := func(p search.Phrase) bool {
		return slices.ContainsFunc(p, func(stems []string) bool { return slices.Contains(strings.Fields(text), stems[0]) })
	}
	return !slices.ContainsFunc(q.All, func(p search.Phrase) bool { return !holds(p) }) && !slices.ContainsFunc(q.None, holds)
}

// newestFirst orders comments as lists do.
func newestFirst(comments []store.Comment) {
	slices.SortFunc(comments, func(a, b store.Comment) int {
		return cmp.Or(b.CountTime.Compare(a.CountTime), cmp.Compare(b.Seq, a.Seq))
	})
}

// sliceOf are the comments of a slice, the newest first.
func sliceOf(s store.Slice, all []store.Comment) []store.Comment {
	var out []store.Comment
	for _, c := range all {
		if matches(s, c) {
			out = append(out, c)
		}
	}
	newestFirst(out)
	return out
}

// keys are those by which is grouped.
var keys = []store.Key{store.Ungrouped, store.ByTouchpoint, store.ByChannel, store.ByLocation, store.ByAnswerLanguage, store.ByRegion, store.ByCompany}

func groupOf(by store.Key, c store.Comment) string {
	switch by {
	case store.ByTouchpoint:
		return c.Context.Touchpoint
	case store.ByChannel:
		return c.Context.Channel
	case store.ByLocation:
		return c.Context.Location
	case store.ByAnswerLanguage:
		return c.AnswerLanguage
	case store.ByRegion:
		return c.Context.Region
	case store.ByCompany:
		return c.Context.Company
	}
	return ""
}

// place is that of a sentiment in counts.
func place(s store.Sentiment) int {
	if s < store.Negative || s > store.Mixed {
		s = store.Neutral
	}
	return int(s) - 1
}

// joined is the place of sentiments that occur together.
func joined(all []int) int {
	for _, p := range all {
		if p != all[0] {
			return int(store.Mixed) - 1
		}
	}
	return all[0]
}

// add adds a response's answer to the NPS question.
func add(m *store.Moments, nps *float64) {
	if nps == nil {
		return
	}
	m.N++
	switch {
	case *nps >= 9:
		m.Sum, m.Squares = m.Sum+100, m.Squares+10000
	case *nps < 7:
		m.Sum, m.Squares = m.Sum-100, m.Squares+10000
	}
}

// groups divides things by a key, in the order of keys.
func groups[T any, K cmp.Ordered](all []T, key func(T) K) (keys []K, of map[K][]T) {
	of = map[K][]T{}
	for _, v := range all {
		k := key(v)
		if _, ok := of[k]; !ok {
			keys = append(keys, k)
		}
		of[k] = append(of[k], v)
	}
	slices.Sort(keys)
	return keys, of
}

// responseOf names the response of a comment.
func responseOf(c store.Comment) string { return fmt.Sprintf("%s/%s", c.Survey, c.Response) }
