package command

import (
	"math"
	"strings"

	commentv1 "github.com/otklik/otklik/proto/gen/go/otklik/comment/v1"
)

// wrongLine is written for a line that could not be analysed.
type wrongLine struct {
	Line  int64  `json:"line"`
	Error string `json:"error"`
}

// analyzedLine is what is written for a line. Places count code points of Text.
type analyzedLine struct {
	Line int64 `json:"line"`
	// Text is the line with personal data replaced.
	Text string `json:"text"`
	// Language is ru, ky, en, other or und; Variety says it in more detail, and Probability how sure that is.
	Language    string         `json:"language"`
	Variety     string         `json:"variety"`
	Probability float64        `json:"probability"`
	Mixed       bool           `json:"mixed"`
	Spans       []languagePart `json:"spans"`
	// Sentiment is positive, negative, neutral or mixed.
	Sentiment     string             `json:"sentiment"`
	Probabilities map[string]float64 `json:"probabilities"`
	Aspects       []aspectPart       `json:"aspects"`
	Phrases       []phrasePart       `json:"phrases"`
	Redactions    []redactionPart    `json:"redactions"`
	Model         string             `json:"model"`
}

type place struct {
	Start int32 `json:"start"`
	End   int32 `json:"end"`
}

type languagePart struct {
	Variety string `json:"variety"`
	place
}

type aspectPart struct {
	Aspect      string  `json:"aspect"`
	Polarity    string  `json:"polarity"`
	Probability float64 `json:"probability"`
	Evidence    string  `json:"evidence"`
	place
}

type phrasePart struct {
	Text string `json:"text"`
	place
}

type redactionPart struct {
	Type string `json:"type"`
	place
}

// analyzedOf makes the object of a line.
func analyzedOf(line int64, got *commentv1.StreamAnalyzeTextsResponse) analyzedLine {
	a := got.GetAnalysis()
	points := []rune(got.GetRedactedText())
	p := a.GetSentimentProbabilities()
	out := analyzedLine{
		Line: line, Text: got.GetRedactedText(), Language: languageWord(a.GetLanguage()), Variety: a.GetLanguageVariety(), Probability: rounded(a.GetLanguageProbability()),
		Mixed: a.GetMixedLanguages(), Spans: []languagePart{}, Sentiment: sentimentWord(a.GetSentiment()),
		Probabilities: map[string]float64{
			"negative": rounded(p.GetNegative()), "neutral": rounded(p.GetNeutral()), "positive": rounded(p.GetPositive()), "mixed": rounded(p.GetMixed()),
		},
		Aspects: []aspectPart{}, Phrases: []phrasePart{}, Redactions: []redactionPart{}, Model: idOf(a.GetModel()),
	}
	for _, s := range a.GetLanguageSpans() {
		out.Spans = append(out.Spans, languagePart{s.GetLanguageVariety(), placeOf(s.GetSpan())})
	}
	for _, m := range a.GetAspects() {
		at := placeOf(m.GetEvidence())
		out.Aspects = append(out.Aspects, aspectPart{idOf(m.GetAspect()), sentimentWord(m.GetSentiment()), rounded(m.GetProbability()), at.in(points), at})
	}
	for _, k := range a.GetKeyPhrases() {
		out.Phrases = append(out.Phrases, phrasePart{k.GetText(), placeOf(k.GetSpan())})
	}
	for _, r := range a.GetRedactions() {
		out.Redactions = append(out.Redactions, redactionPart{strings.TrimPrefix(r.GetKind().String(), "PERSONAL_DATA_"), placeOf(r.GetSpan())})
	}
	return out
}

// rounded leaves out digits that mean nothing.
func rounded(probability float64) float64 { return math.Round(probability*1e6) / 1e6 }

func placeOf(s *commentv1.TextSpan) place { return place{s.GetStart(), s.GetEnd()} }

// in is what stands there; nothing where a server says what is not so.
func (p place) in(points []rune) string {
	if p.Start < 0 || p.Start > p.End || int(p.End) > len(points) {
		return ""
	}
	return string(points[p.Start:p.End])
}

// languageWord is a language as people write it; und when it cannot be told.
func languageWord(l commentv1.Language) string {
	if l == commentv1.Language_LANGUAGE_UNSPECIFIED {
		return "und"
	}
	return enumWord("LANGUAGE_", l)
}

// sentimentWord is what is expressed as people write it.
func sentimentWord(s commentv1.Sentiment) string {
	if s == commentv1.Sentiment_SENTIMENT_UNSPECIFIED {
		return "-"
	}
	return enumWord("SENTIMENT_", s)
}
