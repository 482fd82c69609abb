package pdf

import (
	"fmt"

	"github.com/otklik/otklik/services/reporting/internal/chart"
	"github.com/otklik/otklik/services/reporting/internal/document"
	"github.com/otklik/otklik/services/reporting/internal/notation"
	"github.com/otklik/otklik/services/reporting/internal/typeface"
)

// The sizes of tables.
const (
	cellSize, proofSize, headSize = 8.5, 6.8, 8.0
	cellLine, proofLine           = 11.0, 8.6
	cellPad                       = 4.0
	cellAbove                     = 3.0
)

// entry is what stands in a cell: its text, and in small print below what is to be known of a number.
type entry struct {
	text, proof string
	mark        document.Mark
	uncertain   bool
	right       bool
	tone        chart.Tone
}

// grid is a table that is being set.
type grid struct {
	document.Table
	// shared is what all numbers of a column have in common, definition and level of intervals; it is told once in its head.
	shared  []string
	entries [][]entry
}

// table writes a table: its head is repeated on each page, and no row is cut but one that no page can hold. One that is too wide is turned, or set in parts with the
// first column repeated.
func (p *paper) table(t document.Table) {
	g := p.grid(t)
	if turned := g.turned(); turned != (p.wide > p.high) {
		p.page(turned)
	}
	for i, part := range g.parts(841.89 - 2*margin) {
		if i > 0 {
			p.y += 10
		}
		p.part(g, part)
	}
	if t.Total > len(t.Rows) {
		p.paragraph(margin, fmt.Sprintf(p.Word(notation.FirstRows), p.Count(int64(len(t.Rows))), p.Count(int64(t.Total))), typeface.Regular(), 7.5, chart.Muted)
	}
	if t.Note != "" {
		p.paragraph(margin, t.Note, typeface.Regular(), 7.5, chart.Muted)
	}
}

// turned tells that a table is wider than a page is, but not than one that is turned.
func (g *grid) turned() bool {
	wide := 0.0
	for i := range g.Columns {
		least, _ := g.wish(i)
		wide += least
	}
	return wide > chart.Width
}

func (p *paper) grid(t document.Table) *grid {
	g := &grid{Table: t, shared: make([]string, len(t.Columns))}
	for i := range t.Columns {
		g.shared[i] = p.shared(t, i)
	}
	for _, row := range t.Rows {
		entries := make([]entry, len(t.Columns))
		for i, column := range t.Columns {
			if i < len(row) {
				entries[i] = p.entry(column, row[i], g.shared[i] != "")
			}
		}
		g.entries = append(g.entries, entries)
	}
	return g
}

// shared is the definition of all numbers of a column and the level of their intervals, where they have both in common.
func (p *paper) shared(t document.Table, column int) string {
	definition, level := "", 0.0
	for _, row := range t.Rows {
		if column >= len(row) || row[column].Number == nil || !notation.Known(row[column].Number.Value) {
			continue
		}
		x := row[column].Number
		if definition == "" {
			definition = x.Definition
		}
		if x.Definition != definition {
			return ""
		}
		if p.Bounds(*x) == "" {
			continue
		}
		if level == 0 {
			level = x.Level
		}
		if x.Level != level {
			return ""
		}
	}
	switch {
	case !(level > 0 && level < 1):
		return definition
	case definition == "":
		return p.Level(level)
	default:
		return definition + " · " + p.Level(level)
	}
}

func (p *paper) entry(column document.Column, c document.Cell, shared bool) entry {
	switch column.Kind {
	case document.NumberColumn:
		if c.Number == nil {
			return entry{}
		}
		e := entry{text: p.Number(*c.Number), proof: p.Evidence(*c.Number), right: true, tone: chart.Ink}
		if shared {
			e.proof = p.Rest(*c.Number)
		}
		if !notation.Known(c.Number.Value) {
			e.tone = chart.Muted
		}
		return e
	case document.TimeColumn:
		if c.Time == nil {
			return entry{}
		}
		at := *c.Time
		if c.DayOnly {
			return entry{text: p.Day(at), tone: chart.Ink}
		}
		return entry{text: p.Time(notation.In(at, p.document.Period.Zone)), tone: chart.Ink}
	case document.MarkColumn:
		e := entry{text: p.Light(c.Mark), mark: c.Mark, uncertain: c.Uncertain, tone: chart.Ink}
		if c.Uncertain && e.text != "" {
			e.proof = p.Word(notation.Uncertain)
		}
		return e
	default:
		return entry{text: c.Text, tone: chart.Ink}
	}
}

// part writes some columns of all rows.
func (p *paper) part(g *grid, columns []int) {
	widths := g.widths(columns, p.wide-2*margin)
	head := g.head(columns, widths)
	titleHigh := 0.0
	if g.Title != "" {
		titleHigh = float64(len(typeface.Bold().Wrap(g.Title, 10, p.wide-2*margin)))*13.2 + 3
	}
	first := 0.0
	if len(g.entries) > 0 {
		first = min(g.row(0, columns, widths).high, p.full()/2)
	}
	p.need(titleHigh + head.high + first)
	if g.Title != "" {
		p.paragraph(margin, g.Title, typeface.Bold(), 10, chart.Ink)
		p.y += 3
	}
	p.setHead(head, widths)
	for i := range g.entries {
		r := g.row(i, columns, widths)
		if r.high > p.room() {
			if r.high > p.full()-head.high {
				p.setLong(r, head, widths)
				continue
			}
			p.page(p.wide > p.high)
			p.setHead(head, widths)
		}
		p.setRow(r, widths, 0, r.high)
	}
}

func (p *paper) setHead(head *row, widths []float64) {
	p.fill(chart.Pale)
	p.pdf.Rect(margin, p.y, sum(widths), head.high, "F")
	p.setRow(head, widths, 0, head.high)
}

// setLong writes a row that no page can hold over as many pages as it needs.
func (p *paper) setLong(r, head *row, widths []float64) {
	for done := 0.0; done < r.high; {
		if p.room() < 3*cellLine {
			p.page(p.wide > p.high)
			p.setHead(head, widths)
		}
		room := min(p.room(), r.high-done)
		done += p.setRow(r, widths, done, room)
	}
}

// setRow writes the lines of a row that lie between from and from + high, and a rule below; it tells how much of the row that was.
func (p *paper) setRow(r *row, widths []float64, from, high float64) float64 {
	last := r.cut(from, high)
	x := margin
	lefts := make([]float64, len(widths))
	for i, width := range widths {
		lefts[i] = x
		x += width
	}
	for _, l := range r.lines {
		if l.bottom-l.high < from-0.01 || l.bottom > last+0.01 {
			continue
		}
		left, y := lefts[l.column]+cellPad+l.indent, p.y+l.bottom-from-l.high*0.26
		if l.right {
			left = lefts[l.column] + widths[l.column] - cellPad - l.face.Width(l.text, l.size)
		}
		if l.mark != document.NoMark {
			p.light(l.mark, l.uncertain, lefts[l.column]+cellPad+4, y-3, 3.4)
		}
		p.write(left, y, l.text, l.face, l.size, l.tone)
	}
	p.y += last - from
	p.stroke(chart.Rule, 0.5)
	p.pdf.Line(margin, p.y, margin+sum(widths), p.y)
	return last - from
}

// cut is where the part of a row from a height on ends, so that it cuts through no line.
func (r *row) cut(from, high float64) float64 {
	last := from + high
	for moved := true; moved; {
		moved = false
		for _, l := range r.lines {
			if top := l.bottom - l.high; top < last-0.01 && l.bottom > last+0.01 {
				last, moved = top, true
			}
		}
	}
	if last <= from {
		return from + high
	}
	return last
}

func sum(widths []float64) float64 {
	total := 0.0
	for _, w := range widths {
		total += w
	}
	return total
}
