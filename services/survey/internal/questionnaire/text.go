package questionnaire

import (
	"strings"
	"unicode/utf8"
)

// HasControl tells whether a text holds a control character (U+0000 to U+001F, U+007F). With lines, tab and line breaks are allowed: that is
// the rule for texts that people write; identifiers take none. Such characters come from broken devices and break every reader downstream.
func HasControl(s string, lines bool) bool {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= 0x20 && c != 0x7f {
			continue
		}
		if lines && (c == '\t' || c == '\n' || c == '\r') {
			continue
		}
		return true
	}
	return false
}

// longer tells whether s has more than limit characters. Bytes are counted first: most texts are far below any limit.
func longer(s string, limit int) bool {
	return len(s) > limit && utf8.RuneCountInString(s) > limit
}

func blank(s string) bool { return strings.TrimSpace(s) == "" }

// excerptLength is how much of a client's own text an error repeats, in characters.
const excerptLength = 64

// excerpt shortens a client's text for a message.
func excerpt(s string) string {
	if !longer(s, excerptLength) {
		return s
	}
	n := 0
	for i := range s {
		if n == excerptLength {
			return s[:i] + "…"
		}
		n++
	}
	return s
}

func lengthOr(n, fallback int) int {
	if n == 0 {
		return fallback
	}
	return n
}
