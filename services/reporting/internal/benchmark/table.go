package benchmark

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/otklik/otklik/libs/sheet"
	"github.com/otklik/otklik/services/reporting/internal/operation"
)

// Columns are the fields that rows of a table have.
func Columns() []sheet.Column {
	return []sheet.Column{
		{Field: "id"}, {Field: "series", Required: true}, {Field: "subject", Required: true}, {Field: "metric", Required: true}, {Field: "start_date", Required: true},
		{Field: "end_date"}, {Field: "last_date"}, {Field: "value", Required: true}, {Field: "n"}, {Field: "standard_error", Alias: "se"}, {Field: "scale_min"},
		{Field: "scale_max"}, {Field: "source", Required: true},
	}
}

// reading reads a row.
type reading struct {
	row operation.Row
	checks
}

// Read reads a value of a row, with what is wrong with what the row says.
func Read(row operation.Row) (Value, []operation.Problem) {
	r := reading{row: row}
	out := Value{ID: r.text("id"), Series: r.text("series"), Subject: r.text("subject"), Source: r.text("source")}
	word := strings.ToLower(r.text("metric"))
	if out.Metric = Metric(slices.Index(metricNames[:], word) + 1); out.Metric == 0 { //nolint:gosec // there are four
		r.add("metric", operation.Malformed, "must be %s", strings.Join(metricNames[:], ", "))
	}
	out.First = r.day("start_date")
	switch end, last := r.text("end_date"), r.text("last_date"); {
	case end != "" && last != "":
		r.add("last_date", operation.Contradictory, "leave it or end_date out: one says when the period ends")
	case last != "":
		out.Last = r.day("last_date")
	case end != "":
		out.Last = r.day("end_date") - 1
	default:
		r.add("end_date", operation.Missing, "must be given, the first day after the period; or last_date, the last of it")
	}
	if value := r.number("value"); value != nil {
		out.Value = *value
	} else {
		r.add("value", operation.Missing, "must be given")
	}
	out.SE, out.ScaleMin, out.ScaleMax = r.number("standard_error"), r.number("scale_min"), r.number("scale_max")
	if n := r.number("n"); n != nil {
		whole := int64(*n)
		if out.N = &whole; float64(whole) != *n {
			r.add("n", operation.Malformed, "must be a whole number")
		}
	}
	return out, r.found
}

func (r *reading) text(field string) string { return strings.TrimSpace(r.row(field)) }

// day reads a day, with or without a time of midnight, as workbooks have it.
func (r *reading) day(field string) operation.Day {
	t, ok := sheet.ParseTime(r.text(field), time.UTC)
	if !ok {
		r.add(field, operation.Malformed, "must be a day such as 2026-03-31")
	}
	return operation.DayOf(t)
}

// number reads a number with a decimal point or a comma, and perhaps a percent sign; nil where there is none.
func (r *reading) number(field string) *float64 {
	text := strings.ReplaceAll(strings.ReplaceAll(strings.TrimSuffix(r.text(field), "%"), " ", ""), ",", ".")
	if text == "" {
		return nil
	}
	x, err := strconv.ParseFloat(text, 64)
	if err != nil {
		r.add(field, operation.Malformed, "must be a number")
	}
	return &x
}
