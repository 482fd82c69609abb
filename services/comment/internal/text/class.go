package text

import (
	"unicode"
	"unicode/utf8"
)

// class sorts the first bytes, and the characters, of a text.
type class uint8

const (
	other    class = iota // needs a closer look
	blank                 // separates tokens
	newline               // separates lines
	nothing               // is not seen and separates nothing: zero width, direction marks
	letter                // begins or continues a word
	cyrillic              // first byte of a Cyrillic letter of two bytes
	digit                 //
	picture               // emoji
)

// bytesOf sorts the bytes that a token can begin with.
var bytesOf = func() (t [256]class) {
	for c := range 0x20 {
		t[c] = blank
	}
	t[' '], t[0x7f] = blank, blank
	t['\n'], t['\r'], t['\v'], t['\f'] = newline, newline, newline, newline
	for c := 'a'; c <= 'z'; c++ {
		t[c], t[c-'a'+'A'] = letter, letter
	}
	for c := '0'; c <= '9'; c++ {
		t[c] = digit
	}
	for c := 0xd0; c <= 0xd3; c++ {
		t[c] = cyrillic
	}
	return t
}()

// sort says how a character is treated.
func sort(r rune) class {
	switch {
	case r == utf8.RuneError, r < 0x20, r >= 0x7f && r < 0xa0:
		if r == '\n' || r == '\r' || r == '\v' || r == '\f' || r == 0x85 {
			return newline
		}
		return blank
	case r < utf8.RuneSelf:
		if k := bytesOf[r]; k != other {
			return k
		}
		return other
	case unseen(r):
		return nothing
	case pictured(r):
		return picture
	case r == 0x2028 || r == 0x2029:
		return newline
	case unicode.IsSpace(r):
		return blank
	case unicode.IsLetter(r):
		return letter
	case unicode.IsMark(r):
		return nothing
	case unicode.IsDigit(r):
		return digit
	}
	return other
}

// unseen tells the characters of no width, among them those that turn the direction of writing.
func unseen(r rune) bool {
	switch {
	case r == 0xad, r == 0x34f, r == 0x61c, r == 0x115f, r == 0x1160, r == 0x17b4, r == 0x17b5, r == 0x180e, r == 0x3164, r == 0xfeff, r == 0xffa0:
		return true
	case r >= 0x200b && r <= 0x200f, r >= 0x202a && r <= 0x202e, r >= 0x2060 && r <= 0x206f:
		return true
	case r >= 0xfe00 && r <= 0xfe0f, r >= 0xe0000 && r <= 0xe0fff, r >= 0xfff0 && r <= 0xfffb:
		return true
	}
	return false
}
