package redaction

import "unicode/utf8"

// gap is what stands between two groups of digits.
type gap uint8

// Gaps.
const (
	none  gap = iota
	space     // one space or two
	dash      // with spaces around or without
	point
	bracket // with a space or a dash or without
)

// Limits of what is read as one number: what is longer is none.
const (
	mostGroups = 10
	mostDigits = 30
)

// group is a run of digits.
type group struct {
	start, end int32
	before     gap
}

// chain is a row of groups of digits with gaps that can stand within a number.
type chain struct {
	groups [mostGroups]group
	n      int
	plus   bool
	start  int32 // of the plus or the bracket before the first group, if there is one
	digits [mostGroups * mostDigits]byte
	upto   [mostGroups + 1]int // digits before each group
}

// size is the number of digits of the groups before b.
func (c *chain) size(b int) int { return c.upto[b] }

// text is the digits of the groups before b.
func (c *chain) text(b int) []byte { return c.digits[:c.upto[b]] }

// end is where the group before b ends.
func (c *chain) end(b int) int32 { return c.groups[b-1].end }

// laid says whether the groups before b have these lengths.
func (c *chain) laid(b int, lengths ...int) bool {
	if b != len(lengths) {
		return false
	}
	for k, n := range lengths {
		if c.upto[k+1]-c.upto[k] != n {
			return false
		}
	}
	return true
}

// gaps says whether all gaps of the groups before b are of these.
func (c *chain) gaps(b int, of ...gap) bool {
next:
	for _, g := range c.groups[1:b] {
		for _, o := range of {
			if g.before == o {
				continue next
			}
		}
		return false
	}
	return true
}

// read reads the groups from the digit at i on. It returns false where a run is too long to be a number of anybody; end is then
// where the run ends.
func (c *chain) read(s string, i int32) (end int32, ok bool) {
	c.n, c.plus, c.start, c.upto[0] = 0, false, i, 0
	before := none
	for c.n < mostGroups {
		start := i
		for int(i) < len(s) && isDigit(s[i]) {
			i++
		}
		if i-start > mostDigits {
			if c.n == 0 {
				return i, false
			}
			break
		}
		c.groups[c.n] = group{start, i, before}
		c.upto[c.n+1] = c.upto[c.n] + copy(c.digits[c.upto[c.n]:], s[start:i])
		c.n++
		end = i
		if i, before = skip(s, i); before == none {
			break
		}
	}
	return end, true
}

// skip reads the gap at i; it is none if what follows is no digit.
func skip(s string, i int32) (int32, gap) {
	g := none
	for k := 0; k < 4 && int(i) < len(s); k++ {
		c := s[i]
		if isDigit(c) {
			return i, g
		}
		if c < utf8.RuneSelf {
			switch c {
			case ' ', '\t':
				g = max(g, space)
			case '-':
				if g == dash || g == point {
					return i, none
				}
				g = max(g, dash)
			case '.':
				if g != none {
					return i, none
				}
				g = point
			case '(', ')':
				if g == point {
					return i, none
				}
				g = bracket
			default:
				return i, none
			}
			if g == point && (int(i)+1 >= len(s) || !isDigit(s[i+1])) {
				return i, none
			}
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == 0xa0 || r >= 0x2000 && r <= 0x200d || r == 0x202f || r == 0x2060 || r == 0xfeff:
			g = max(g, space)
		case r >= 0x2010 && r <= 0x2015 || r == 0x2212:
			g = max(g, dash)
		default:
			return i, none
		}
		i += int32(n)
	}
	if int(i) < len(s) && isDigit(s[i]) {
		return i, g
	}
	return i, none
}
