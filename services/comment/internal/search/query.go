package search

// Query is what a text must hold.
type Query struct {
	// All must occur.
	All []Phrase
	// None must not occur.
	None []Phrase
}

// Phrase is words that stand together: the readings of them, one of which must occur. A reading is stems in order.
type Phrase [][]string
