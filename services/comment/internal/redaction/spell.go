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

// letterOfD0 and letterOfD1 are the letters by the second byte of their two.
var letterOfD0, letterOfD1 = func() (d0, d1 [64]uint8) {
	for i := range uint8(16) {
		d0[0x30+i] = i + 1 // а to п
		d1[i] = i + 17     // р to я
	}
	return d0, d1
}()

// letterOf are the plain letters.
var letterOf = func() (t [128]uint8) {
	for c := range uint8(26) {
		t['a'+c] = latinA + c
	}
	for c := range uint8(10) {
		t['0'+c] = numeral
	}
	t['\''] = apostrophe
	return t
}()

// spell writes the letters of a folded word to dst and returns how many there are, 0 if the word is too long.
func spell(word []byte, dst []uint8) int {
	n := 0
	for i := 0; i < len(word); i++ {
		if n >= len(dst) {
			return 0
		}
		c := word[i]
		switch {
		case c < 0x80:
			dst[n] = letterOf[c]
		case c == 0xd0 && i+1 < len(word):
			i++
			dst[n] = letterOfD0[word[i]&63]
		case c == 0xd1 && i+1 < len(word):
			i++
			dst[n] = letterOfD1[word[i]&63]
		case c < 0xc0:
			continue
		default:
			dst[n] = 0
		}
		n++
	}
	return n
}

// unspell appends letters, none of them a numeral, to b as they are folded.
func unspell(w []uint8, b []byte) []byte {
	for _, l := range w {
		switch {
		case l >= 1 && l <= 16:
			b = append(b, 0xd0, 0xb0+l-1)
		case l >= 17 && l <= 32:
			b = append(b, 0xd1, 0x80+l-17)
		case l >= latinA && l < latinA+26:
			b = append(b, 'a'+l-latinA)
		case l == apostrophe:
			b = append(b, '\'')
		}
	}
	return b
}
