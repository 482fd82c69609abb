package benchmark

import (
	"fmt"
	"math"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/otklik/otklik/services/reporting/internal/operation"
)

const (
	longestID, longestName, longestSource = 128, 200, 500
	// mostDays is how many days a value is of at most.
	mostDays = 3700
	// mostAnswers is the greatest number of answers.
	mostAnswers = 1_000_000_000
	// mostScale is the greatest distance of an end of a scale from 0.
	mostScale = 1_000_000
)

// Location and Region are the keys by which answers state an own unit.
const (
	Location = "location"
	Region   = "region"
)

// OwnUnit takes apart a subject that is an own unit, `locations/{location}` or `regions/{region}`: the key by which answers state it, and its identifier.
func OwnUnit(subject string) (key, id string, ok bool) {
	for _, key := range []string{Location, Region} {
		if id, ok := strings.CutPrefix(subject, key+"s/"); ok {
			return key, id, true
		}
	}
	return "", "", false
}

// checks gathers problems, one of each field.
type checks struct{ found []operation.Problem }

func (c *checks) add(field string, reason operation.Reason, format string, args ...any) {
	for _, p := range c.found {
		if p.Field == field {
			return
		}
	}
	c.found = append(c.found, operation.Problem{Field: field, Reason: reason, Text: fmt.Sprintf(format, args...)})
}

// text checks a text that may be as long as that.
func (c *checks) text(field, text string, most int, needed bool, why string) {
	switch {
	case needed && strings.TrimSpace(text) == "":
		c.add(field, operation.Missing, "must be given: %s", why)
	case utf8.RuneCountInString(text) > most:
		c.add(field, operation.TooLong, "must have %d characters at most", most)
	case !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl):
		c.add(field, operation.Malformed, "must be UTF-8 without control characters")
	}
}

// Check tells what is wrong with a value by itself.
func (v Value) Check(now time.Time) []operation.Problem {
	var c checks
	c.text("id", v.ID, longestID, false, "")
	if strings.Contains(v.ID, "/") {
		c.add("id", operation.Malformed, "must hold no strokes")
	}
	c.text("series", v.Series, longestName, true, "what the series is called")
	c.text("subject", v.Subject, longestName, true, "who was measured")
	if _, id, own := OwnUnit(v.Subject); own && (id == "" || strings.Contains(id, "/")) {
		c.add("subject", operation.Malformed, "an own unit is named locations/{location} or regions/{region}")
	}
	c.text("source", v.Source, longestSource, true, "who published the number, and where; nobody can check it without")
	if v.Metric < NPS || v.Metric > Mean {
		c.add("metric", operation.Missing, "must be %s", strings.Join(metricNames[:], ", "))
	}
	switch days := int(v.Last-v.First) + 1; {
	case days < 1:
		c.add("end_date", operation.Contradictory, "must lie after start_date")
	case days > mostDays:
		c.add("end_date", operation.OutOfRange, "must lie %d days after start_date at most", mostDays)
	case v.First > operation.DayOf(now)+1:
		c.add("start_date", operation.InFuture, "lies in the future: nobody can have measured it")
	}
	c.number(v)
	if v.N != nil && (*v.N < 1 || *v.N > mostAnswers) {
		c.add("n", operation.OutOfRange, "must lie between 1 and 1,000,000,000; leave it out where it is not known")
	}
	if v.SE != nil && !(*v.SE > 0 && *v.SE < math.MaxFloat32) {
		c.add("standard_error", operation.OutOfRange, "must be above 0; leave it out where it is not known")
	}
	return c.found
}

// number checks the value and the scale that it is on.
func (c *checks) number(v Value) {
	low, high := -float64(hundred), float64(hundred)
	switch {
	case v.Metric == CSAT:
		low = 0
	case v.Metric.scaled() && (v.ScaleMin == nil || v.ScaleMax == nil):
		c.add("scale_min", operation.Missing, "the scale must be stated of a mean, by scale_min and scale_max: 4 of 5 is not 4 of 10")
		return
	case v.Metric.scaled():
		low, high = *v.ScaleMin, *v.ScaleMax
		if !(low < high) || !(math.Abs(low) <= mostScale && math.Abs(high) <= mostScale) {
			c.add("scale_max", operation.OutOfRange, "must be greater than scale_min")
			return
		}
	}
	if !v.Metric.scaled() && (v.ScaleMin != nil || v.ScaleMax != nil) {
		c.add("scale_min", operation.Contradictory, "only a mean has a scale: leave scale_min and scale_max out")
	}
	if !(v.Value >= low && v.Value <= high) {
		c.add("value", operation.OutOfRange, "must lie between %g and %g", low, high)
	}
}
