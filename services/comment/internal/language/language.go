// Package language tells which language a comment is in, where a comment mixes two, and reads Kyrgyz and Russian in Latin letters.
package language

// Label is a language, or a language in a script that is not its own.
type Label uint8

// Labels, and their names in evaluation files.
const (
	Unknown Label = iota // ""
	Ky                   // ky
	Ru                   // ru
	En                   // en
	Kk                   // kk
	OthCyr               // oth_cyr: another language in Cyrillic letters
	OthLat               // oth_lat: another language in Latin letters
	KyLat                // ky_lat
	RuLat                // ru_lat

	Labels = int(RuLat) + 1
)

var names = [Labels]string{"", "ky", "ru", "en", "kk", "oth_cyr", "oth_lat", "ky_lat", "ru_lat"}

// String returns the label's name.
func (l Label) String() string { return names[l] }

// Parse returns the label of a name; ok is false if there is none.
func Parse(name string) (l Label, ok bool) {
	for i, n := range names {
		if n == name && i > 0 {
			return Label(i), true
		}
	}
	return Unknown, false
}

// Coarse is the language of a comment as the rest of the suite knows it: "ky", "ru", "en", "other", or "" if it is unknown. The
// script makes no difference (ky_lat is ky, ru_lat is ru); kk, oth_cyr and oth_lat are other.
func (l Label) Coarse() string {
	switch l {
	case Ky, KyLat:
		return "ky"
	case Ru, RuLat:
		return "ru"
	case En:
		return "en"
	case Unknown:
		return ""
	}
	return "other"
}

// Span is a stretch of a text in one language.
type Span struct {
	Start, End int32 // bytes of Source
	Label      Label
}

// Result is what a text was found to be. Its buffers are reused by the next Identify.
type Result struct {
	Label       Label
	Probability float32
	Mixed       bool   // it is in two languages or more, not merely with words borrowed
	Spans       []Span // one for a text of one language

	words []word
}
