package redaction

import "unicode/utf8"

// longestDisguise is how many digits of other forms are read as one number.
const longestDisguise = 24

// keycaps are what make a key of the digit before it, with a selector or without.
var keycaps = [...]string{"\ufe0f\u20e3", "\u20e3"}

// digitAt reads a digit in any form: plain, on a key, of full width, mathematical, Arabic. It returns 0 if there is none.
func digitAt(s string, i int32) (digit byte, width int32) {
	if int(i) >= len(s) {
		return 0, 0
	}
	if c := s[i]; c < utf8.RuneSelf {
		if !isDigit(c) {
			return 0, 0
		}
		for _, k := range keycaps {
			if end := int(i) + 1 + len(k); end <= len(s) && s[i+1:end] == k {
				return c, int32(1 + len(k))
			}
		}
		return c, 1
	}
	r, n := utf8.DecodeRuneInString(s[i:])
	for _, zero := range [...]rune{0xff10, 0x660, 0x6f0} {
		if r >= zero && r <= zero+9 {
			return byte('0' + r - zero), int32(n)
		}
	}
	if r >= 0x1d7ce && r <= 0x1d7ff {
		return byte('0' + (r-0x1d7ce)%10), int32(n)
	}
	return 0, 0
}

// masked says whether a digit that is none of the plain ones stands at a place.
func masked(s string, i int32) bool {
	digit, width := digitAt(s, i)
	return digit != 0 && width > 1
}

// disguised looks at a number some of whose digits are not plain, beginning with token i. It is read as if they were.
func (x *scanner) disguised(i int) int {
	var plain [2 * longestDisguise]byte
	var at [2*longestDisguise + 1]int32 // where each stands in the source
	n := 0
	at[0] = x.d.Tokens[i].Start
	for n < len(plain) {
		k := at[n]
		if digit, width := digitAt(x.s, k); width > 0 {
			plain[n] = digit
			at[n+1] = k + width
			n++
			continue
		}
		if int(k) >= len(x.s) || n == 0 {
			break
		}
		if _, width := digitAt(x.s, k+1); width == 0 || x.s[k] != ' ' && x.s[k] != '-' && x.s[k] != '(' && x.s[k] != ')' {
			break
		}
		plain[n] = x.s[k]
		at[n+1] = k + 1
		n++
	}
	if n < fewest {
		return i + 1
	}
	next := x.past(i+1, at[n])
	var c chain
	if _, ok := c.read(string(plain[:n]), 0); !ok || c.upto[c.n] < fewest {
		return next
	}
	for k := range c.groups[:c.n] {
		g := &c.groups[k]
		g.start, g.end = at[g.start], at[g.end]
	}
	c.start = at[0]
	x.prefix(&c)
	if wide := "＋"; !c.plus && int(c.start) >= len(wide) && x.s[c.start-int32(len(wide)):c.start] == wide {
		c.start, c.plus = c.start-int32(len(wide)), true
	}
	if c.plus {
		if b := international(&c); b > 0 {
			return x.taken(i, Phone, c.start, c.end(b))
		}
		return next
	}
	if kind, b := x.judge(i, &c); b > 0 {
		return x.taken(i, kind, c.groups[0].start, c.end(b))
	}
	return next
}
