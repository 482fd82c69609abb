package importer

import (
	"math"
	"strconv"
	"strings"
	"time"

	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

// greatestNumber is the greatest magnitude of an answer to a question of type number.
const greatestNumber = 1e12

// parseNumber reads a decimal number with the separator given, of at most so many digits behind it; no exponent, no thousands. False when the text is something
// else.
func parseNumber(s string, separator byte, decimals int) (float64, bool) {
	digits := strings.TrimLeft(s, "+-")
	whole, fraction, hasPoint := strings.Cut(digits, string(rune(separator)))
	if len(s)-len(digits) > 1 || whole == "" || hasPoint && fraction == "" || strings.Trim(whole+fraction, "0123456789") != "" ||
		len(strings.TrimRight(fraction, "0")) > decimals {
		return 0, false
	}
	v, err := strconv.ParseFloat(strings.TrimSuffix(s[:len(s)-len(digits)]+whole+"."+fraction, "."), 64)
	return v, err == nil && math.Abs(v) <= greatestNumber
}

// convertNumber fills in a number; false when there is none.
func (c *questionConverter) convertNumber(row *Row, index int, rec Record, answer *surveyv1.Answer) bool {
	cell := rec.Cells[c.columns[0]]
	if i, ok := c.missing.find(cell); ok {
		row.missing = append(row.missing, missingHit{index, i})
		return false
	}
	q := c.mapping.Definition.GetNumber()
	v, ok := parseNumber(strings.TrimSpace(cell), c.decimal, int(q.GetDecimals()))
	switch {
	case !ok:
		c.bad(row, 0, cell, ReasonNotANumber, "is not a number with at most "+describe(int(q.GetDecimals()), "digits behind the point"))
		return false
	case q.Min != nil && v < q.GetMin() || q.Max != nil && v > q.GetMax():
		c.bad(row, 0, cell, ReasonOutOfScale, "is not within the bounds of the question")
		return false
	}
	answer.Value = &surveyv1.Answer_Number{Number: v}
	return true
}

// convertDate fills in a day, which cells state as 2026-03-31; false when there is none.
func (c *questionConverter) convertDate(row *Row, index int, rec Record, answer *surveyv1.Answer) bool {
	cell := strings.TrimSpace(rec.Cells[c.columns[0]])
	if i, ok := c.missing.find(cell); ok {
		row.missing = append(row.missing, missingHit{index, i})
		return false
	}
	q := c.mapping.Definition.GetDate()
	if _, err := time.Parse(time.DateOnly, cell); err != nil {
		c.bad(row, 0, cell, ReasonDateInvalid, "is no day such as 2026-03-31")
		return false
	}
	if q.GetEarliest() != "" && cell < q.GetEarliest() || q.GetLatest() != "" && cell > q.GetLatest() {
		c.bad(row, 0, cell, ReasonOutOfScale, "is not within the days of the question")
		return false
	}
	answer.Value = &surveyv1.Answer_Date{Date: cell}
	return true
}
