package analysis

import (
	"github.com/otklik/otklik/services/comment/internal/language"
	"github.com/otklik/otklik/services/comment/internal/sentiment"
	"github.com/otklik/otklik/services/comment/internal/text"
)

// settle makes the stages agree: what says nothing that can be read has neither a sure sentiment nor aspects.
func (a *Analyzer) settle(s *Scratch) {
	r := &s.result
	if !silent(&s.document, r.Language.Label) {
		return
	}
	r.Sentiment = abstention(r.Sentiment)
	r.Mentions = r.Mentions[:0]
}

// silent tells a text whose language cannot be told: without words, of a single letter, in another script.
func silent(_ *text.Document, label language.Label) bool {
	return label == language.Unknown
}

// leastSure is the greatest probability that a sentiment has in a text that says nothing for sure.
const leastSure = 0.4

// abstention is neutral without being sure of it. What emoji say shows in the probabilities, no more.
func abstention(r sentiment.Result) sentiment.Result {
	out := sentiment.Result{Class: sentiment.Neutral}
	rest := 1 - r.Probabilities[sentiment.Neutral]
	for c, p := range r.Probabilities {
		switch {
		case sentiment.Class(c) == sentiment.Neutral: //nolint:gosec // below Classes
			out.Probabilities[c] = leastSure
		case rest > 0:
			// Half of what is left to each alike, so that none is likelier than neutral.
			out.Probabilities[c] = (1-leastSure)/6 + (1-leastSure)/2*p/rest
		default:
			out.Probabilities[c] = (1 - leastSure) / 3
		}
	}
	return out
}
