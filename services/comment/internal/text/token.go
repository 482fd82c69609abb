package text

// Kind says what a token is.
type Kind uint8

// Kinds of tokens.
const (
	Word   Kind = iota // letters, with the digits and apostrophes inside them
	Number             // digits, with the points, commas and colons inside them
	Emoji              // an emoji with its modifiers, or an emoticon of plain characters
	Mark               // punctuation; a run of . ! ? is one mark
	Symbol             // anything else that is seen
)

// Script is the alphabet of a word.
type Script uint8

// Scripts of words. What is no word is Other.
const (
	Other Script = iota
	Latin
	Cyrillic
)

// Flags are the marks of a token.
type Flags uint16

// Flags of tokens.
const (
	Capital   Flags = 1 << iota // begins with a capital letter
	Upper                       // two letters or more, all of them capital
	Elongated                   // a letter (or ! or ?) stood three times or more in a row
	Sentence                    // the first token of a sentence
	Line                        // the first token after a line break
	Negated                     // stands under a negation: set by who reads sentiment
	Blended                     // letters of two alphabets that could not be read as one
	Spaced                      // a space or a line break stands before it
	Reread                      // Transliterate gave it its folded form
)

// Token is a word, number, emoji, mark or other symbol of a text.
type Token struct {
	Start, End int32 // bytes of Document.Source
	From, To   int32 // bytes of Document.Folded
	Clause     int32 // index into Document.Clauses
	first      int32 // bytes of Document.Lower
	last       int32
	Flags      Flags
	Kind       Kind
	Script     Script
}

// Is says whether all of these flags are set.
func (t *Token) Is(f Flags) bool { return t.Flags&f == f }
