package language

import (
	"unicode/utf8"

	"github.com/otklik/otklik/services/comment/internal/text"
)

// Buckets is how many rows of weights a model has.
const Buckets = 1 << bits

const (
	bits    = 17 // of a bucket's number
	longest = 40 // letters of a word that are looked at
	order   = 5  // letters of the longest n-gram
	prime   = 0x9e3779b97f4a7c15
	seed    = 0x2545f4914f6cdd1d
)

// scan holds the letters of a word between two borders.
type scan struct {
	letters [longest + 2]uint64
	n       int
}

// read takes a word in lower case.
func (s *scan) read(word []byte) {
	s.letters[0] = ' '
	n := 1
	for i := 0; i < len(word) && n <= longest; {
		c := word[i]
		switch {
		case c < utf8.RuneSelf:
			if c >= '0' && c <= '9' {
				c = '0'
			}
			s.letters[n] = uint64(c)
			i++
		case c&0xe0 == 0xc0 && i+1 < len(word):
			s.letters[n] = uint64(c)<<8 | uint64(word[i+1])
			i += 2
		default:
			r, w := utf8.DecodeRune(word[i:])
			s.letters[n] = uint64(r)
			i += w
		}
		n++
	}
	s.letters[n] = ' '
	s.n = n + 1
}

// Grams appends the buckets of a word's features to dst: its n-grams of one to five letters, borders among them, and the whole word.
// It is what the model is trained with; Identify looks the same buckets up as it finds them.
func Grams(d *text.Document, token int, dst []uint32) []uint32 {
	var s scan
	s.read(d.Lowered(token))
	whole := uint64(seed + 1)
	for i := range s.n {
		if i > 0 {
			whole = (whole ^ s.letters[i]) * prime
		}
		h := uint64(seed)
		end := min(i+order, s.n)
		for j := i; j < end; j++ {
			h = (h ^ s.letters[j]) * prime
			if j > i || s.letters[j] != ' ' {
				dst = append(dst, uint32(h>>(64-bits)))
			}
		}
	}
	return append(dst, uint32(whole>>(64-bits)))
}
