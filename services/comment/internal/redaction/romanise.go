package redaction

import "bytes"

// romanised adds the spellings of a Cyrillic name in Latin letters, but for those that are names used in English.
func (b *builder) romanised(w string, c class) {
	switch {
	case c&familyRare != 0:
		return
	case c&givenRare != 0: // words of Kyrgyz are none of English
		c = givenWord
	}
	for i := range styles {
		b.latin = romanise(b.latin[:0], w, &styles[i])
		if len(b.latin) > 3 && !b.inEnglish[string(b.latin)] {
			b.add(string(b.latin), c, english)
		}
	}
}

// style is how each Cyrillic letter is written.
type style [33]string

// plainly is the most usual style, by the number of the letter (spell).
var plainly = style{
	"", "a", "b", "v", "g", "d", "e", "zh", "z", "i", "y", "k", "l", "m", "n", "o", "p", "r", "s", "t", "u", "f", "kh", "ts", "ch", "sh", "shch",
	"", "y", "", "e", "yu", "ya",
}

// styles are the usual ways of writing what Latin letters do not have: Aizhan, Aijan, Ayjan; Mikhail, Mihail; Yuliya, Iuliia.
var styles = [...]style{
	plainly,
	plainly.but("жj", "ыi", "хh", "йi", "цc", "яia", "юiu"),
	plainly.but("жj"),
	plainly.but("йi"),
	plainly.but("хh", "яia", "юiu"),
}

// but is the style with other ways of writing some letters.
func (s style) but(changes ...string) style {
	for _, c := range changes {
		var w [1]uint8
		spell([]byte(c[:2]), w[:])
		s[w[0]] = c[2:]
	}
	return s
}

// romanise appends a folded word in Latin letters to dst.
func romanise(dst []byte, w string, s *style) []byte {
	var buf [longestWord]uint8
	for _, l := range buf[:spell([]byte(w), buf[:])] {
		if int(l) < len(s) {
			dst = append(dst, s[l]...)
		}
	}
	if i := bytes.Index(dst, []byte("iia")); i >= 0 { // Maria
		dst = append(dst[:i], dst[i+1:]...)
	}
	if n := len(dst); n > 3 && dst[n-2] == 'i' && dst[n-1] == 'y' { // Yury
		dst = append(dst[:n-2], 'y')
	}
	return dst
}
