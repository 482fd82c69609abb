// Package pdf writes a report as PDF to be printed and passed on: A4, with page numbers, bookmarks, text that can be searched and copied, and only the signs of the font
// that it uses. Equal reports are equal bytes.
package pdf

import (
	"fmt"
	"io"
	"time"

	"codeberg.org/go-pdf/fpdf"

	"github.com/otklik/otklik/services/reporting/internal/chart"
	"github.com/otklik/otklik/services/reporting/internal/document"
	"github.com/otklik/otklik/services/reporting/internal/notation"
	"github.com/otklik/otklik/services/reporting/internal/typeface"
)

// The page, in points.
const (
	margin    = (595.28 - chart.Width) / 2
	headRoom  = 50.0
	footRoom  = 46.0
	family    = "liberation"
	lacksMost = 12
)

// Render writes d. Characters that the font has no sign for are written by their codes, and a note of the document names them. It fails where w does.
func Render(w io.Writer, d document.Document) error {
	var cleaner typeface.Cleaner
	n := notation.For(d.Language)
	d = cleaned(d, &cleaner)
	if lacking := cleaner.Lacking(); len(lacking) > 0 {
		d.Notes = append(d.Notes, fmt.Sprintf(n.Word(notation.Lacking), typeface.Codes(lacking, lacksMost)))
	}
	p := newPaper(d, n)
	p.heading()
	// What holds for all numbers is said before them, and never stands alone on a last page.
	p.notes(d.Notes)
	for i, s := range d.Sections {
		p.section(s, i)
	}
	p.feet()
	if err := p.pdf.Output(w); err != nil {
		return fmt.Errorf("write PDF: %w", err)
	}
	return nil
}

// paper is a document that is being set, from top to bottom.
type paper struct {
	notation.Notation
	document document.Document
	pdf      *fpdf.Fpdf
	// y is how far down the page is full, wide and high its size; heights are those of the pages so far.
	y, wide, high float64
	heights       []float64
}

func newPaper(d document.Document, n notation.Notation) *paper {
	f := fpdf.New("P", "pt", "A4", "")
	f.SetCatalogSort(true)
	made := d.Watermark.UTC()
	if made.IsZero() {
		made = time.Unix(0, 0).UTC()
	}
	f.SetCreationDate(made)
	f.SetModificationDate(made)
	f.SetProducer("Otklik", true)
	f.SetCreator("Otklik", true)
	f.SetTitle(d.Title, true)
	f.SetAuthor(d.Organization, true)
	f.SetSubject(d.Subtitle, true)
	f.SetKeywords(d.Fingerprint, true)
	f.SetLang(n.Language())
	f.SetAutoPageBreak(false, 0)
	f.SetMargins(margin, headRoom, margin)
	f.AddUTF8FontFromBytes(family, "", typeface.Regular().TTF)
	f.AddUTF8FontFromBytes(family, "B", typeface.Bold().TTF)
	p := &paper{Notation: n, document: d, pdf: f}
	p.page(false)
	return p
}

// page begins a page.
func (p *paper) page(landscape bool) {
	size := fpdf.SizeType{Wd: 595.28, Ht: 841.89}
	orientation := "P"
	p.wide, p.high = size.Wd, size.Ht
	if landscape {
		orientation = "L"
		p.wide, p.high = size.Ht, size.Wd
	}
	p.pdf.AddPageFormat(orientation, size)
	p.heights = append(p.heights, p.high)
	p.y = headRoom
	if len(p.heights) == 1 {
		p.y = 40
		return
	}
	// Who reads a page that lies alone is to know what it belongs to.
	regular := typeface.Regular()
	right := p.Period(p.document.Period)
	width := regular.Width(right, 7.5)
	p.write(p.wide-margin-width, 30, right, regular, 7.5, chart.Muted)
	left := p.document.Title
	if p.document.Organization != "" {
		left = p.document.Organization + " · " + left
	}
	p.write(margin, 30, regular.Fit(left, 7.5, p.wide-2*margin-width-12), regular, 7.5, chart.Muted)
	p.rule(35)
}

// room is how much of the page is left.
func (p *paper) room() float64 { return p.high - footRoom - p.y }

// full is the room of an empty page.
func (p *paper) full() float64 { return p.high - footRoom - headRoom }

// need begins a page where less than so much is left, unless that is more than any page has.
func (p *paper) need(high float64) {
	if p.room() < high && p.y > headRoom {
		p.page(p.wide > p.high)
	}
}

// write writes a line of text whose base line is at y.
func (p *paper) write(x, y float64, text string, face *typeface.Face, size float64, tone chart.Tone) {
	if text == "" {
		return
	}
	style := ""
	if face == typeface.Bold() {
		style = "B"
	}
	c := tone.OnLight()
	p.pdf.SetFont(family, style, size)
	p.pdf.SetTextColor(int(c.R), int(c.G), int(c.B))
	p.pdf.Text(x, y, text)
}

// paragraph writes text over the width from x, over pages where it is long.
func (p *paper) paragraph(x float64, text string, face *typeface.Face, size float64, tone chart.Tone) {
	high := size * 1.32
	for _, line := range face.Wrap(text, size, p.wide-margin-x) {
		p.need(high)
		p.y += high
		p.write(x, p.y-size*0.3, line, face, size, tone)
	}
}

// rule draws a line over the width.
func (p *paper) rule(y float64) {
	p.stroke(chart.Rule, 0.7)
	p.pdf.Line(margin, y, p.wide-margin, y)
}

func (p *paper) stroke(tone chart.Tone, thickness float64) {
	c := tone.OnLight()
	p.pdf.SetDrawColor(int(c.R), int(c.G), int(c.B))
	p.pdf.SetLineWidth(thickness)
}

func (p *paper) fill(tone chart.Tone) {
	c := tone.OnLight()
	p.pdf.SetFillColor(int(c.R), int(c.G), int(c.B))
}

// feet writes the numbers of pages, when it is known how many there are.
func (p *paper) feet() {
	regular := typeface.Regular()
	for i, high := range p.heights {
		p.pdf.SetPage(i + 1)
		// The library measures from the head of the page that was added last, whatever page is set.
		y := p.high - 24
		wide := 595.28
		if high < wide+1 {
			wide = 841.89
		}
		number := fmt.Sprintf(p.Word(notation.Page), i+1, len(p.heights))
		// The page was left with another font and colour than the library remembers, so that both have to be told anew.
		p.pdf.SetFont(family, "", 1)
		p.fill(chart.Ground)
		width := regular.Width(number, 7.5)
		p.write(wide-margin-width, y, number, regular, 7.5, chart.Muted)
		left := ""
		if p.document.Fingerprint != "" {
			left = p.Word(notation.Fingerprint) + ": " + p.document.Fingerprint
		}
		p.write(margin, y, regular.Fit(left, 7.5, wide-2*margin-width-12), regular, 7.5, chart.Muted)
	}
}
