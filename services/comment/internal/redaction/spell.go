package redaction

// letters is the number of letters that the table of words knows; 0 stands for all others.
const letters = 61

// longestWord is how many letters of a word are looked at. No word of the lists is longer.
const longestWord = 40

// Letters: Cyrillic а to я are 1 to 32, Latin a to z 33 to 58.
const (
	latinA     = 33
	apostrophe = 59
	numeral    = 60
)

// spell writes the letters of a folded word to dst and returns how many there are, 0 if the word is too long.
func spell(word []byte, dst []uint8) int {
	n := 0
	for i := 0; i < len(word); i++ {
		if n >= len(dst) {
			return 0
		}
		c := word[i]
		var l uint8
		switch {
		case c == 0xd0 && i+1 < len(word):
			i++
			if k := word[i]; k >= 0xb0 && k <= 0xbf {
				l = k - 0xb0 + 1
			}
		case c == 0xd1 && i+1 < len(word):
			i++
			if k := word[i]; k >= 0x80 && k <= 0x8f {
				l = k - 0x80 + 17
			}
		case c >= 'a' && c <= 'z':
			l = c - 'a' + latinA
		case c == '\'':
			l = apostrophe
		case c >= '0' && c <= '9':
			l = numeral
		case c >= 0x80 && c < 0xc0:
			continue
		}
		dst[n] = l
		n++
	}
	return n
}
