package pdf

import (
	"github.com/otklik/otklik/services/reporting/internal/chart"
	"github.com/otklik/otklik/services/reporting/internal/notation"
	"github.com/otklik/otklik/services/reporting/internal/typeface"
)

// heading writes what the report is, about whom, and what its numbers are counted from.
func (p *paper) heading() {
	d, bold, regular := p.document, typeface.Bold(), typeface.Regular()
	p.paragraph(margin, d.Organization, bold, 9, chart.Gain)
	title := d.Title
	if title == "" {
		title = p.Word(notation.Report)
	}
	p.paragraph(margin, title, bold, 19, chart.Ink)
	if d.Subtitle != "" {
		p.paragraph(margin, d.Subtitle, regular, 11, chart.Muted)
	}
	p.y += 6
	p.rule(p.y)
	p.y += 3
	for _, line := range p.Facts(d) {
		p.need(13)
		p.write(margin, p.y+10, line[0], regular, 8.5, chart.Muted)
		p.paragraph(margin+110, line[1], regular, 8.5, chart.Ink)
		p.y += 1.5
	}
	p.y += 3
	p.rule(p.y)
	p.y += 4
}

// notes writes notes in small print.
func (p *paper) notes(notes []string) {
	if len(notes) == 0 {
		return
	}
	p.y += 8
	for _, note := range notes {
		p.need(12)
		p.write(margin, p.y+7.9, "•", typeface.Regular(), 8, chart.Muted)
		p.paragraph(margin+9, note, typeface.Regular(), 8, chart.Muted)
		p.y += 1.5
	}
}
