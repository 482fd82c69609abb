package population

import "math/bits"

// Set is a set of rows.
type Set struct {
	words []uint64
	count int
}

// newSet makes a set of the words of a population of n rows.
func newSet(words []uint64) *Set {
	s := &Set{words: words}
	for _, w := range words {
		s.count += bits.OnesCount64(w)
	}
	return s
}

// Len is the number of rows in the set.
func (s *Set) Len() int { return s.count }

// Has tells whether a row is in the set.
func (s *Set) Has(at int) bool { return s.words[at/wordRows]>>(at%wordRows)&1 == 1 }

// Common is the number of rows that are in both sets, which are of one population.
func (s *Set) Common(other *Set) int {
	n := 0
	for i, w := range s.words {
		n += bits.OnesCount64(w & other.words[i])
	}
	return n
}

// All are the rows of the set, in ascending order.
func (s *Set) All(yield func(at int) bool) {
	for i, w := range s.words {
		for ; w != 0; w &= w - 1 {
			if !yield(i*wordRows + bits.TrailingZeros64(w)) {
				return
			}
		}
	}
}

// wordRows is how many rows a word of bits holds; blockWords how many words are worked on at a time, so that they stay in the nearest cache.
const (
	wordRows   = 64
	blockWords = 64
	blockRows  = wordRows * blockWords
)

// truth is what a condition comes to for the rows of a block: a bit a row where it holds, and one where it does not; neither where it is unknown.
type truth struct {
	yes, no [blockWords]uint64
}

// bit is 1 for true.
func bit(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}
