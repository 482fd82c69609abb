package text

import (
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// form is a letter as it is written to the buffers, two bytes each.
type form struct {
	lower, folded [2]byte
	upper         bool
	letter        bool
}

// letters are the Cyrillic letters U+0400 to U+04FF by their last eight bits.
var letters = func() (t [256]form) {
	for k := range t {
		r := rune(0x400 + k)
		if !unicode.IsLetter(r) {
			continue
		}
		l := native(unicode.ToLower(r))
		f := &t[k]
		f.letter, f.upper = true, unicode.IsUpper(r)
		utf8.EncodeRune(f.lower[:], l)
		utf8.EncodeRune(f.folded[:], fold(l))
	}
	return t
}()

// native is the letter that is meant where a look-alike of a rarer alphabet is typed.
func native(r rune) rune {
	switch r {
	case 'ѳ':
		return 'ө'
	case 'ѵ':
		return 'ү'
	case 'ӊ', 'ӈ':
		return 'ң'
	}
	return r
}

// fold is the plain letter of a letter in lower case.
func fold(r rune) rune {
	switch r {
	case 'ё', 'ѐ':
		return 'е'
	case 'ө', 'ӧ', 'ӫ':
		return 'о'
	case 'ү', 'ұ', 'ӱ', 'ӯ', 'ў':
		return 'у'
	case 'ң', 'ҥ':
		return 'н'
	case 'ә', 'ӓ', 'ӑ':
		return 'а'
	case 'і', 'ї', 'ѝ':
		return 'и'
	case 'қ', 'ҡ', 'ҝ':
		return 'к'
	case 'ғ', 'ґ':
		return 'г'
	case 'һ', 'ҳ':
		return 'х'
	case 'җ', 'ӂ':
		return 'ж'
	case 'є':
		return 'э'
	}
	return r
}

// bare is a Latin letter without its diacritic, or r.
func bare(r rune) rune {
	if r < 0xc0 || !unicode.Is(unicode.Latin, r) {
		return r
	}
	switch r {
	case 'ı':
		return 'i'
	case 'ø', 'ɵ':
		return 'o'
	case 'ł':
		return 'l'
	case 'đ':
		return 'd'
	}
	var b [8]byte
	n := utf8.EncodeRune(b[:], r)
	p := norm.NFD.Properties(b[:n]).Decomposition()
	if len(p) == 0 {
		return r
	}
	base, _ := utf8.DecodeRune(p)
	return base
}

// composed are the Latin and Cyrillic letters by the letter and the combining mark that they are made of.
var composed = func() map[[2]rune]rune {
	m := map[[2]rune]rune{}
	for _, span := range [][2]rune{{0xc0, 0x24f}, {0x400, 0x4ff}, {0x1e00, 0x1eff}} {
		for r := span[0]; r <= span[1]; r++ {
			parts := []rune(norm.NFD.String(string(r)))
			n := len(parts) - 1
			if base := []rune(norm.NFC.String(string(parts[:n]))); len(base) == 1 {
				m[[2]rune{base[0], parts[n]}] = r
			}
		}
	}
	return m
}()

// alike are the letters of one alphabet that look like one of the other.
func alike(r rune, to Script) rune {
	if to == Cyrillic {
		switch r {
		case 'a', 'A':
			return 'а'
		case 'c', 'C':
			return 'с'
		case 'e', 'E':
			return 'е'
		case 'o', 'O':
			return 'о'
		case 'p', 'P':
			return 'р'
		case 'x', 'X':
			return 'х'
		case 'y', 'Y':
			return 'у'
		case 'k', 'K':
			return 'к'
		case 'm', 'M':
			return 'м'
		case 't', 'T':
			return 'т'
		case 'B':
			return 'в'
		case 'b':
			return 'ь'
		case 'H':
			return 'н'
		case 'n':
			return 'п'
		case 'i', 'I':
			return 'і'
		case 'h':
			return 'һ'
		case 'ë', 'Ë':
			return 'ё'
		case 'ɵ', 'Ɵ', 'ö', 'Ö', 'ø', 'Ø':
			return 'ө'
		case 'ñ', 'ŋ', 'ň':
			return 'ң'
		case 'v', 'V', 'ü', 'Ü', 'γ':
			return 'ү'
		case 'ə', 'Ə':
			return 'ә'
		}
		return 0
	}
	switch r {
	case 'а', 'А':
		return 'a'
	case 'с', 'С':
		return 'c'
	case 'е', 'Е':
		return 'e'
	case 'о', 'О':
		return 'o'
	case 'р', 'Р':
		return 'p'
	case 'х', 'Х':
		return 'x'
	case 'у', 'У':
		return 'y'
	case 'і', 'І':
		return 'i'
	case 'к', 'К':
		return 'k'
	case 'м', 'М':
		return 'm'
	case 'т', 'Т':
		return 't'
	case 'В':
		return 'b'
	case 'Н':
		return 'h'
	}
	return 0
}
