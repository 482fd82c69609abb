package text

import "strings"

// longest is how far a tag or an entity may reach.
const (
	longestTag    = 512
	longestEntity = 10
)

// tag says where the HTML tag or comment ends that begins at i, and whether it divides lines; 0 if there is none.
// A tag holds no second "<", so that a row of them costs no more than its length.
func tag(s string, i int) (end int, block bool) {
	if i+2 >= len(s) {
		return 0, false
	}
	c := s[i+1]
	if c != '/' && c != '!' && bytesOf[c] != letter {
		return 0, false
	}
	limit := min(len(s), i+longestTag)
	for j := i + 2; j < limit; j++ {
		switch s[j] {
		case '<':
			return 0, false
		case '>':
			return j + 1, divides(s[i+1 : j])
		}
	}
	return 0, false
}

// divides tells the tags after which a new line begins.
func divides(t string) bool {
	t = strings.TrimPrefix(t, "/")
	n := 0
	for n < len(t) && (bytesOf[t[n]] == letter || bytesOf[t[n]] == digit) {
		n++
	}
	if n == 0 || n > 3 {
		return false
	}
	switch t[:n] {
	case "br", "p", "li", "ul", "ol", "div", "tr", "td", "hr", "h1", "h2", "h3", "BR", "P", "LI", "DIV":
		return true
	}
	return false
}

// entity decodes the HTML entity at i; n is 0 if there is none.
func entity(s string, i int) (r rune, n int) {
	limit := min(len(s), i+longestEntity)
	end := i + 1
	for end < limit && s[end] != ';' && s[end] != '&' && s[end] != ' ' {
		end++
	}
	if end >= limit || s[end] != ';' || end == i+1 {
		return 0, 0
	}
	name := s[i+1 : end]
	if name[0] == '#' {
		r = reference(name[1:])
	} else {
		r = named(name)
	}
	if r == 0 {
		return 0, 0
	}
	return r, end + 1 - i
}

// reference reads the number of a numeric entity.
func reference(digits string) (r rune) {
	base := rune(10)
	if digits != "" && (digits[0] == 'x' || digits[0] == 'X') {
		base, digits = 16, digits[1:]
	}
	for k := range len(digits) {
		c := rune(digits[k])
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case base == 16 && c >= 'a' && c <= 'f':
			c -= 'a' - 10
		case base == 16 && c >= 'A' && c <= 'F':
			c -= 'A' - 10
		default:
			return 0
		}
		r = r*base + c
		if r > 0x10ffff {
			return 0
		}
	}
	return r
}

func named(name string) rune {
	switch name {
	case "amp":
		return '&'
	case "lt":
		return '<'
	case "gt":
		return '>'
	case "quot":
		return '"'
	case "apos", "rsquo", "lsquo":
		return '\''
	case "nbsp":
		return ' '
	case "laquo":
		return '«'
	case "raquo":
		return '»'
	case "ldquo", "rdquo", "bdquo":
		return '"'
	case "mdash", "ndash":
		return '-'
	case "hellip":
		return '…'
	case "shy":
		return 0xad
	}
	return 0
}
