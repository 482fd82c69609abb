// Package money reads and writes amounts of money: in minor units of a currency, such as cents, and in major ones, exactly.
package money

import (
	"errors"
	"math"
	"strconv"
	"strings"

	"golang.org/x/text/currency"
)

// Most is the greatest amount that is read, in minor units: sums of nearly a million of such fit into 64 bits.
const Most = 10_000_000_000_000

// The errors of Parse.
var (
	// ErrMalformed tells that a text is no amount.
	ErrMalformed = errors.New("no amount")
	// ErrDigits tells that an amount is finer than the currency's minor unit.
	ErrDigits = errors.New("finer than the minor unit")
	// ErrRange tells that an amount is greater than Most.
	ErrRange = errors.New("amount out of range")
)

// usualDigits is how many digits the minor unit of most currencies has.
const usualDigits = 2

// unusualDigits are the currencies whose minor unit has another number of digits (ISO 4217:2015, List One). The tables of CLDR, which libraries hold, say how
// amounts are commonly shown; they leave out minor units that nobody uses in cash.
var unusualDigits = map[string]int{ //nolint:gochecknoglobals // a table
	"BIF": 0, "CLP": 0, "DJF": 0, "GNF": 0, "ISK": 0, "JPY": 0, "KMF": 0, "KRW": 0, "PYG": 0, "RWF": 0, "UGX": 0, "UYI": 0, "VND": 0, "VUV": 0, "XAF": 0,
	"XOF": 0, "XPF": 0,
	"BHD": 3, "IQD": 3, "JOD": 3, "KWD": 3, "LYD": 3, "OMR": 3, "TND": 3,
	"CLF": 4, "UYW": 4,
}

// Known tells whether a code is one of ISO 4217, in capital letters.
func Known(code string) bool {
	if len(code) != 3 || strings.ToUpper(code) != code {
		return false
	}
	_, err := currency.ParseISO(code)
	return err == nil
}

// Digits is how many digits of an amount are of the minor unit: 2 where a unit has a hundred of them.
func Digits(code string) int {
	if n, ok := unusualDigits[code]; ok {
		return n
	}
	return usualDigits
}

// Parse reads an amount of a currency in major units, such as -12.50, and returns it in minor units, exactly. The decimal mark is a point or a comma;
// spaces between groups of digits are passed over. Errors: ErrMalformed, ErrDigits, ErrRange.
func Parse(text, code string) (int64, error) {
	rest := strings.TrimSpace(text)
	negative := false
	for _, minus := range []string{"-", "−"} {
		if cut, ok := strings.CutPrefix(rest, minus); ok {
			rest, negative = cut, true
			break
		}
	}
	whole, part, marked := strings.Cut(strings.Replace(rest, ",", ".", 1), ".")
	whole = strings.NewReplacer(" ", "", "\u00a0", "", "\u202f", "").Replace(whole)
	if whole == "" || marked && part == "" || !allDigits(whole+part) {
		return 0, ErrMalformed
	}
	digits := Digits(code)
	if len(strings.TrimRight(part, "0")) > digits {
		return 0, ErrDigits
	}
	part = part[:min(len(part), digits)]
	var n int64
	for _, d := range whole + part + strings.Repeat("0", digits-len(part)) {
		if n = n*10 + int64(d-'0'); n > Most {
			return 0, ErrRange
		}
	}
	if negative {
		n = -n
	}
	return n, nil
}

// Format writes an amount of minor units in major units, such as -12.50.
func Format(minor float64, code string) string {
	digits := Digits(code)
	return strconv.FormatFloat(minor/math.Pow10(digits), 'f', digits, 64)
}

func allDigits(s string) bool {
	for _, r := range s {
		if r < '0' || r > '9' {
			return false
		}
	}
	return true
}
