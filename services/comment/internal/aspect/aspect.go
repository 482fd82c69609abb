// Package aspect tells what a comment speaks of, whether it praises or blames it, and where it says so.
//
// Two stages, like sentiment: a linear model over hashed features says of each clause what it is about and how it is meant, and two small
// networks weigh that together with what the lexicon found.
package aspect

import (
	"github.com/otklik/otklik/services/comment/internal/lexicon"
	"github.com/otklik/otklik/services/comment/internal/sentiment"
)

// ID is an aspect: one of the fixed ones, or an organisation's own from FirstOwn on.
type ID uint8

// The fixed aspects.
const (
	Quality     = ID(lexicon.Quality)     // of goods and food: taste, freshness, working order
	Price       = ID(lexicon.Price)       // prices, discounts, bonus cards
	Staff       = ID(lexicon.Staff)       // people on site
	Delivery    = ID(lexicon.Delivery)    // the courier, when and how completely
	Assortment  = ID(lexicon.Assortment)  // choice, presence of goods
	Cleanliness = ID(lexicon.Cleanliness) //
	Wait        = ID(lexicon.Wait)        // queues, speed of service on site
	App         = ID(lexicon.App)         // app, site, online payment
	Returns     = ID(lexicon.Returns)     // returns, exchange, refund, guarantee
	Support     = ID(lexicon.Support)     // call centre, chat, answering
	Ambience    = ID(lexicon.Ambience)    // interior, music, comfort, temperature
	Location    = ID(lexicon.Location)    // where it is, access, parking, opening hours
	Packaging   = ID(lexicon.Packaging)   //
	Forgotten   = ID(lexicon.Forgotten)   // a thing, an order or a promise was forgotten
	General     = ID(lexicon.General)     // a verdict on the whole

	// FirstOwn is the first of an organisation's own aspects, in the order in which they were given.
	FirstOwn = ID(lexicon.Fixed)

	// Fixed is how many fixed aspects there are.
	Fixed = int(lexicon.Fixed)
)

// String returns the name of a fixed aspect in files and requests, or "" for an organisation's own.
func (id ID) String() string { return lexicon.AspectName(uint8(id)) }

// Parse returns the fixed aspect of a name; ok is false if there is none.
func Parse(name string) (ID, bool) {
	id, ok := lexicon.AspectOf(name)
	return ID(id), ok
}

// Mention is a place where a comment speaks of an aspect.
type Mention struct {
	ID          ID
	Polarity    sentiment.Class // Negative, Neutral or Positive
	Probability float32         // that it speaks of it
	Start, End  int32           // the evidence: bytes of Source
}
