package operation

import (
	"math"
	"unicode/utf8"

	"github.com/otklik/otklik/libs/money"
)

// Reason is why a record is refused.
type Reason string

// The reasons.
const (
	Missing         Reason = "MISSING"
	TooLong         Reason = "TOO_LONG"
	Malformed       Reason = "MALFORMED"
	Negative        Reason = "NEGATIVE"
	OutOfRange      Reason = "OUT_OF_RANGE"
	InFuture        Reason = "IN_FUTURE"
	Contradictory   Reason = "CONTRADICTORY"
	ZoneMissing     Reason = "TIME_ZONE_MISSING"
	SpansDays       Reason = "SPANS_DAYS"
	UnknownCurrency Reason = "CURRENCY_UNKNOWN"
	TooManyDigits   Reason = "TOO_MANY_DIGITS"
	Repeated        Reason = "REPEATED"
	Inconsistent    Reason = "IDENTITY_VIOLATED"
	UnknownLocation Reason = "LOCATION_UNKNOWN"
	UnknownEmployee Reason = "EMPLOYEE_UNKNOWN"
	BeforeOpening   Reason = "BEFORE_OPENING"
	Overlapping     Reason = "OVERLAPPING"
	CountedTwice    Reason = "COUNTED_TWICE"
)

// Problem is what is wrong with a record.
type Problem struct {
	// Field is the field's name in tables.
	Field  string
	Reason Reason
	// Text says what is wrong, and what to do.
	Text string
}

// checks gathers problems, one of each field.
type checks struct{ found []Problem }

func (c *checks) add(field string, reason Reason, text string) {
	for _, p := range c.found {
		if p.Field == field {
			return
		}
	}
	c.found = append(c.found, Problem{Field: field, Reason: reason, Text: text})
}

const (
	// longest is the greatest length of identifiers, longestText that of descriptions, in characters.
	longest     = 128
	longestText = 500
	// mostCounted is the greatest number that is counted.
	mostCounted = 1_000_000_000
)

// identifier checks what may be part of a name.
func (c *checks) identifier(field, id string) {
	switch {
	case utf8.RuneCountInString(id) > longest:
		c.add(field, TooLong, "must have 128 characters at most")
	case !printable(id):
		c.add(field, Malformed, "must hold neither strokes nor control characters")
	}
}

func (c *checks) text(field, text string) {
	switch {
	case utf8.RuneCountInString(text) > longestText:
		c.add(field, TooLong, "must have 500 characters at most")
	case !utf8.ValidString(text):
		c.add(field, Malformed, "must be UTF-8")
	}
}

func (c *checks) count(field string, n int64) {
	switch {
	case n < 0:
		c.add(field, Negative, "must not be negative: correct it, or leave the row out, so that the interval is told as a gap")
	case n > mostCounted:
		c.add(field, OutOfRange, "must be 1,000,000,000 at most")
	}
}

func (c *checks) amount(field string, minor int64, currency string) {
	if minor > money.Most || minor < -money.Most {
		c.add(field, OutOfRange, "must lie between -10,000,000,000,000 and 10,000,000,000,000 minor units")
	}
	if !money.Known(currency) {
		c.add("currency", UnknownCurrency, "must be a code of ISO 4217 in capital letters, such as KGS: in a column of its own, or of the whole import")
	}
}

func (c *checks) quantity(field string, x float64) {
	if math.IsNaN(x) || math.Abs(x) > mostCounted {
		c.add(field, OutOfRange, "must be a number of 1,000,000,000 at most")
	}
}

// printable tells whether a text can be part of a name.
func printable(id string) bool {
	if !utf8.ValidString(id) {
		return false
	}
	for _, r := range id {
		if r == '/' || r < ' ' || r == 0x7f {
			return false
		}
	}
	return true
}
