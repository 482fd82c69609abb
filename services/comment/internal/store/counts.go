package store

import (
	"context"
	"time"
)

// Key is a key of the context by which is grouped.
type Key uint8

// The keys. ByAnswerLanguage groups by Response.Language.
const (
	Ungrouped Key = iota
	ByTouchpoint
	ByChannel
	ByLocation
	ByAnswerLanguage
	ByRegion
	ByCompany
)

// Counts adds up what comments say; what holds counts (Comment.Effective). A response counts once, however many comments it has.
type Counts interface {
	// CountThemes counts by group and aspect. Themes are in the order of group and aspect, Totals in that of group, with the responses and comments of the whole slice.
	CountThemes(ctx context.Context, s Slice, by Key) ([]ThemeCount, []Total, error)
	// CountPhrases counts the phrases that most responses hold, at most limit, the most frequent first, then by key. Phrases in fewer responses than least are left out.
	CountPhrases(ctx context.Context, s Slice, least int64, limit int) ([]PhraseCount, Total, error)
	// CountPhrasesOf is CountPhrases of these keys only, of all of them that occur.
	CountPhrasesOf(ctx context.Context, s Slice, keys []uint64) ([]PhraseCount, Total, error)
	// CountSentiments counts comments by group and quarter of an hour, and the responses that they are of.
	CountSentiments(ctx context.Context, s Slice, by Key) (counts []SentimentCount, responses int64, err error)
	// AspectEvidence returns comments of a slice that name the aspect of the slice with its sentiment, the likeliest first, at most limit.
	AspectEvidence(ctx context.Context, s Slice, limit int) ([]Comment, error)
	// PhraseEvidence returns the newest comments of a slice that hold the phrase, at most limit.
	PhraseEvidence(ctx context.Context, s Slice, phrase uint64, limit int) ([]Comment, error)
}

// Moments are sums over responses that answered the NPS question; each answer counts 100 for a promoter, 0 for a passive, -100 for a detractor.
type Moments struct {
	N, Sum, Squares int64
}

// Total is how much there is in a group of a slice.
type Total struct {
	Group               string
	Responses, Comments int64
	NPS                 Moments
}

// ThemeCount is how many speak of an aspect. A response that names it with different sentiments counts as Mixed.
type ThemeCount struct {
	Group, Aspect string
	Comments      int64
	// Responses and NPS are by sentiment: Negative, Neutral, Positive, Mixed at index Sentiment - 1.
	Responses [4]int64
	NPS       [4]Moments
}

// PhraseCount is how many responses hold a phrase.
type PhraseCount struct {
	Key uint64
	// Text is the phrase as it is written most often in the slice; of equals the first in the order of bytes.
	Text string
	// Responses is by the sentiment of the whole comment, as ThemeCount.Responses.
	Responses [4]int64
}

// SentimentCount is how many comments express what.
type SentimentCount struct {
	Group string
	// Quarter is the beginning of a quarter of an hour.
	Quarter time.Time
	// Comments is by sentiment, as ThemeCount.Responses; a comment without counts as neutral.
	Comments [4]int64
}
