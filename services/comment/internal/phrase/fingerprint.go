package phrase

import "math/bits"

// bands is how many least hashes of a text's stems a fingerprint holds, 16 bits of each.
const bands = 4

// fewest is how many different stems a text needs to be like another that has not all of its words, and pair how many words, one of
// them a content word, to be like those that have: «Спасибо» and «Всё хорошо» say too little to be copies of each other.
const (
	fewest = 3
	pair   = 2
)

// prints gathers the fingerprints of a text.
type prints struct {
	exact uint64
	words int
	least [bands]uint64
	seen  uint64 // which of 64 classes of stems occurred: tells few from enough
}

func (p *prints) reset() {
	*p = prints{exact: seed, least: [bands]uint64{^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0)}}
}

// word takes a word as it is folded.
func (p *prints) word(h uint64) {
	p.exact = (bits.RotateLeft64(p.exact, 5) ^ h) * prime
	p.words++
}

// turns make of one hash four that have nothing to do with each other.
var turns = [bands]uint64{0x9e3779b97f4a7c15, 0xc2b2ae3d27d4eb4f, 0x165667b19e3779f9, 0xd6e8feb86659fd93}

// stem takes the stem of a content word.
func (p *prints) stem(h uint64) {
	p.seen |= 1 << (h >> 58)
	for k := range p.least {
		v := (h ^ turns[k]) * turns[(k+1)%bands]
		v ^= v >> 32
		p.least[k] = min(p.least[k], v*prime)
	}
}

// Fingerprints of the document that Find has read last, personal data left out of both. Exact is equal for the same words in the same
// order. Similar is made of the least of four hashes of the stems of the content words: it is equal for texts whose content words
// are the same in any form and order, and as a rule still where one of many differs; Similar compares it more loosely. Of few content
// words it is made of all words, and equal for the same ones in the same order: «Nice staff». 0 stands for fewer still.
func (x *Extractor) Fingerprints() (exact, similar uint64) {
	p := &x.prints
	if p.words == 0 {
		return 0, 0
	}
	exact = max(p.exact, 1)
	switch {
	case bits.OnesCount64(p.seen) >= fewest:
	case p.words >= pair && p.seen != 0:
		h := (p.exact ^ p.exact>>32) * turns[0] // each 16 bits depend on all words
		return exact, max(h^h>>29, 1)
	default:
		return exact, 0
	}
	for _, l := range p.least {
		similar = similar<<16 | l>>48
	}
	return exact, max(similar, 1)
}

// Similar says whether two texts are nearly the same: three of the four least hashes agree, as they do with probability 0.82 where
// four of five content words are common to both, and 0.08 where three of ten are.
func Similar(a, b uint64) bool {
	if a == 0 || b == 0 {
		return false
	}
	same := 0
	d := a ^ b
	for range bands {
		if d&0xffff == 0 {
			same++
		}
		d >>= 16
	}
	return same >= bands-1
}
