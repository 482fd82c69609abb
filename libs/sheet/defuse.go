package sheet

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// starters are the characters with which spreadsheets begin formulas, the wide forms of East Asian keyboards included.
const starters = "=+-@\t\r＝＋－＠"

// Defuse puts an apostrophe before a text that a spreadsheet would take for a formula, also where blanks stand before it. Numbers stay as
// they are.
func Defuse(s string) string {
	trimmed := strings.TrimLeftFunc(s, passedOver)
	first, size := utf8.DecodeRuneInString(trimmed)
	if size == 0 || !strings.ContainsRune(starters, first) {
		return s
	}
	if isDecimal(s) {
		return s
	}
	return "'" + s
}

// passedOver tells whether a spreadsheet may pass a character over in search of the begin of a formula: blanks, control characters and those
// without a width, but for the starters among them.
func passedOver(r rune) bool {
	return !strings.ContainsRune(starters, r) && (unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r))
}

// isDecimal is stricter than ParseFloat, which also takes hexadecimal numbers and infinities.
func isDecimal(s string) bool {
	if strings.Trim(s, "+-.0123456789") != "" {
		return false
	}
	_, err := strconv.ParseFloat(s, 64)
	return err == nil
}
