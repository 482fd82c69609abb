package html

import (
	"fmt"
	"strings"
	"time"

	"github.com/otklik/otklik/services/reporting/internal/chart"
	"github.com/otklik/otklik/services/reporting/internal/document"
	"github.com/otklik/otklik/services/reporting/internal/notation"
)

// table writes a table, whose name those hear who do not see the heading above it.
func (p *page) table(t document.Table, name string) {
	if t.Title != "" {
		p.element("h3", t.Title)
		name = t.Title
	}
	p.raw(`<div class="wide" role="region" tabindex="0" aria-label="` + chart.Escape(name) + `"><table><thead><tr>`)
	for _, c := range t.Columns {
		open := `th scope="col"`
		if c.Kind == document.NumberColumn {
			open += ` class="number"`
		}
		p.raw("<" + open + ">" + chart.Escape(c.Title) + "</th>")
	}
	p.raw("</tr></thead><tbody>\n")
	for _, row := range t.Rows {
		p.raw("<tr>")
		for i, c := range t.Columns {
			var cell document.Cell
			if i < len(row) {
				cell = row[i]
			}
			p.cell(c, cell, i == 0)
		}
		p.raw("</tr>\n")
	}
	p.raw("</tbody></table></div>\n")
	if t.Total > len(t.Rows) {
		p.element(`p class="proof"`, fmt.Sprintf(p.Word(notation.FirstRows), p.Count(int64(len(t.Rows))), p.Count(int64(t.Total))))
	}
	p.element(`p class="proof"`, t.Note)
}

func (p *page) cell(column document.Column, c document.Cell, first bool) {
	open, end := "<td>", "</td>"
	switch {
	case column.Kind == document.NumberColumn:
		open = `<td class="number">`
	case first:
		open, end = `<th scope="row">`, "</th>"
	}
	p.raw(open)
	link := inApp(c.Link)
	if link {
		p.raw(`<a href="` + chart.Escape(c.Link) + `">`)
	}
	p.content(column.Kind, c)
	if link {
		p.raw("</a>")
	}
	p.raw(end)
}

func (p *page) content(kind document.ColumnKind, c document.Cell) {
	switch kind {
	case document.NumberColumn:
		if c.Number == nil {
			return
		}
		p.raw(chart.Escape(p.Number(*c.Number)))
		if proof := p.Evidence(*c.Number); proof != "" {
			p.raw(`<small>` + chart.Escape(proof) + "</small>")
		}
	case document.TimeColumn:
		if c.Time == nil {
			return
		}
		if c.DayOnly {
			p.raw(`<time datetime="` + c.Time.Format(time.DateOnly) + `">` + p.Day(*c.Time) + "</time>")
			return
		}
		at := notation.In(*c.Time, p.document.Period.Zone)
		p.raw(`<time datetime="` + at.Format(time.RFC3339) + `">` + chart.Escape(p.Time(at)) + "</time>")
	case document.MarkColumn:
		p.mark(c.Mark, c.Uncertain)
		p.raw(chart.Escape(p.lightName(c.Mark, c.Uncertain)))
	default:
		p.raw(strings.ReplaceAll(chart.Escape(c.Text), "\n", "<br>"))
	}
}

// inApp tells that a link leads to a page of the web app, and nowhere else.
func inApp(link string) bool {
	return strings.HasPrefix(link, "/") && !strings.HasPrefix(link, "//") && !strings.ContainsAny(link, "\\\r\n\t")
}
