// Package sentiment tells whether a comment, or a part of it, praises, blames, does both or neither, and how sure that is.
//
// Two stages: a linear model over hashed features says for each token how it speaks, and a small network weighs that by clause together with
// what the lexicon found, negations, contrasts, questions and wishes.
package sentiment

import (
	"github.com/otklik/otklik/services/comment/internal/language"
	"github.com/otklik/otklik/services/comment/internal/lexicon"
)

// Class is a sentiment.
type Class uint8

// The classes, in the order of probabilities.
const (
	Negative Class = iota
	Neutral
	Positive
	Mixed // praises one thing and blames another

	Classes = int(Mixed) + 1
)

var names = [Classes]string{"negative", "neutral", "positive", "mixed"}

// String returns the name of a class in files and requests.
func (c Class) String() string { return names[c] }

// Parse returns the class of a name; ok is false if there is none.
func Parse(name string) (c Class, ok bool) {
	for i, n := range names {
		if n == name {
			return Class(i), true //nolint:gosec // below Classes
		}
	}
	return Neutral, false
}

// Result is what a text or a part of it says.
type Result struct {
	Class         Class
	Probabilities [Classes]float32 // calibrated, sum 1
}

// Label returns the language that a comment is read as: Kyrgyz where it is mixed with another, whose head knows Russian, too.
// Beside Russian, what looks Kazakh is Kyrgyz.
func Label(r *language.Result) language.Label {
	if !r.Mixed {
		return r.Label
	}
	for i := range r.Spans {
		switch r.Spans[i].Label {
		case language.Ky, language.KyLat, language.Kk:
			return language.Ky
		default:
		}
	}
	return r.Label
}

// Languages says which entries of the lexicon speak in a comment of this language. English ones hold the emoji, too.
func Languages(label language.Label) lexicon.Languages {
	switch label {
	case language.Ru, language.RuLat:
		return lexicon.Ru | lexicon.En
	case language.En:
		return lexicon.En
	default:
		return lexicon.All
	}
}

// Head is one of the models for a language.
type Head uint8

// The heads.
const (
	Russian Head = iota
	English
	Kyrgyz

	Heads = int(Kyrgyz) + 1
)

var headNames = [Heads]string{"ru", "en", "ky"}

// String returns the code of the head's language.
func (h Head) String() string { return headNames[h] }

// HeadOf returns the head that reads a language; known is false where none was made for it.
func HeadOf(label language.Label) (h Head, known bool) {
	switch label {
	case language.Ru, language.RuLat:
		return Russian, true
	case language.En:
		return English, true
	case language.Ky, language.KyLat:
		return Kyrgyz, true
	case language.Kk:
		return Kyrgyz, false // a relative, read with reserve
	case language.OthLat:
		return English, false
	default:
		return Russian, false
	}
}
