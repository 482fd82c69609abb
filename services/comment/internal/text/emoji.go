package text

import "unicode/utf8"

const (
	joiner   = 0x200d
	selector = 0xfe0f
	enclosed = 0x20e3
)

// pictured tells the characters that are emoji by themselves.
func pictured(r rune) bool {
	switch {
	case r < 0x2300:
		return false
	case r >= 0x1f000 && r <= 0x1faff:
		return true
	case r >= 0x2600 && r <= 0x27bf:
		return r < 0x2768 || r > 0x2775 // ornamental brackets
	case r >= 0x231a && r <= 0x231b, r >= 0x23e9 && r <= 0x23fa, r >= 0x2b05 && r <= 0x2b07, r >= 0x2b1b && r <= 0x2b1c:
		return true
	case r == 0x2328, r == 0x23cf, r == 0x2934, r == 0x2935, r == 0x2b50, r == 0x2b55, r == 0x303d, r == 0x3297, r == 0x3299:
		return true
	}
	return false
}

func regional(r rune) bool { return r >= 0x1f1e6 && r <= 0x1f1ff }

func tone(r rune) bool { return r >= 0x1f3fb && r <= 0x1f3ff }

// emoji reads one emoji: what it begins with, its modifiers, and what joiners add to it; two regional letters are a flag.
func (d *Document) emoji(i int, r rune, n int) int {
	s, start := d.Source, i
	first, from := len(d.Lower), len(d.Folded)
	d.Folded = utf8.AppendRune(d.Folded, r)
	i += n
	if regional(r) {
		if next, m := utf8.DecodeRuneInString(s[i:]); regional(next) {
			d.Folded = utf8.AppendRune(d.Folded, next)
			i += m
		}
	}
	for i < len(s) {
		next, m := utf8.DecodeRuneInString(s[i:])
		switch {
		case next == selector, tone(next):
			i += m
			continue
		case next == enclosed, next >= 0xe0020 && next <= 0xe007f:
			d.Folded = utf8.AppendRune(d.Folded, next)
			i += m
			continue
		case next == joiner:
			after, w := utf8.DecodeRuneInString(s[i+m:])
			if pictured(after) || after == 0x2194 || after == 0x2195 || after == 0x27a1 {
				d.Folded = utf8.AppendRune(d.Folded, next)
				d.Folded = utf8.AppendRune(d.Folded, after)
				i += m + w
				continue
			}
		}
		break
	}
	d.Lower = append(d.Lower, d.Folded[from:]...)
	d.add(Emoji, start, i, first, from, 0, Other)
	return i
}

// keycap says where the keycap ends that begins with a digit, # or * at i; 0 if there is none.
func keycap(s string, i int) int {
	i++
	if i+3 > len(s) || s[i] < utf8.RuneSelf {
		return 0
	}
	r, n := utf8.DecodeRuneInString(s[i:])
	if r == selector {
		i += n
		r, n = utf8.DecodeRuneInString(s[i:])
	}
	if r != enclosed {
		return 0
	}
	return i + n
}
