package language

import (
	"strings"
	"unicode/utf8"

	"github.com/otklik/otklik/services/comment/internal/text"
)

// How much rarer than those of our customers, in logarithms of odds, other languages are among comments in letters that tell nothing:
// the labelled sets hold as many of each. Beyond few words Kazakh, or Polish, shows by itself, but not beside Russian words, where the
// Kazakh sets have many that our customers write.
const (
	rareKazakh = 2.0
	rareOther  = 1.0
	rareMixed  = 6.0
	few        = 2 // words
)

// expect lowers the sums of the languages that our customers do not write.
func (m *Model) expect(sum *[lanes]int64) {
	of := float64(m.scale) * float64(m.sharp)
	sum[Kk-1] -= int64(rareKazakh / of)
	sum[OthCyr-1] -= int64(rareOther / of)
	sum[OthLat-1] -= int64(rareOther / of)
}

// strange says whether a word has letters that neither Kyrgyz nor Russian nor English is written with: ә, қ, ў, ß.
func (r *Result) strange(d *text.Document) bool {
	for i := range r.words {
		w := d.Lowered(int(r.words[i].token))
		for k := 0; k < len(w); k++ {
			if w[k] < utf8.RuneSelf {
				continue
			}
			if k+1 >= len(w) || !ours(w[k], w[k+1]) {
				return true
			}
			k++
		}
	}
	return false
}

// ours says whether a letter of two bytes, in lower case, is one of Russian or Kyrgyz.
func ours(a, b byte) bool {
	switch a {
	case 0xd0:
		return b >= 0xb0 // а to п
	case 0xd1:
		return b <= 0x8f || b == 0x91 // р to я, ё
	case 0xd2:
		return b == 0xa3 || b == 0xaf // ң ү
	case 0xd3:
		return b == 0xa9 // ө
	}
	return false
}

// spelled says whether there is a word of two letters.
func (r *Result) spelled(d *text.Document) bool {
	for i := range r.words {
		if w := d.Lowered(int(r.words[i].token)); len(w) > 2 || len(w) == 2 && w[0] < 0xc0 {
			return true
		}
	}
	return false
}

// garbled says whether so much of a text is no character, or the sign for none, that its letters stand there by chance.
func garbled(source string, letters int) bool {
	if utf8.ValidString(source) && !strings.Contains(source, "\ufffd") {
		return false
	}
	broken := 0
	for i := 0; i < len(source); {
		r, n := utf8.DecodeRuneInString(source[i:])
		if r == utf8.RuneError {
			broken++
		}
		i += n
	}
	return broken*4 > letters
}

// numeric says whether a text is more of digits than of letters.
func numeric(d *text.Document, letters int) bool {
	digits := 0
	for i := range d.Tokens {
		if t := &d.Tokens[i]; t.Kind == text.Number {
			digits += int(t.End - t.Start)
		}
	}
	return digits > letters
}
