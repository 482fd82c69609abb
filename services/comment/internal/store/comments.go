package store

import (
	"context"
	"time"

	"github.com/otklik/otklik/services/comment/internal/search"
)

// Comments keeps what customers wrote.
type Comments interface {
	// GetComment returns a comment that lies in one of the units. Errors: ErrNotFound.
	GetComment(ctx context.Context, ref Ref, units Units) (Comment, error)
	// ListComments returns comments of a slice, and whether there are more: the newest first (by CountTime, then Seq), or with a query in the slice and
	// q.ByRank those first that fit it best.
	ListComments(ctx context.Context, q CommentQuery) (comments []Comment, more bool, err error)
	// ListDuplicates returns groups of two comments or more of a slice that have the same Similar key, the largest first, with up to 20 of the newest of each.
	ListDuplicates(ctx context.Context, q CommentQuery) (groups []DuplicateGroup, more bool, err error)
	// ForgetWords takes the words out of comments received before a time that still have some, at most limit, and tells how many: text, original, phrases and
	// places, and the texts of their testimonials, which are withdrawn. What they express and speak of stays, and counts.
	ForgetWords(ctx context.Context, before time.Time, limit int) (int, error)
}

// Ref names a comment.
type Ref struct{ Organization, Survey, Response, ID string }

// Units are what a caller is restricted to, by dimension (location, region, company): a comment belongs to them when it has one of the values in one of the
// dimensions. Empty means everything. A dimension that a comment has not lets nothing in.
type Units map[string][]string

// Slice says which comments; conditions that are empty hold for all.
type Slice struct {
	Organization, Survey, Question                 string
	Start, End                                     time.Time // of CountTime, [Start, End)
	Touchpoint, Channel, Location, Region, Company string
	Language                                       Language
	Sentiment                                      Sentiment
	Aspect                                         string
	AspectSentiment                                Sentiment
	Units                                          Units
	// Words are those that the text must hold; nil for any.
	Words *search.Query
}

// CommentQuery asks for a page of comments.
type CommentQuery struct {
	Slice  Slice
	Limit  int
	Offset int // used with ByRank and for groups of duplicates
	ByRank bool
	// Before is the last comment of the page before; zero for the first page. Unused with ByRank.
	Before Mark
}

// Mark is where a page of comments ended.
type Mark struct {
	CountTime time.Time
	Seq       int64
}

// Response is what a response says in words, with what the insights need to know of it.
type Response struct {
	Organization, Survey, ID string
	// Position is that of its event in the survey service's change log.
	Position  int64
	CountTime time.Time
	// ReceiveTime is when the survey service received it; CountTime where it is zero when it is stored.
	ReceiveTime time.Time
	Language    string // of the answers, a BCP 47 tag
	Context     Context
	// NPS is the answer to the survey's first NPS question; nil when there is none.
	NPS *float64
	// Person is the pseudonym of who answered, 16 bytes; nil when unknown.
	Person   []byte
	Comments []Comment
}

// Context is the circumstances.
type Context struct {
	Touchpoint, Channel, Location, Region, Company string
	Attributes                                     map[string]string
}

// Comment is one text with what was made of it.
type Comment struct {
	Ref
	// Seq orders comments with the same CountTime; given by the store, and another one when the comment says something else.
	Seq      int64
	Question string
	// CountTime is that of the response where it is zero when it is stored.
	CountTime time.Time
	// ReceiveTime, AnswerLanguage, Context, NPS and Person are those of the response; ignored when it is stored.
	ReceiveTime    time.Time
	AnswerLanguage string
	Context        Context
	NPS            *float64
	Person         []byte
	// Score is that of the answer that the comment was added to; nil when there is none.
	Score *float64
	// Text is what was written, with personal data replaced.
	Text string
	// Terms are the stems of Text, for searching (search.Terms); not given back.
	Terms string
	// Sealed is the original, encrypted; nil when it was destroyed or not kept. Key names the key.
	Sealed []byte
	Key    string
	// Original is equal for the same original and tells nothing of it, whatever a model makes of it: made with a key of the organisation. Nil where nobody knows.
	Original []byte
	// Similar is equal for texts that are nearly the same; 0 for texts that are too short for it.
	Similar uint64
	// Analysis is the model's, Previous that of the model before; nil when there is none.
	Analysis Analysis
	Previous *Analysis
	// Correction is the one that holds; nil when there is none.
	Correction *Correction
	// Duplicates is how many other comments of the survey have the same Similar key. Returned by GetComment and ListComments.
	Duplicates int
}

// Effective is what holds: the analysis with what people corrected.
func (c Comment) Effective() Analysis {
	a := c.Analysis
	if c.Correction == nil {
		return a
	}
	if c.Correction.Sentiment != 0 {
		a.Sentiment = c.Correction.Sentiment
	}
	if c.Correction.Language != 0 {
		a.Language = c.Correction.Language
	}
	if c.Correction.AspectsCorrected {
		a.Aspects = c.Correction.Aspects
	}
	return a
}

// Language is what a text is written in; the numbers are those of the API.
type Language uint8

// The languages.
const (
	NoLanguage Language = iota
	Russian
	Kyrgyz
	English
	OtherLanguage
)

// Sentiment is what is expressed; the numbers are those of the API.
type Sentiment uint8

// The sentiments.
const (
	NoSentiment Sentiment = iota
	Negative
	Neutral
	Positive
	Mixed
)

// Analysis is what a model made of a text. Offsets count code points of the redacted text.
type Analysis struct {
	Model string
	// AspectsVersion is that of the organisation's own aspects (Aspects.AspectsVersion) that were looked for.
	AspectsVersion      int64
	Language            Language
	Variety             string
	LanguageProbability float32
	MixedLanguages      bool
	LanguageSpans       []LanguageSpan
	Sentiment           Sentiment
	// Probabilities are those of Negative, Neutral, Positive and Mixed.
	Probabilities [4]float32
	Aspects       []AspectMention
	Phrases       []Phrase
	Redactions    []Redaction
}

// Span is a part of a text, [Start, End).
type Span struct{ Start, End int32 }

// LanguageSpan is a part in one language.
type LanguageSpan struct {
	Span
	Variety string
}

// AspectMention is that a text speaks of an aspect.
type AspectMention struct {
	Aspect      string
	Sentiment   Sentiment
	Probability float32
	Evidence    Span
}

// Phrase is a key phrase. Key is equal for inflected forms of the same phrase.
type Phrase struct {
	Span
	Key  uint64
	Text string
}

// Redaction is a placeholder; Kind is the number of the API's PersonalData.
type Redaction struct {
	Span
	Kind uint8
}

// DuplicateGroup is comments that are nearly the same.
type DuplicateGroup struct {
	Count       int64
	Text        string
	Newest      []Ref
	First, Last time.Time
}
