package importer

import (
	"math"
	"strings"
)

// centi is a value of a scale in hundredths, exact where a float is not.
type centi int64

// maxCentiDigits bounds the digits before the point; scales end at 1,000.
const maxCentiDigits = 9

func (c centi) float() float64 { return float64(c) / 100 }

// toCenti converts a value of a proto; values are multiples of 0.01 by contract.
func toCenti(v float64) centi { return centi(math.Round(v * 100)) }

// parseCenti reads a decimal number that is a multiple of 0.01, with the decimal separator given; no exponent, no thousands. False when
// the text is something else.
func parseCenti(s string, separator byte) (centi, bool) {
	negative := false
	switch {
	case strings.HasPrefix(s, "-"):
		negative, s = true, s[1:]
	case strings.HasPrefix(s, "+"):
		s = s[1:]
	}
	whole, fraction, hasPoint := strings.Cut(s, string(rune(separator)))
	if whole == "" || (hasPoint && fraction == "") {
		return 0, false
	}
	var v int64
	digits := 0
	for i := 0; i < len(whole); i++ {
		if whole[i] < '0' || whole[i] > '9' {
			return 0, false
		}
		if digits > 0 || whole[i] != '0' {
			digits++
		}
		if digits > maxCentiDigits {
			return 0, false
		}
		v = v*10 + int64(whole[i]-'0')
	}
	for i := 0; i < 2; i++ {
		v *= 10
		if i < len(fraction) {
			if fraction[i] < '0' || fraction[i] > '9' {
				return 0, false
			}
			v += int64(fraction[i] - '0')
		}
	}
	if len(fraction) > 2 && strings.Trim(fraction[2:], "0") != "" {
		return 0, false
	}
	if negative {
		v = -v
	}
	return centi(v), true
}

// valueRange is a scale in hundredths.
type valueRange struct{ min, max, step centi }

func (r valueRange) holds(v centi) bool {
	return v >= r.min && v <= r.max && (v-r.min)%r.step == 0
}
