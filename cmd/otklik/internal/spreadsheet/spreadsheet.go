// Package spreadsheet makes texts safe to open in a spreadsheet.
package spreadsheet

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// starters are the characters with which spreadsheets begin formulas, the wide forms of East Asian keyboards included.
const starters = "=+-@\t\r＝＋－＠"

// Defuse puts an apostrophe before a text that a spreadsheet would take for a formula, also where blanks stand before it. Numbers stay as
// they are.
func Defuse(s string) string {
	trimmed := strings.TrimLeft(s, " \n\u00a0")
	first, size := utf8.DecodeRuneInString(trimmed)
	if size == 0 || !strings.ContainsRune(starters, first) {
		return s
	}
	if isDecimal(s) {
		return s
	}
	return "'" + s
}

// isDecimal is stricter than ParseFloat, which also takes hexadecimal numbers and infinities.
func isDecimal(s string) bool {
	if strings.Trim(s, "+-.0123456789") != "" {
		return false
	}
	_, err := strconv.ParseFloat(s, 64)
	return err == nil
}
