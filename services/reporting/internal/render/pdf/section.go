package pdf

import (
	"github.com/otklik/otklik/services/reporting/internal/chart"
	"github.com/otklik/otklik/services/reporting/internal/document"
	"github.com/otklik/otklik/services/reporting/internal/notation"
	"github.com/otklik/otklik/services/reporting/internal/typeface"
)

// section writes a section; its heading stays with what follows.
func (p *paper) section(s document.Section, index int) {
	if turned := p.beginsTurned(s); turned != (p.wide > p.high) {
		p.page(turned)
	} else if index > 0 {
		p.y += 14
	}
	p.need(p.reserve(s))
	if s.Title != "" {
		p.pdf.SetFont(family, "B", 13)
		p.pdf.Bookmark(s.Title, 0, p.y)
		p.y += 4
		p.paragraph(margin, s.Title, typeface.Bold(), 13, chart.Ink)
		p.y += 4
	}
	for i, b := range s.Blocks {
		p.block(under(s.Title, i, b))
	}
	p.notes(s.Notes)
}

// beginsTurned tells that a section begins with a table that is set on a turned page; its heading belongs there too.
func (p *paper) beginsTurned(s document.Section) bool {
	return len(s.Blocks) > 0 && s.Blocks[0].Table != nil && p.grid(*s.Blocks[0].Table).turned()
}

// reserve is the room that a section's heading and the beginning of its first block need together.
func (p *paper) reserve(s document.Section) float64 {
	const heading, some = 26.0, 70.0
	if len(s.Blocks) == 0 {
		return heading
	}
	switch b := s.Blocks[0]; {
	case b.Chart != nil:
		return heading + min(p.chartHigh(*b.Chart), p.full()-heading)
	case len(b.Figures) > 0:
		return heading + min(p.cardHigh(firstCards(b.Figures)), p.full()-heading)
	default:
		return heading + some
	}
}

// under is the first block of a section, without a title that would say what the heading above it says.
func under(heading string, index int, b document.Block) document.Block {
	switch {
	case index > 0:
	case b.Chart != nil && b.Chart.Title == heading:
		c := *b.Chart
		c.Title = ""
		b.Chart = &c
	case b.Table != nil && b.Table.Title == heading:
		t := *b.Table
		t.Title = ""
		b.Table = &t
	}
	return b
}

func (p *paper) block(b document.Block) {
	if p.wide > p.high && b.Table == nil {
		p.page(false)
	}
	switch {
	case b.Text != "":
		p.paragraph(margin, b.Text, typeface.Regular(), 9.5, chart.Ink)
	case len(b.Figures) > 0:
		p.figures(b.Figures)
	case b.Table != nil:
		p.table(*b.Table)
	case b.Chart != nil:
		p.chart(*b.Chart)
	case b.Absent != "":
		p.absent(b.Absent)
	}
	p.y += 8
}

// absent says why there is nothing where something was to be.
func (p *paper) absent(why string) {
	lines := typeface.Regular().Wrap(why, 9, p.wide-2*margin-20)
	high := float64(len(lines))*12 + 10
	if high > p.full() {
		p.paragraph(margin, why, typeface.Regular(), 9, chart.Muted)
		return
	}
	p.need(high)
	p.fill(chart.Pale)
	p.pdf.Rect(margin, p.y, p.wide-2*margin, high, "F")
	p.fill(chart.Total)
	p.pdf.Rect(margin, p.y, 2.5, high, "F")
	for i, line := range lines {
		p.write(margin+12, p.y+14+float64(i)*12, line, typeface.Regular(), 9, chart.Muted)
	}
	p.y += high
}

const cardsInRow = 3

func firstCards(figures []document.Figure) []document.Figure {
	return figures[:min(len(figures), cardsInRow)]
}

// line is a line of a card.
type line struct {
	text string
	face *typeface.Face
	size float64
	tone chart.Tone
}

const cardGap, cardPad = 9.0, 8.0

func (p *paper) cardWide() float64 {
	return (p.wide - 2*margin - cardGap*(cardsInRow-1)) / cardsInRow
}

// card are the lines of a figure: its name, its value, its change, and what is to be known of both.
func (p *paper) card(f document.Figure) []line {
	regular, bold, width := typeface.Regular(), typeface.Bold(), p.cardWide()-2*cardPad
	var out []line
	add := func(text string, face *typeface.Face, size float64, tone chart.Tone) {
		if text == "" {
			return
		}
		for _, l := range face.Wrap(text, size, width) {
			out = append(out, line{l, face, size, tone})
		}
	}
	add(f.Label, regular, 8.5, chart.Muted)
	size := 17.0
	if !notation.Known(f.Number.Value) {
		size = 10
	}
	for size > 10 && bold.Width(p.Number(f.Number), size) > width-18 {
		size--
	}
	add(p.Number(f.Number), bold, size, chart.Ink)
	light := p.Light(f.Mark)
	if f.Uncertain && light != "" {
		light += " · " + p.Word(notation.Uncertain)
	}
	add(light, regular, 7.5, chart.Ink)
	add(p.Evidence(f.Number), regular, 7.5, chart.Muted)
	if f.Change != nil {
		add(p.Word(notation.Change)+": "+p.Signed(*f.Change), bold, 8.5, chart.Ink)
		add(p.Word(notation.Since), regular, 7.5, chart.Muted)
		add(p.Basis(*f.Change), regular, 7.5, chart.Muted)
	}
	add(f.Note, regular, 7.5, chart.Ink)
	return out
}

func (p *paper) cardHigh(row []document.Figure) float64 {
	most := 0.0
	for _, f := range row {
		high := 2 * cardPad
		for _, l := range p.card(f) {
			high += l.size * 1.3
		}
		most = max(most, high)
	}
	return most
}

// figures writes headline numbers as cards, three in a row.
func (p *paper) figures(figures []document.Figure) {
	for begin := 0; begin < len(figures); begin += cardsInRow {
		row := figures[begin:min(begin+cardsInRow, len(figures))]
		high := p.cardHigh(row)
		if high > p.full() {
			p.longCards(row)
			continue
		}
		p.need(high)
		for i, f := range row {
			x, y := margin+float64(i)*(p.cardWide()+cardGap), p.y
			p.fill(chart.Pale)
			p.pdf.Rect(x, y, p.cardWide(), high, "F")
			if f.Mark != document.NoMark {
				p.light(f.Mark, f.Uncertain, x+p.cardWide()-14, y+14, 5)
			}
			y += cardPad
			for _, l := range p.card(f) {
				y += l.size * 1.3
				p.write(x+cardPad, y-l.size*0.3, l.text, l.face, l.size, l.tone)
			}
		}
		p.y += high + cardGap
	}
	p.y -= cardGap
}

// longCards writes figures below each other where their texts would not fit on a page as cards.
func (p *paper) longCards(row []document.Figure) {
	for _, f := range row {
		p.paragraph(margin, f.Label, typeface.Bold(), 9, chart.Ink)
		p.paragraph(margin, p.Number(f.Number), typeface.Bold(), 11, chart.Ink)
		p.paragraph(margin, p.Evidence(f.Number), typeface.Regular(), 8, chart.Muted)
		if f.Change != nil {
			p.paragraph(margin, p.Word(notation.Change)+": "+p.Signed(*f.Change)+" · "+p.Basis(*f.Change), typeface.Regular(), 8, chart.Muted)
		}
		p.paragraph(margin, f.Note, typeface.Regular(), 8, chart.Ink)
		p.y += cardGap
	}
}
