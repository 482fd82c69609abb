package redaction

import (
	"embed"
	"encoding/binary"
	"sync"
)

//go:embed lists/*.txt
var lists embed.FS

// shortest is how many letters of a name that is not written as it is listed tell too little.
const shortest = 3

// slot is a stem in the table; more than one may bear the same hash.
type slot struct {
	hash  uint64
	class class
	of    paradigm
}

// leading is how many letters a word is sieved by before it is looked up.
const leading = 4

// leadBits is how many places a sieve of first letters has, as a power of two.
const leadBits = 16

// sieveBits is how much of a hash the sieve looks at.
const sieveBits = 18

// lexicon is the table of words: stems by hash, with the paradigms in which they change.
type lexicon struct {
	suffixes *suffixes
	slots    []slot
	mask     uint64
	shift    int
	sieve    [1 << (sieveBits - 6)]uint64 // which hashes begin like this: small enough to stay near
	begins   [1 << (leadBits - 6)]uint64  // by the first letters: which words are in the table
	opens    [1 << (leadBits - 6)]uint64  // and which can begin a finding, or introduce a name
	patterns [letters][]pattern           // by the last letter of the stem
	stems    int
}

// table is built at the first comment.
var table = sync.OnceValue(build)

const (
	seed  = 0x9e3779b97f4a7c15
	prime = 0xff51afd7ed558ccd
)

// mix adds a letter to a hash, whose first bits are the good ones.
func mix(h uint64, l uint8) uint64 { return (h + uint64(l)) * prime }

// lead is the place of a word's first four letters in a sieve: eight bytes in Cyrillic, four in Latin.
func lead(folded []byte) uint64 {
	var k uint64
	switch {
	case len(folded) >= 8 && folded[0] >= 0xc0:
		k = binary.LittleEndian.Uint64(folded)
	case len(folded) >= 4 && folded[0] < 0x80:
		k = uint64(binary.LittleEndian.Uint32(folded))
	default:
		for _, c := range folded {
			k = k<<8 | uint64(c)
		}
	}
	return k * seed >> (64 - leadBits)
}

// classify says what a word can be, by the lists alone. The word is folded.
func (x *lexicon) classify(folded []byte) class { return x.through(&x.begins, folded) }

// open says what a word in lower case can be if it can begin a finding or introduce a name; 0 for most words.
func (x *lexicon) open(folded []byte) class { return x.through(&x.opens, folded) }

// through looks a word up if a sieve lets its first letters through.
func (x *lexicon) through(sieve *[1 << (leadBits - 6)]uint64, folded []byte) class {
	if k := lead(folded); sieve[k>>6]&(1<<(k&63)) == 0 {
		return 0
	}
	var w [longestWord]uint8
	n := spell(folded, w[:])
	if n == 0 {
		return 0
	}
	return x.look(&w, n)
}

// look finds the classes of n letters.
func (x *lexicon) look(w *[longestWord]uint8, n int) class {
	var hashes [8]uint64 // of the longest beginnings, by their length
	h := uint64(seed)
	for i, l := range w[:n] {
		h = mix(h, l)
		hashes[(i+1)&7] = h
	}
	var found class
	node := 0
	for cut := n; ; {
		if of := x.suffixes.accept[node]; of != 0 {
			f := x.probe(hashes[cut&7], of)
			if f&given != 0 && cut <= shortest {
				f = f&^given | short
			}
			found |= f
		}
		if cut--; cut < 1 || n-cut > longestEnding {
			return found
		}
		if node = int(x.suffixes.next[node][w[cut]]); node == 0 {
			return found
		}
	}
}

// probe collects the classes of a stem in these paradigms.
func (x *lexicon) probe(h uint64, of paradigm) class {
	if k := h >> (64 - sieveBits); x.sieve[k>>6]&(1<<(k&63)) == 0 {
		return 0
	}
	var found class
	for i := h >> x.shift; x.slots[i].of != 0; i = (i + 1) & x.mask {
		if s := &x.slots[i]; s.hash == h && s.of&of != 0 {
			found |= s.class
		}
	}
	return found
}
