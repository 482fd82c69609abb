// Package workorder says in which order those are spoken to who are red: where most is at stake first.
package workorder

import (
	"cmp"
	"slices"
)

// Item is a company, or a contact, that waits to be spoken to.
type Item struct {
	// ID is its identifier, of which there is one.
	ID string
	// Stake is the value at stake, Value what it is worth: 0 when that is not known.
	Stake, Value float64
	// Mean is its score on 1..10.
	Mean float64
}

// Stake is the value at stake: the value by how far the score has fallen from the cut (nothing) to the worst (all). A value below 0 counts as none.
func Stake(value, mean, red float64) float64 {
	if !(value > 0) || !(mean < red) {
		return 0
	}
	return value * (red - mean) / (red - 1)
}

// Compare puts first where most is at stake, then the most valuable, then the worst score, then the lesser identifier, so that the order is total: two
// items are equal only when their identifiers are.
func Compare(a, b Item) int {
	return cmp.Or(cmp.Compare(b.Stake, a.Stake), cmp.Compare(b.Value, a.Value), cmp.Compare(a.Mean, b.Mean), cmp.Compare(a.ID, b.ID))
}

// Sort puts items into order.
func Sort(items []Item) { slices.SortFunc(items, Compare) }
