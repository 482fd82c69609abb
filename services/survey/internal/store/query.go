package store

import (
	"bytes"
	"math"
)

// Bounds are what backends compare with: the greatest position, and the times that CountTime lies between as ToNano makes them. What is open
// in the query has a bound that nothing exceeds.
func (q SubmissionQuery) Bounds() (upTo, from, to int64) {
	upTo, from, to = q.UpTo, math.MinInt64, math.MaxInt64
	if upTo == 0 {
		upTo = math.MaxInt64
	}
	if !q.From.IsZero() {
		from = ToNano(q.From)
	}
	if !q.To.IsZero() {
		to = ToNano(q.To)
	}
	return upTo, from, to
}

// Batch is the answer to the query: the changes read of a log that ends at head.
func (q ChangeQuery) Batch(changes []Change, head int64) ChangeBatch {
	b := ChangeBatch{Changes: changes, Head: head}
	if n := len(changes); n > 0 {
		b.More = changes[n-1].Position < head && (n == q.Limit || q.Bytes > 0)
	}
	return b
}

// Forgotten stands in for the fingerprint of a submission that was removed: nothing of what it held is kept, not even what would tell whether a guess is
// right. Every content fits it.
var Forgotten = []byte{0}

// Fits tells whether a submission is one that was stored before under its identifier, by their fingerprints.
func Fits(stored, given []byte) bool {
	return bytes.Equal(stored, Forgotten) || bytes.Equal(stored, given)
}
