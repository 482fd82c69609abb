// Package lexicon finds the words and phrases that say what a comment is about and how it is meant: stems of Russian, English and Kyrgyz with
// the polarity or the aspect that each carries, in one automaton and one pass over a comment.
package lexicon

import "fmt"

// Family is what an entry is for.
type Family uint8

// The families.
const (
	Polarity Family = iota
	Aspects
	families
)

// Kind is what an entry of the polarity family does.
type Kind uint8

// The kinds.
const (
	Polar    Kind = iota // is good or bad: Value −3…+3
	Boost                // multiplies what stands beside it by Value
	Negate               // negates as many words that follow as Value says; where it is negative, words that stand before
	Contrast             // sets what follows against what was said
	Wish                 // says that something is wished for
)

// Languages is a set of languages.
type Languages uint8

// The languages.
const (
	Ru Languages = 1 << iota
	En
	Ky
	All = Ru | En | Ky
)

// The fixed aspects, in the order of their numbers.
const (
	Quality uint8 = iota
	Price
	Staff
	Delivery
	Assortment
	Cleanliness
	Wait
	App
	Returns
	Support
	Ambience
	Location
	Packaging
	Forgotten
	General
	Fixed         // how many there are; an organisation's own follow
	Nothing = 255 // blocks the shorter hits in it
)

var aspectNames = [Fixed]string{
	"quality", "price", "staff", "delivery", "assortment", "cleanliness", "wait", "app",
	"returns", "support", "ambience", "location", "packaging", "forgotten", "general",
}

// AspectName returns the name of a fixed aspect, or "".
func AspectName(aspect uint8) string {
	if aspect >= Fixed {
		return ""
	}
	return aspectNames[aspect]
}

// AspectOf returns the number of a fixed aspect.
func AspectOf(name string) (uint8, bool) {
	for i, n := range aspectNames {
		if n == name {
			return uint8(i), true //nolint:gosec // at most Fixed
		}
	}
	return 0, false
}

// Hit is one place of a comment where an entry was found.
type Hit struct {
	First, Last int32     // tokens [First, Last)
	Mask        uint32    // which of these belong to the entry, the lowest bit being First
	Value       float32   // of the polarity family: see Kind
	Kind        Kind      // of the polarity family
	Aspect      uint8     // of the aspect family
	Implied     int8      // −1, 0, +1: the polarity that the aspect's entry carries in itself
	Language    Languages // the entry's
}

// Hits is what was found, in the order of the first tokens, and what Find works with. It is reused from comment to comment.
type Hits struct {
	Polarity, Aspects []Hit

	found []found
}

// Lexicon is a compiled set of entries. It is read-only and may be shared.
type Lexicon struct {
	trie     trie
	elements []element
	phrases  phraseTable
	meanings []meaning
	endings  endings
}

type meaning struct {
	family   Family
	kind     Kind
	value    float32
	aspect   uint8
	implied  int8
	language Languages
}

// span is a range of Lexicon.meanings.
type span struct{ first, last int32 }

func (s span) empty() bool { return s.first == s.last }

// mode is how much of a token an element has to match.
type mode uint8

const (
	prefix mode = iota // a token that begins with the stem
	ending             // the stem and a grammatical ending
	whole              // the token
)

// element is one word of a pattern.
type element struct {
	letters  int32 // length of the stem
	mode     mode
	language Languages
	single   [families]span // its meanings where it is a pattern by itself
	start    int32          // the phrases that begin with it, or −1
}

// Size tells how many words and phrases there are.
func (l *Lexicon) Size() (elements, states int) { return len(l.elements), len(l.phrases.states) }

func (l Languages) String() string {
	switch l {
	case Ru:
		return "ru"
	case En:
		return "en"
	case Ky:
		return "ky"
	case All:
		return "all"
	default:
		return fmt.Sprintf("languages %03b", uint8(l))
	}
}
