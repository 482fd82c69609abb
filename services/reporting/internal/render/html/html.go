// Package html writes a report as a page that stands by itself: no script, nothing fetched from elsewhere, readable by those who hear it, on light and dark ground and in
// print. The numbers of each chart stand behind it as a table.
package html

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/otklik/otklik/services/reporting/internal/chart"
	"github.com/otklik/otklik/services/reporting/internal/document"
	"github.com/otklik/otklik/services/reporting/internal/notation"
)

// Render writes d. It fails where w does.
func Render(w io.Writer, d document.Document) error {
	p := &page{Notation: notation.For(d.Language), document: d, out: bufio.NewWriter(w)}
	p.head()
	if len(d.Sections) > 3 {
		p.contents()
	}
	for i, s := range d.Sections {
		p.section(i, s)
	}
	p.notes(p.Word(notation.Notes), d.Notes)
	p.raw("</main></body></html>\n")
	if err := p.out.Flush(); err != nil {
		return fmt.Errorf("write page: %w", err)
	}
	return nil
}

// page is a page that is being written; its writer keeps the first error for the end.
type page struct {
	notation.Notation
	document document.Document
	out      *bufio.Writer
}

func (p *page) raw(markup string) {
	_, _ = p.out.WriteString(markup)
}

// element writes a text in an element, whose opening may have attributes; an empty text is not written.
func (p *page) element(open, text string) {
	if text == "" {
		return
	}
	name, _, _ := strings.Cut(open, " ")
	p.raw("<" + open + ">" + strings.ReplaceAll(chart.Escape(text), "\n", "<br>") + "</" + name + ">\n")
}

func (p *page) head() {
	d := p.document
	title := d.Title
	if title == "" {
		title = p.Word(notation.Report)
	}
	p.raw(`<!doctype html><html lang="` + p.Language() + `"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><meta name="color-scheme" content="light dark">`)
	p.element("title", title)
	p.raw("<style>" + style + chart.Style("svg.chart") + "</style></head><body><main><header>\n")
	p.element(`p class="organization"`, d.Organization)
	p.element("h1", title)
	p.element(`p class="subtitle"`, d.Subtitle)
	p.raw("<dl>")
	for _, line := range p.Facts(d) {
		p.element("dt", line[0])
		p.element("dd", line[1])
	}
	p.raw("</dl></header>\n")
}

func anchor(index int) string { return fmt.Sprintf("section-%d", index+1) }

func (p *page) contents() {
	p.raw(`<nav aria-label="` + p.Word(notation.Contents) + `"><ol>`)
	for i, s := range p.document.Sections {
		if s.Title != "" {
			p.raw(`<li><a href="#` + anchor(i) + `">` + chart.Escape(s.Title) + "</a></li>\n")
		}
	}
	p.raw("</ol></nav>\n")
}

func (p *page) section(index int, s document.Section) {
	p.raw(`<section id="` + anchor(index) + `">`)
	p.element("h2", s.Title)
	for _, b := range s.Blocks {
		switch {
		case b.Text != "":
			p.element("p", b.Text)
		case len(b.Figures) > 0:
			p.figures(b.Figures)
		case b.Table != nil:
			t := *b.Table
			if t.Title == s.Title {
				t.Title = ""
			}
			p.table(t, s.Title)
		case b.Chart != nil:
			p.chart(*b.Chart, s.Title)
		case b.Absent != "":
			p.element(`p class="absent"`, b.Absent)
		}
	}
	p.notes("", s.Notes)
	p.raw("</section>\n")
}

func (p *page) notes(heading string, notes []string) {
	if len(notes) == 0 {
		return
	}
	p.raw(`<footer class="notes">`)
	p.element("h2", heading)
	p.raw("<ul>")
	for _, note := range notes {
		p.element("li", note)
	}
	p.raw("</ul></footer>\n")
}

// figures writes headline numbers as a list of terms.
func (p *page) figures(figures []document.Figure) {
	p.raw(`<div class="figures">`)
	for _, f := range figures {
		p.raw(`<div class="figure">`)
		p.element(`p class="label"`, f.Label)
		class := "value"
		if !notation.Known(f.Number.Value) {
			class = "value none"
		}
		p.raw(`<p class="` + class + `">`)
		p.mark(f.Mark, f.Uncertain)
		p.raw(chart.Escape(p.Number(f.Number)) + "</p>\n")
		p.element(`p class="proof"`, p.Evidence(f.Number))
		if f.Change != nil {
			p.raw(`<p class="change">` + chart.Escape(p.Word(notation.Change)+": "+p.Signed(*f.Change)) + ` <span class="proof">` + chart.Escape(p.Word(notation.Since)) + "</span></p>\n")
			p.element(`p class="proof"`, p.Basis(*f.Change))
		}
		p.element(`p class="note"`, f.Note)
		p.raw("</div>")
	}
	p.raw("</div>\n")
}

// mark writes a light as a picture with its name.
func (p *page) mark(m document.Mark, uncertain bool) {
	name := p.lightName(m, uncertain)
	if name == "" {
		return
	}
	s := chart.Light(m, uncertain, 5)
	for i := range s.Points {
		s.Points[i].X += 7
		s.Points[i].Y += 7
	}
	p.raw(`<span class="mark">`)
	_ = chart.Inline(p.out, chart.Drawing{Width: 14, Height: 14, Shapes: []chart.Shape{s}}, name)
	p.raw("</span>")
}

func (p *page) lightName(m document.Mark, uncertain bool) string {
	name := p.Light(m)
	if name != "" && uncertain {
		name += ", " + p.Word(notation.Uncertain)
	}
	return name
}

// chart draws a chart, with its numbers behind it for those who do not see it.
func (p *page) chart(c document.Chart, heading string) {
	p.raw("<figure>")
	if c.Title != "" && c.Title != heading {
		p.element("h3", c.Title)
	}
	name := c.Title
	if name == "" {
		name = heading
	}
	_ = chart.Inline(p.out, chart.Draw(c, p.Notation), name)
	p.element("figcaption", c.Note)
	numbers := chart.Numbers(c, p.Notation)
	if len(numbers.Rows) > 0 {
		numbers.Title, numbers.Note = "", ""
		p.raw("<details>")
		p.element("summary", p.Word(notation.ChartData))
		p.table(numbers, name)
		p.raw("</details>")
	}
	p.raw("</figure>\n")
}
