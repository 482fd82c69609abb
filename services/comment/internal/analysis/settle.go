package analysis

import (
	"github.com/otklik/otklik/services/comment/internal/language"
	"github.com/otklik/otklik/services/comment/internal/sentiment"
)

// settle makes the stages agree. What says nothing that can be read has neither a sure sentiment nor aspects; what praises one thing and blames another is mixed, where the
// sentiment of the whole leaves that open.
func settle(r *Result) {
	if silent(&r.Language) {
		r.Sentiment = abstention(r.Sentiment)
		r.Mentions = r.Mentions[:0]
		return
	}
	if both(r) {
		r.Sentiment = mixed(r.Sentiment)
	}
}

// surelyForeign is how probable a language must be for which nothing was learnt, so that its words are not read as those of another.
const surelyForeign = 0.9

// silent tells a text whose language cannot be told (without words, of a single letter, in another script), or is one that nothing was learnt for.
func silent(r *language.Result) bool {
	switch r.Label {
	case language.Unknown:
		return true
	case language.Kk, language.OthCyr, language.OthLat:
		return !r.Mixed && r.Probability >= surelyForeign
	default:
		return false
	}
}

// What praise and blame of different aspects say of the whole.
const (
	// surelyMentioned is how probable an aspect must be to count.
	surelyMentioned = 0.7
	// possiblyMixed is how probable mixed must be for that.
	possiblyMixed = 0.1
)

// both tells whether one aspect is praised and another blamed.
func both(r *Result) bool {
	if r.Sentiment.Class == sentiment.Mixed || r.Sentiment.Probabilities[sentiment.Mixed] < possiblyMixed {
		return false
	}
	var good, bad bool
	for _, m := range r.Mentions {
		if m.Probability >= surelyMentioned {
			good, bad = good || m.Polarity == sentiment.Positive, bad || m.Polarity == sentiment.Negative
		}
	}
	return good && bad
}

// mixed makes mixed what a text expresses: it gets the probability of the likeliest, and the others keep their order.
func mixed(r sentiment.Result) sentiment.Result {
	top := r.Class
	for c := range r.Probabilities {
		if r.Probabilities[c] > r.Probabilities[top] {
			top = sentiment.Class(c) //nolint:gosec // below Classes
		}
	}
	r.Class = sentiment.Mixed
	p := &r.Probabilities
	p[top], p[sentiment.Mixed] = p[sentiment.Mixed], p[top]
	return r
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
