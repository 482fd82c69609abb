package text

import (
	"unicode"
	"unicode/utf8"
)

// word reads letters with the digits, marks and apostrophes inside them.
func (d *Document) word(i int) int {
	s, start := d.Source, i
	first, from := len(d.Lower), len(d.Folded)
	low, folded := d.Lower, d.Folded
	var latin, cyr, capitals, run int
	var flags Flags
	var last rune
	long := false
	for i < len(s) {
		c := s[i]
		if k := bytesOf[c]; k == cyrillic {
			if i+1 >= len(s) || s[i+1]&0xc0 != 0x80 {
				break
			}
			key := (c&3)<<6 | s[i+1]&0x3f
			f := &letters[key]
			if f.letter {
				r := rune(f.folded[0])<<8 | rune(f.folded[1])
				if r != last {
					if long {
						low, folded = d.stretch(low, folded, last, r)
					}
					last, run, long = r, 1, false
				} else if run++; run >= 3 {
					if run == 3 {
						low, folded = low[:len(low)-2], folded[:len(folded)-2]
						long = true
						flags |= Elongated
					}
					i += 2
					cyr++
					if f.upper {
						capitals++
					}
					continue
				}
				if f.upper {
					if i == start {
						flags |= Capital
					}
					capitals++
				}
				cyr++
				low = append(low, f.lower[0], f.lower[1])
				folded = append(folded, f.folded[0], f.folded[1])
				i += 2
				continue
			}
		} else if k == letter {
			r := rune(c | 0x20)
			if c != byte(r) {
				if i == start {
					flags |= Capital
				}
				capitals++
			}
			latin++
			i++
			if r != last {
				if long {
					low, folded = d.stretch(low, folded, last, r)
				}
				last, run, long = r, 1, false
			} else if run++; run >= 3 {
				if run == 3 {
					low, folded = low[:len(low)-1], folded[:len(folded)-1]
					long = true
					flags |= Elongated
				}
				continue
			}
			low = append(low, byte(r))
			folded = append(folded, byte(r))
			continue
		} else if k == digit {
			if keycap(s, i) > 0 {
				break
			}
			low, folded = append(low, c), append(folded, c)
			last, run, long = 0, 0, false
			i++
			continue
		}
		if c < utf8.RuneSelf && c != '\'' && c != '&' && c != '`' {
			break
		}
		// Whatever is rare takes the long way.
		r, n := utf8.DecodeRuneInString(s[i:])
		if c == '&' {
			if r, n = entity(s, i); n == 0 {
				break
			}
		}
		if r == '\'' || r == '’' || r == 'ʼ' || r == '`' {
			if i == start || !lettered(s, i+n) {
				break
			}
			low, folded = append(low, '\''), append(folded, '\'')
			last, run, long = 0, 0, false
			i += n
			continue
		}
		if r == utf8.RuneError && n <= 1 {
			break
		}
		if unseen(r) {
			i += n
			continue
		}
		if unicode.IsMark(r) {
			low, folded = combine(low, folded, first, from, r)
			last, run, long = 0, 0, false
			i += n
			continue
		}
		if r < utf8.RuneSelf && bytesOf[r] == digit {
			low, folded = append(low, byte(r)), append(folded, byte(r))
			last, run, long = 0, 0, false
			i += n
			continue
		}
		if !unicode.IsLetter(r) || pictured(r) {
			break
		}
		if unicode.IsUpper(r) {
			if i == start {
				flags |= Capital
			}
			capitals++
		}
		l := native(unicode.ToLower(r))
		f := l
		switch {
		case unicode.Is(unicode.Latin, l):
			latin++
			f = bare(l)
		case unicode.Is(unicode.Cyrillic, l):
			cyr++
			f = fold(l)
		}
		low, folded = utf8.AppendRune(low, l), utf8.AppendRune(folded, f)
		last, run, long = 0, 0, false
		i += n
	}
	if long {
		low, folded = d.stretch(low, folded, last, 0)
	}
	if i == start { // the first byte of a letter that is none
		_, n := utf8.DecodeRuneInString(s[i:])
		d.flags |= Spaced
		return i + n
	}
	if len(low) == first { // marks without a letter
		return i
	}
	d.Lower, d.Folded = low, folded
	if capitals >= 2 && capitals == latin+cyr {
		flags |= Upper
	}
	script := Other
	switch {
	case latin == 0 && cyr > 0:
		script = Cyrillic
	case cyr == 0 && latin > 0:
		script = Latin
	case latin > 0 && cyr > 0:
		script, flags = d.unmix(start, i, first, from, latin, cyr, flags)
	}
	if script == Latin && len(folded)-from == 2 && folded[from] == 'x' && folded[from+1] == 'd' {
		d.Folded = append(d.Folded[:from], ":D"...)
		d.add(Emoji, start, i, first, from, flags, Other)
		return i
	}
	d.add(Word, start, i, first, from, flags, script)
	return i
}

// stretch gives an elongated letter its second one back where the usual spelling has two.
func (d *Document) stretch(low, folded []byte, last, next rune) ([]byte, []byte) {
	switch {
	case last == 'o' && next > 'a' && next <= 'z' && next != 'e' && next != 'i' && next != 'o' && next != 'u',
		last == 's' && next == 0:
		return append(low, byte(last)), append(folded, byte(last))
	case last == 0xd181 && next == 0: // с
		return append(low, 0xd1, 0x81), append(folded, 0xd1, 0x81)
	}
	return low, folded
}

// combine adds a combining mark to the letter before it. A mark that composes with nothing (a stress mark) is left out.
func combine(low, folded []byte, first, from int, mark rune) ([]byte, []byte) {
	if len(low) == first || len(folded) == from {
		return low, folded
	}
	base, n := utf8.DecodeLastRune(low[first:])
	r, ok := composed[[2]rune{base, mark}]
	if !ok {
		return low, folded
	}
	_, m := utf8.DecodeLastRune(folded[from:])
	low = utf8.AppendRune(low[:len(low)-n], r)
	f := fold(r)
	if f == r {
		f = bare(r)
	}
	return low, utf8.AppendRune(folded[:len(folded)-m], f)
}

// lettered says whether a plain or Cyrillic letter stands at i.
func lettered(s string, i int) bool {
	return i < len(s) && (bytesOf[s[i]] == letter || bytesOf[s[i]] == cyrillic)
}

// unmix writes a word of two alphabets in one of them, if the letters of the other look like letters of it: in Cyrillic if that can be,
// since who types both types Cyrillic.
func (d *Document) unmix(start, end, first, from, latin, cyr int, flags Flags) (Script, Flags) {
	s := d.Source
	to := Cyrillic
	if !passes(s[start:end], Cyrillic) {
		if to = Latin; !passes(s[start:end], Latin) {
			if cyr >= latin {
				to = Cyrillic
			}
			return to, flags | Blended
		}
	}
	d.Lower, d.Folded = d.Lower[:first], d.Folded[:from]
	var last rune
	run := 0
	for i := start; i < end; {
		r, n := utf8.DecodeRuneInString(s[i:])
		i += n
		if stranger(r, to) {
			r = alike(r, to)
		}
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '\'' || r == utf8.RuneError {
			continue
		}
		r = native(unicode.ToLower(r))
		if r != last {
			last, run = r, 1
		} else if run++; run >= 3 {
			continue
		}
		d.Lower = utf8.AppendRune(d.Lower, r)
		if to == Latin {
			d.Folded = utf8.AppendRune(d.Folded, bare(r))
		} else {
			d.Folded = utf8.AppendRune(d.Folded, fold(r))
		}
	}
	return to, flags
}

// passes says whether every letter of a word is of an alphabet or looks so.
func passes(word string, to Script) bool {
	for _, r := range word {
		if stranger(r, to) && alike(r, to) == 0 {
			return false
		}
	}
	return true
}

// stranger says whether a letter is of the other of the two alphabets.
func stranger(r rune, to Script) bool {
	if to == Latin {
		return unicode.Is(unicode.Cyrillic, r)
	}
	return unicode.IsLetter(r) && !unicode.Is(unicode.Cyrillic, r)
}
