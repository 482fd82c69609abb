package questionnaire

import (
	"fmt"
	"math"
	"time"
)

const (
	// MaxNumber is the greatest magnitude of a number.
	MaxNumber = 1e12
	// maxDecimals is the most digits behind the point of a number: with them, and MaxNumber, a number is still written exactly.
	maxDecimals = 6
)

// number checks the bounds of a number.
func (c *checker) number(path string, q *Question) {
	if q.Unit != nil {
		c.text(path+".unit", q.Unit)
	}
	if q.Decimals < 0 || q.Decimals > maxDecimals {
		c.v.Add(path+".decimals", ReasonDecimalsRange, fmt.Sprintf("%d is not within 0 to %d", q.Decimals, maxDecimals))
		return
	}
	for _, end := range []struct {
		field string
		value *float64
	}{{path + ".min", q.Least}, {path + ".max", q.Greatest}} {
		if end.value == nil {
			continue
		}
		if !(math.Abs(*end.value) <= MaxNumber) {
			c.v.Add(end.field, ReasonNumberRange, fmt.Sprintf("%s is not within ±%s", formatValue(*end.value), formatValue(MaxNumber)))
		} else if !hasDecimals(*end.value, q.Decimals) {
			c.v.Add(end.field, ReasonNumberPrecision, fmt.Sprintf("%s has more than %d digits behind the point", formatValue(*end.value), q.Decimals))
		}
	}
	if q.Least != nil && q.Greatest != nil && !(*q.Least < *q.Greatest) {
		c.v.Add(path, ReasonNumberRange, fmt.Sprintf("min %s must be less than max %s", formatValue(*q.Least), formatValue(*q.Greatest)))
	}
}

// hasDecimals tells whether a number has at most so many digits behind the point, but for the rounding of floats.
func hasDecimals(v float64, decimals int) bool {
	scaled := v * math.Pow10(decimals)
	return math.Abs(scaled-math.Round(scaled)) <= max(tolerance, math.Abs(scaled)*1e-15)
}

// dates checks the bounds of a day.
func (c *checker) dates(path string, q *Question) {
	sound := true
	for _, end := range []struct{ field, value string }{{path + ".earliest", q.Earliest}, {path + ".latest", q.Latest}} {
		if end.value != "" && !isDay(end.value) {
			sound = false
			c.v.Add(end.field, ReasonDateInvalid, fmt.Sprintf("%q is no day of the calendar; write it as 2026-03-31", excerpt(end.value)))
		}
	}
	if sound && q.Earliest != "" && q.Latest != "" && q.Earliest > q.Latest {
		c.v.Add(path, ReasonDateRange, fmt.Sprintf("the first day %s lies behind the last one, %s", q.Earliest, q.Latest))
	}
}

func isDay(s string) bool {
	_, err := time.Parse(time.DateOnly, s)
	return err == nil
}

// checkNumber checks a number against its question.
func (q *question) checkNumber(v *Violations, a *Answer, base string, i int) {
	field := path(base, i, ".number")
	switch {
	case !(math.Abs(a.Number) <= MaxNumber) || q.least != nil && a.Number < *q.least || q.greatest != nil && a.Number > *q.greatest:
		v.Add(field, ReasonNumberOutOfRange, fmt.Sprintf("question %q: %s is not within %s", q.id, formatValue(a.Number), q.bounds()))
	case !hasDecimals(a.Number, q.decimals):
		v.Add(field, ReasonNumberPrecision, fmt.Sprintf("question %q: %s has more than %d digits behind the point", q.id, formatValue(a.Number), q.decimals))
	}
}

// bounds are those of a number in words.
func (q *question) bounds() string {
	least, greatest := -MaxNumber, MaxNumber
	if q.least != nil {
		least = *q.least
	}
	if q.greatest != nil {
		greatest = *q.greatest
	}
	return formatValue(least) + " to " + formatValue(greatest)
}

// checkDate checks a day against its question.
func (q *question) checkDate(v *Violations, a *Answer, base string, i int) {
	field := path(base, i, ".date")
	switch {
	case !isDay(a.Date):
		v.Add(field, ReasonDateInvalid, fmt.Sprintf("question %q: %q is no day of the calendar; send it as 2026-03-31", q.id, excerpt(a.Date)))
	case q.earliest != "" && a.Date < q.earliest:
		v.Add(field, ReasonDateOutOfRange, fmt.Sprintf("question %q: %s lies before %s", q.id, a.Date, q.earliest))
	case q.latest != "" && a.Date > q.latest:
		v.Add(field, ReasonDateOutOfRange, fmt.Sprintf("question %q: %s lies after %s", q.id, a.Date, q.latest))
	}
}
