// Package csv writes a report for programs: one table of the same columns whatever the report, with a row for each number, text and time of it.
package csv

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/otklik/otklik/libs/sheet"
	"github.com/otklik/otklik/services/reporting/internal/chart"
	"github.com/otklik/otklik/services/reporting/internal/document"
	"github.com/otklik/otklik/services/reporting/internal/notation"
)

// Columns are the columns of every report; docs/reporting.md says what each holds.
var columns = []string{
	"section", "kind", "block", "row", "label", "column", "value", "unit", "currency", "n", "low", "high", "level", "p", "definition", "text", "time", "mark", "uncertain", "link", "absent",
}

// record is a row before it is written. Numbers are written with a point and all their digits.
type record struct {
	section, kind, block string
	row                  int
	label, column        string
	number               document.Number
	text, time, mark     string
	uncertain            bool
	link, absent         string
}

// Render writes d. Texts that a spreadsheet would take for a formula begin with an apostrophe. It fails where w does.
func Render(w io.Writer, d document.Document) error {
	t := &table{out: csv.NewWriter(w), zone: d.Period.Zone, Notation: notation.For(d.Language)}
	t.out.UseCRLF = true
	t.strings(columns)
	t.document(d)
	for _, s := range d.Sections {
		t.section(s)
	}
	t.out.Flush()
	if err := t.out.Error(); err != nil {
		return fmt.Errorf("write CSV: %w", err)
	}
	return nil
}

type table struct {
	notation.Notation
	out  *csv.Writer
	zone *time.Location
}

// strings writes a row; the writer keeps its first error for the end.
func (t *table) strings(cells []string) {
	_ = t.out.Write(cells)
}

// document writes what holds for the whole report.
func (t *table) document(d document.Document) {
	add := func(column, text, at string) {
		if text != "" || at != "" {
			t.write(record{kind: "document", column: column, text: text, time: at})
		}
	}
	add("title", d.Title, "")
	add("subtitle", d.Subtitle, "")
	add("organization", d.Organization, "")
	add("language", d.Language, "")
	add("period_start", "", t.stamp(d.Period.Start))
	add("period_end", "", t.stamp(d.Period.End))
	add("watermark", "", t.stamp(d.Watermark))
	add("fingerprint", d.Fingerprint, "")
	add("filter", d.Filter, "")
	add("scope", d.Scope, "")
	t.notes("", d.Notes)
}

func (t *table) notes(section string, notes []string) {
	for i, note := range notes {
		t.write(record{section: section, kind: "note", row: i + 1, text: note})
	}
}

func (t *table) section(s document.Section) {
	t.write(record{section: s.ID, kind: "section", label: s.Title})
	for i, b := range s.Blocks {
		place := strconv.Itoa(i + 1)
		switch {
		case b.Text != "":
			t.write(record{section: s.ID, kind: "text", block: place, text: b.Text})
		case len(b.Figures) > 0:
			t.figures(s.ID, place, b.Figures)
		case b.Table != nil:
			t.rows(s.ID, "table", or(b.Table.ID, place), *b.Table)
		case b.Chart != nil:
			t.rows(s.ID, "chart", or(b.Chart.ID, place), chart.Numbers(*b.Chart, t.Notation))
		case b.Absent != "":
			t.write(record{section: s.ID, kind: "absent", block: place, absent: b.Absent})
		}
	}
	t.notes(s.ID, s.Notes)
}

func (t *table) figures(section, block string, figures []document.Figure) {
	for i, f := range figures {
		r := record{section: section, kind: "figure", block: block, row: i + 1, label: f.Label, column: "value", number: f.Number, mark: mark(f.Mark), uncertain: f.Uncertain, text: f.Note}
		t.write(r)
		if f.Change != nil {
			t.write(record{section: section, kind: "figure", block: block, row: i + 1, label: f.Label, column: "change", number: *f.Change})
		}
	}
}

// rows writes each cell of a table as a row, with the first text of its row as its label.
func (t *table) rows(section, kind, block string, x document.Table) {
	for i, row := range x.Rows {
		label := ""
		for k, cell := range row {
			if k < len(x.Columns) && x.Columns[k].Kind == document.TextColumn && cell.Text != "" {
				label = cell.Text
				break
			}
		}
		for k, cell := range row {
			if k >= len(x.Columns) {
				break
			}
			if r, ok := t.cell(x.Columns[k].Kind, cell); ok {
				r.section, r.kind, r.block, r.row, r.label, r.column = section, kind, block, i+1, label, or(x.Columns[k].ID, strconv.Itoa(k+1))
				t.write(r)
			}
		}
	}
	if x.Note != "" {
		t.write(record{section: section, kind: "note", block: block, text: x.Note})
	}
	if x.Total > len(x.Rows) {
		t.write(record{section: section, kind: kind, block: block, column: "total_rows", text: strconv.Itoa(x.Total)})
	}
}

// cell is what is written of a cell; an empty one is not.
func (t *table) cell(kind document.ColumnKind, c document.Cell) (record, bool) {
	r := record{link: c.Link}
	switch kind {
	case document.NumberColumn:
		if c.Number == nil {
			return r, c.Link != ""
		}
		r.number = *c.Number
		return r, true
	case document.TimeColumn:
		switch {
		case c.Time == nil:
		case c.DayOnly:
			r.time = c.Time.Format(time.DateOnly)
		default:
			r.time = t.stamp(*c.Time)
		}
		return r, r.time != "" || c.Link != ""
	case document.MarkColumn:
		r.mark, r.uncertain = mark(c.Mark), c.Uncertain
		return r, r.mark != "" || c.Link != ""
	default:
		r.text = c.Text
		return r, c.Text != "" || c.Link != ""
	}
}

func (t *table) stamp(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return notation.In(at, t.zone).Format(time.RFC3339)
}

func (t *table) write(r record) {
	x := r.number
	row, count, unit := "", "", ""
	if r.row > 0 {
		row = strconv.Itoa(r.row)
	}
	if x.N != nil {
		count = strconv.FormatInt(*x.N, 10)
	}
	if notation.Known(x.Value) {
		unit = [...]string{document.Plain: "", document.Count: "count", document.Percent: "percent", document.Points: "points", document.Money: "money", document.Seconds: "seconds"}[x.Unit]
	}
	level := ""
	if notation.Known(x.Low) && notation.Known(x.High) && x.Level > 0 {
		level = exact(&x.Level)
	}
	uncertain := ""
	if r.uncertain {
		uncertain = "true"
	}
	t.strings([]string{
		plain(r.section), r.kind, plain(r.block), row, plain(r.label), plain(r.column), exact(x.Value), unit, plain(x.Currency), count, exact(x.Low), exact(x.High), level, exact(x.P),
		plain(x.Definition), plain(r.text), r.time, r.mark, uncertain, plain(r.link), plain(or(r.absent, x.Absent)),
	})
}

// exact writes a number so that it can be read back as it was.
func exact(v *float64) string {
	if !notation.Known(v) {
		return ""
	}
	return strconv.FormatFloat(*v, 'g', -1, 64)
}

func mark(m document.Mark) string {
	switch m {
	case document.Red:
		return "red"
	case document.Amber:
		return "amber"
	case document.Green:
		return "green"
	default:
		return ""
	}
}

// plain is text that no spreadsheet takes for a formula.
func plain(text string) string {
	return sheet.Defuse(strings.ToValidUTF8(text, "\ufffd"))
}

func or(text, other string) string {
	if text != "" {
		return text
	}
	return other
}
