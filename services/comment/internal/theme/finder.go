package theme

import (
	"context"
	"slices"
	"time"

	"github.com/otklik/otklik/services/comment/internal/store"
)

const (
	// DefaultRate is the share of false discoveries that is allowed among themes that emerge or fall.
	DefaultRate = 0.05
	// DefaultLeast is how many responses must hold a theme to be tested.
	DefaultLeast = 5
	// baselineTimes is how many times longer than the recent period the one before is that it is compared with.
	baselineTimes = 4
	// mostPhrases is how many of the most frequent phrases of each period are tested.
	mostPhrases = 500
	// evidenceOfChange is how many examples are given.
	evidenceOfChange = 3
)

// Finder finds themes of which more or less is written than before.
type Finder struct {
	Store store.Counts
}

// Question is what is asked of a Finder.
type Question struct {
	// Slice says which comments; Start and End are the recent period.
	Slice store.Slice
	// BaselineStart and BaselineEnd are what is compared with; zero means the period before the recent one, four times its length.
	BaselineStart, BaselineEnd time.Time
	// Rate and Least are 0 for the defaults.
	Rate  float64
	Least int64
	// Evidence tells whether examples are wanted.
	Evidence bool
}

// Emerging is a theme that changed.
type Emerging struct {
	// Aspect with Sentiment, or Phrase with PhraseKey.
	Aspect    string
	Sentiment store.Sentiment
	Phrase    string
	PhraseKey uint64
	// Blamed tells that most of the responses that hold it in the recent period are negative.
	Blamed bool
	Change
	Evidence []store.Comment
}

// candidate is a theme with how often it is written.
type candidate struct {
	theme Emerging
	tally Tally
}

// withDefaults fills in what is not said.
func (q Question) withDefaults() Question {
	if q.BaselineEnd.IsZero() && q.BaselineStart.IsZero() {
		q.BaselineEnd = q.Slice.Start
		q.BaselineStart = q.Slice.Start.Add(-baselineTimes * q.Slice.End.Sub(q.Slice.Start))
	}
	if q.Rate == 0 {
		q.Rate = DefaultRate
	}
	if q.Least == 0 {
		q.Least = DefaultLeast
	}
	return q
}

// baseline is the slice that is compared with.
func (q Question) baseline() store.Slice {
	s := q.Slice
	s.Start, s.End = q.BaselineStart, q.BaselineEnd
	return s
}

// Found is the answer of a Finder.
type Found struct {
	Themes []Emerging
	// Tested is how many themes were tested.
	Tested int
	// Question is what was asked, with what was not said filled in.
	Question Question
}

// Find finds the themes that changed, the surest first.
func (f Finder) Find(ctx context.Context, q Question) (Found, error) {
	q = q.withDefaults()
	aspects, err := f.aspects(ctx, q)
	if err != nil {
		return Found{}, err
	}
	phrases, err := f.phrases(ctx, q)
	if err != nil {
		return Found{}, err
	}
	all := slices.Concat(aspects, phrases)
	tallies := make([]Tally, len(all))
	for i, c := range all {
		tallies[i] = c.tally
	}
	changes, order, err := Test(tallies, q.Least)
	if err != nil {
		return Found{}, err
	}
	out := Found{Tested: len(order), Question: q}
	for _, i := range order {
		c := changes[i]
		if c.Q > q.Rate {
			break
		}
		e := all[i].theme
		e.Change = c
		out.Themes = append(out.Themes, e)
	}
	out.Themes = whole(out.Themes)
	for i := range out.Themes {
		if !q.Evidence {
			break
		}
		if out.Themes[i].Evidence, err = f.evidence(ctx, q, out.Themes[i]); err != nil {
			return Found{}, err
		}
	}
	return out, nil
}

// aspects are the aspects that are praised or blamed in either period.
func (f Finder) aspects(ctx context.Context, q Question) ([]candidate, error) {
	recent, recentTotal, err := f.Store.CountThemes(ctx, q.Slice, store.Ungrouped)
	if err != nil {
		return nil, err
	}
	before, beforeTotal, err := f.Store.CountThemes(ctx, q.baseline(), store.Ungrouped)
	if err != nil {
		return nil, err
	}
	tally := Tally{RecentTotal: responses(recentTotal), BaselineTotal: responses(beforeTotal)}
	counts := make(map[string][2]store.ThemeCount)
	var names []string
	for side, list := range [][]store.ThemeCount{recent, before} {
		for _, c := range list {
			pair, met := counts[c.Aspect]
			if !met {
				names = append(names, c.Aspect)
			}
			pair[side] = c
			counts[c.Aspect] = pair
		}
	}
	var out []candidate
	for _, name := range names {
		for _, sentiment := range []store.Sentiment{store.Negative, store.Positive} {
			t := tally
			// Who does both does this as well.
			t.Recent = counts[name][0].Responses[sentiment-1] + counts[name][0].Responses[mixed]
			t.Baseline = counts[name][1].Responses[sentiment-1] + counts[name][1].Responses[mixed]
			out = append(out, candidate{Emerging{Aspect: name, Sentiment: sentiment, Blamed: sentiment == store.Negative}, t})
		}
	}
	return out, nil
}

func responses(totals []store.Total) (n int64) {
	for _, t := range totals {
		n += t.Responses
	}
	return n
}

// phrases are the most frequent phrases of either period.
func (f Finder) phrases(ctx context.Context, q Question) ([]candidate, error) {
	recent, recentTotal, err := f.Store.CountPhrases(ctx, q.Slice, 1, mostPhrases)
	if err != nil {
		return nil, err
	}
	before, beforeTotal, err := f.Store.CountPhrases(ctx, q.baseline(), 1, mostPhrases)
	if err != nil {
		return nil, err
	}
	if recent, err = f.complete(ctx, q.Slice, recent, before); err != nil {
		return nil, err
	}
	if before, err = f.complete(ctx, q.baseline(), before, recent); err != nil {
		return nil, err
	}
	baseline := make(map[uint64]store.PhraseCount, len(before))
	for _, p := range before {
		baseline[p.Key] = p
	}
	var out []candidate
	add := func(now, then store.PhraseCount) {
		named := now
		if now.Text == "" {
			named = then
		}
		out = append(out, candidate{
			Emerging{Phrase: named.Text, PhraseKey: named.Key, Blamed: 2*now.Responses[negative] > count(now)},
			Tally{Recent: count(now), RecentTotal: recentTotal.Responses, Baseline: count(then), BaselineTotal: beforeTotal.Responses},
		})
	}
	for _, p := range recent {
		add(p, baseline[p.Key])
		delete(baseline, p.Key)
	}
	for _, p := range before {
		if _, left := baseline[p.Key]; left {
			add(store.PhraseCount{}, p)
		}
	}
	return out, nil
}

// complete adds to the phrases of a slice those that are known of the other one.
func (f Finder) complete(ctx context.Context, s store.Slice, known, others []store.PhraseCount) ([]store.PhraseCount, error) {
	have := make(map[uint64]bool, len(known))
	for _, p := range known {
		have[p.Key] = true
	}
	var missing []uint64
	for _, p := range others {
		if !have[p.Key] {
			missing = append(missing, p.Key)
		}
	}
	if len(missing) == 0 {
		return known, nil
	}
	more, _, err := f.Store.CountPhrasesOf(ctx, s, missing)
	return append(known, more...), err
}

func count(p store.PhraseCount) (n int64) {
	for _, r := range p.Responses {
		n += r
	}
	return n
}

// evidence are examples from the period in which the theme is more frequent.
func (f Finder) evidence(ctx context.Context, q Question, e Emerging) ([]store.Comment, error) {
	s := q.Slice
	if e.LogOdds < 0 {
		s = q.baseline()
	}
	if e.Aspect == "" {
		return f.Store.PhraseEvidence(ctx, s, e.PhraseKey, evidenceOfChange)
	}
	s.Aspect, s.AspectSentiment = e.Aspect, e.Sentiment
	return f.Store.AspectEvidence(ctx, s, evidenceOfChange)
}
