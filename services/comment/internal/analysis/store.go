package analysis

import (
	"slices"
	"unicode/utf8"

	"github.com/otklik/otklik/services/comment/internal/language"
	"github.com/otklik/otklik/services/comment/internal/redaction"
	"github.com/otklik/otklik/services/comment/internal/sentiment"
	"github.com/otklik/otklik/services/comment/internal/store"
)

// Undetermined is the variety of a text whose language cannot be told.
const Undetermined = "und"

// Variety is the name of a language in detail.
func Variety(l language.Label) string {
	if l == language.Unknown {
		return Undetermined
	}
	return l.String()
}

// ToStore is the text without personal data and what was made of it, as they are kept and told: offsets count code points of that text. What is not UTF-8 becomes U+FFFD, and so
// does NUL, which cannot be kept. AspectsVersion is left to the caller.
func (r *Result) ToStore() (string, store.Analysis) {
	m := r.measure()
	a := store.Analysis{
		Model: r.model, Language: languageOf(r.Language.Label), Variety: Variety(r.Language.Label), LanguageProbability: r.Language.Probability,
		MixedLanguages: r.Language.Mixed, Sentiment: sentimentOf(r.Sentiment.Class), Probabilities: r.Sentiment.Probabilities,
	}
	if r.Language.Mixed {
		for _, s := range r.Language.Spans {
			a.LanguageSpans = append(a.LanguageSpans, store.LanguageSpan{Span: m.span(s.Start, s.End), Variety: Variety(s.Label)})
		}
	}
	for _, mention := range r.Mentions {
		a.Aspects = append(a.Aspects, store.AspectMention{
			Aspect: r.AspectName(mention.ID), Sentiment: sentimentOf(mention.Polarity), Probability: mention.Probability, Evidence: m.span(mention.Start, mention.End),
		})
	}
	for _, p := range r.Phrases {
		span := m.span(p.Start, p.End)
		a.Phrases = append(a.Phrases, store.Phrase{Span: span, Key: p.Key, Text: m.at(span)})
	}
	for _, f := range r.Findings {
		a.Redactions = append(a.Redactions, store.Redaction{Span: m.span(f.Start, f.End), Kind: uint8(f.Kind) + 1})
	}
	return string(m.text), a
}

// sentimentOf is a class as it is kept.
func sentimentOf(c sentiment.Class) store.Sentiment { return store.Sentiment(c) + store.Negative }

// languageOf is the language of a label.
func languageOf(l language.Label) store.Language {
	switch l.Coarse() {
	case "ru":
		return store.Russian
	case "ky":
		return store.Kyrgyz
	case "en":
		return store.English
	case "other":
		return store.OtherLanguage
	default:
		return store.NoLanguage
	}
}

// measured is a text without personal data, and where places of the source are in it.
type measured struct {
	text     []byte
	findings []redaction.Finding
	// points are the code points of text before each byte of the source, and at its end. Bytes of what was replaced are where the placeholder begins.
	points []int32
	// offsets are the bytes of text before each of its code points, and at its end.
	offsets []int32
}

// measure writes the text and notes the places.
func (r *Result) measure() *measured {
	m := &measured{
		text: make([]byte, 0, len(r.Redacted)), findings: r.Findings, points: make([]int32, len(r.Source)+1), offsets: make([]int32, 0, len(r.Redacted)+1),
	}
	at := 0
	for _, f := range r.Findings {
		m.copy(r.Source, at, int(f.Start))
		begin := int32(len(m.offsets))
		for i := f.Start; i < f.End; i++ {
			m.points[i] = begin
		}
		for _, c := range f.Kind.Placeholder() {
			m.put(c)
		}
		at = int(f.End)
	}
	m.copy(r.Source, at, len(r.Source))
	m.points[len(r.Source)] = int32(len(m.offsets))
	m.offsets = append(m.offsets, int32(len(m.text)))
	return m
}

// copy takes a part of the source over.
func (m *measured) copy(source string, from, to int) {
	for i := from; i < to; {
		c, size := utf8.DecodeRuneInString(source[i:to])
		for j := range size {
			m.points[i+j] = int32(len(m.offsets))
		}
		if c == 0 {
			c = utf8.RuneError
		}
		m.put(c)
		i += size
	}
}

func (m *measured) put(c rune) {
	m.offsets = append(m.offsets, int32(len(m.text)))
	m.text = utf8.AppendRune(m.text, c)
}

// span is where a part of the source is in the text. What touches personal data takes in the placeholder as a whole.
func (m *measured) span(start, end int32) store.Span {
	s := store.Span{Start: m.points[start], End: m.points[end]}
	at, _ := slices.BinarySearchFunc(m.findings, end, func(f redaction.Finding, end int32) int {
		if f.End < end {
			return -1
		}
		return 1
	})
	// It may end within what was replaced.
	if at < len(m.findings) && m.findings[at].Start < end && end < m.findings[at].End {
		s.End = m.points[m.findings[at].Start] + int32(len(m.findings[at].Kind.Placeholder()))
	}
	return s
}

// at is what stands in a span of the text.
func (m *measured) at(s store.Span) string {
	return string(m.text[m.offsets[s.Start]:m.offsets[s.End]])
}
