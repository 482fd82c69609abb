// Package analysis makes of a comment all that is said about it: language, sentiment, aspects, key phrases, and the text without personal data.
//
// One reading of the text serves all stages, and every stage reuses its buffers, so that a comment costs microseconds and no memory. What
// has no words, or is in a language that nothing was learnt for, is told as such rather than guessed at.
package analysis

import (
	"cmp"
	"slices"

	"github.com/otklik/otklik/services/comment/internal/aspect"
	"github.com/otklik/otklik/services/comment/internal/feature"
	"github.com/otklik/otklik/services/comment/internal/language"
	"github.com/otklik/otklik/services/comment/internal/lexicon"
	"github.com/otklik/otklik/services/comment/internal/model"
	"github.com/otklik/otklik/services/comment/internal/phrase"
	"github.com/otklik/otklik/services/comment/internal/redaction"
	"github.com/otklik/otklik/services/comment/internal/sentiment"
	"github.com/otklik/otklik/services/comment/internal/text"
)

// MaxText is the greatest length of a text, in bytes. Longer ones are analysed as well, but nobody has to take them.
const MaxText = 100_000

// Analyzer analyses comments. Immutable, and safe for concurrent use; each who uses it has a Scratch.
type Analyzer struct {
	models *model.Model
}

// New makes an analyzer, and what its stages make at the first comment.
func New(m *model.Model) *Analyzer {
	a := &Analyzer{models: m}
	a.Analyze(new(Scratch), "first", nil)
	return a
}

// Model is the name of the models.
func (a *Analyzer) Model() string { return a.models.Name }

// Scratch is the memory that an analysis works in and keeps for the next. The zero value is ready. Not safe for concurrent use.
type Scratch struct {
	document  text.Document
	hits      lexicon.Hits
	features  feature.Buffer
	sentiment *sentiment.Reader
	aspects   *aspect.Reader
	phrases   phrase.Extractor
	result    Result
	longest   int
}

// keptText is the length of texts, in bytes, whose memory is worth keeping.
const keptText = 16 << 10

// Forget lets go of what was analysed, and of the memory that an uncommonly long text has taken.
func (s *Scratch) Forget() {
	if s.longest > keptText {
		*s = Scratch{}
		return
	}
	s.document.Source, s.result.Source, s.result.custom = "", "", nil
}

// Result is what was made of a text. Places are bytes of Source.
type Result struct {
	Source    string
	Language  language.Result
	Sentiment sentiment.Result
	// Mentions are what the text speaks of, in the order of the evidence.
	Mentions []aspect.Mention
	// Findings are the personal data, in order and apart from each other; Redacted is the text with placeholders in their place.
	Findings []redaction.Finding
	Redacted []byte
	// Phrases are those that matter, in the order of the text, without personal data.
	Phrases []phrase.Phrase
	// Similar is equal for texts that are nearly the same; 0 where there are too few words for it.
	Similar uint64

	model  string
	custom *aspect.Custom
}

// AspectName is the identifier of an aspect of the result.
func (r *Result) AspectName(id aspect.ID) string {
	if id < aspect.FirstOwn {
		return id.String()
	}
	return r.custom.Name(id)
}

// Analyze analyses a text, with the aspects of an organisation's own; nil for none. The result belongs to the scratch and holds until its next use.
func (a *Analyzer) Analyze(s *Scratch, source string, custom *aspect.Custom) *Result {
	if s.sentiment == nil {
		s.sentiment, s.aspects = a.models.Sentiment.NewReader(), a.models.Aspects.NewReader()
	}
	s.longest = max(s.longest, len(source))
	d, r := &s.document, &s.result
	r.Source, r.model, r.custom = source, a.models.Name, custom
	d.Read(source)
	a.models.Language.Identify(d, &r.Language)
	label := sentiment.Label(&r.Language)
	a.models.Lexicon.Find(d, entries(&r.Language), &s.hits)
	sentiment.Negate(d, s.hits.Polarity)
	s.features.Read(d)
	r.Sentiment = s.sentiment.Read(d, label, &s.features, s.hits.Polarity)
	r.Mentions = s.aspects.Read(d, label, &s.features, &s.hits, s.sentiment, r.Mentions[:0])
	settle(r)
	r.Mentions = custom.Read(d, s.sentiment, r.Mentions)
	slices.SortStableFunc(r.Mentions, func(a, b aspect.Mention) int { return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.End, b.End)) })
	r.Findings = redaction.Find(d, r.Language.Label, r.Findings[:0])
	r.Redacted = redaction.Redact(source, r.Findings, r.Redacted[:0])
	r.Phrases = s.phrases.Find(d, r.Language.Label, r.Findings, r.Phrases[:0])
	_, r.Similar = s.phrases.Fingerprints()
	return r
}

// entries says which entries of the lexicon speak in a text.
func entries(r *language.Result) lexicon.Languages {
	if r.Mixed {
		return lexicon.All
	}
	return sentiment.Languages(r.Label)
}
