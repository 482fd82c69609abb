// Package feature turns a document that was read into hashed features, in one pass for all the linear models that look at it: words, pairs of
// words, runs of two to five letters inside a word, and words under a negation.
//
// Every feature belongs to one token, so that what a model says of a span is the sum of what it says of the span's tokens.
package feature

import "github.com/otklik/otklik/services/comment/internal/text"

const (
	longest = 24         // letters of a word that are looked at
	prime   = 0x9E3779B1 // spreads what was hashed over the upper bits
	begin   = '<'        // stands before a word among its letters
	end     = '>'
)

// Seeds keep kinds of features apart.
const (
	letterSeed uint32 = 0x2545F491
	wordSeed   uint32 = 0x8F1BBCDC
	pairSeed   uint32 = 0x5A827999
	notSeed    uint32 = 0x6ED9EBA1
	markSeed   uint32 = 0xCA62C1D6
	flagSeed   uint32 = 0x1B873593
	numberHash uint32 = 0xE6546B64 // of any number
)

// Most is the number of features that one token can have.
const Most = 4*(longest+2) + 8

// Buffer holds the features of a document. It is reused from one to the next.
type Buffer struct {
	Hashes []uint32 // by their upper bits
	First  []int32  // Hashes[First[i]:First[i+1]] are those of token i; one entry more than there are tokens
}

// Of returns the features of token i.
func (b *Buffer) Of(i int) []uint32 { return b.Hashes[b.First[i]:b.First[i+1]] }

// Between returns the features of the tokens [first, last).
func (b *Buffer) Between(first, last int) []uint32 { return b.Hashes[b.First[first]:b.First[last]] }

// Read takes the features of a document in place of those before.
func (b *Buffer) Read(d *text.Document) {
	if need := Most * len(d.Tokens); cap(b.Hashes) < need {
		b.Hashes = make([]uint32, need+need/2)
	}
	if need := len(d.Tokens) + 1; cap(b.First) < need {
		b.First = make([]int32, 0, need+need/2)
	}
	b.First = b.First[:0]
	out, n := b.Hashes[:cap(b.Hashes)], 0
	before := pairSeed
	for i := range d.Tokens {
		b.First = append(b.First, int32(n)) //nolint:gosec // a comment has fewer features
		t := &d.Tokens[i]
		switch t.Kind {
		case text.Word:
			var h uint32
			n, h = letters(out, n, d.Word(i))
			out[n] = h
			out[n+1] = (before ^ h) * prime
			n += 2
			before = (h ^ pairSeed) * prime
			if t.Flags&text.Negated != 0 {
				out[n] = (h ^ notSeed) * prime
				n++
			}
			if t.Flags&(text.Upper|text.Elongated) != 0 {
				out[n] = (flagSeed ^ uint32(t.Flags&(text.Upper|text.Elongated))) * prime
				n++
			}
		case text.Number:
			out[n] = numberHash
			n++
			before = pairSeed
		case text.Emoji:
			out[n] = whole(d.Word(i), markSeed)
			n++
		default:
			h := whole(d.Word(i), markSeed)
			out[n] = h
			n++
			if c := d.Folded[t.From]; c != ',' && c != '-' && c != '"' && c != '\'' {
				before = pairSeed
			}
		}
	}
	b.First = append(b.First, int32(n)) //nolint:gosec // as above
	b.Hashes = out[:n]
}

// letters writes the runs of letters of a word at n; it returns where they end and the hash of the word itself.
func letters(out []uint32, n int, word []byte) (int, uint32) {
	var codes [longest + 2]uint32
	codes[0] = begin
	k := 1
	for i := 0; i < len(word) && k <= longest; k++ {
		c := uint32(word[i])
		i++
		for ; i < len(word) && word[i]&0xC0 == 0x80; i++ {
			c = c<<8 | uint32(word[i])
		}
		codes[k] = c
	}
	hash := wordSeed
	for _, c := range codes[1:k] {
		hash = (hash ^ c) * prime
	}
	codes[k] = end
	k++
	full := codes[:k]
	for len(full) >= 5 {
		h := (letterSeed ^ full[0]) * prime
		h = (h ^ full[1]) * prime
		to := out[n : n+4 : n+4]
		to[0] = h
		h = (h ^ full[2]) * prime
		to[1] = h
		h = (h ^ full[3]) * prime
		to[2] = h
		to[3] = (h ^ full[4]) * prime
		n += 4
		full = full[1:]
	}
	for len(full) >= 2 {
		h := (letterSeed ^ full[0]) * prime
		for _, c := range full[1:] {
			h = (h ^ c) * prime
			out[n] = h
			n++
		}
		full = full[1:]
	}
	return n, hash
}

func whole(word []byte, seed uint32) uint32 {
	h := seed
	for _, c := range word {
		h = (h ^ uint32(c)) * prime
	}
	return h
}
