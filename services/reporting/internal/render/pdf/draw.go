package pdf

import (
	"codeberg.org/go-pdf/fpdf"

	"github.com/otklik/otklik/services/reporting/internal/chart"
	"github.com/otklik/otklik/services/reporting/internal/document"
	"github.com/otklik/otklik/services/reporting/internal/typeface"
)

const chartTitle, chartNote = 10.0, 7.5

// chartHigh is the height of a chart with its title and note.
func (p *paper) chartHigh(c document.Chart) float64 {
	high := chart.Draw(c, p.Notation).Height + 8
	width := p.wide - 2*margin
	if c.Title != "" {
		high += float64(len(typeface.Bold().Wrap(c.Title, chartTitle, width))) * chartTitle * 1.32
	}
	if c.Note != "" {
		high += float64(len(typeface.Regular().Wrap(c.Note, chartNote, width))) * chartNote * 1.32
	}
	return high
}

// chart draws a chart, whole on one page: smaller where it is higher than that.
func (p *paper) chart(c document.Chart) {
	// A chart as high as a page leaves room for the heading above it, and becomes smaller.
	const heading = 40.0
	p.need(min(p.chartHigh(c), p.full()-heading))
	if c.Title != "" {
		p.paragraph(margin, c.Title, typeface.Bold(), chartTitle, chart.Ink)
		p.y += 4
	}
	d := chart.Draw(c, p.Notation)
	below := 0.0
	if c.Note != "" {
		below = float64(len(typeface.Regular().Wrap(c.Note, chartNote, p.wide-2*margin))) * chartNote * 1.32
	}
	scale := min(1, max(p.room()-below, p.full()/2)/d.Height)
	p.pdf.TransformBegin()
	if scale < 1 {
		p.pdf.TransformScale(100*scale, 100*scale, margin, p.y)
	}
	for _, s := range d.Shapes {
		p.shape(s, margin, p.y)
	}
	p.pdf.TransformEnd()
	// The end of the transformation takes back the colour of the shapes, which fpdf does not know: text of the same colour would be written in the one from before.
	p.fill(chart.Ground)
	p.y += d.Height * scale
	if c.Note != "" {
		p.paragraph(margin, c.Note, typeface.Regular(), chartNote, chart.Muted)
	}
}

// shape draws a shape of a drawing whose corner is at x and y.
func (p *paper) shape(s chart.Shape, x, y float64) {
	points := make([]fpdf.PointType, len(s.Points))
	for i, at := range s.Points {
		points[i] = fpdf.PointType{X: x + at.X, Y: y + at.Y}
	}
	if len(points) == 0 {
		return
	}
	if s.Kind == chart.Text {
		p.label(s, points[0])
		return
	}
	style := ""
	if s.Fill != chart.Clear && s.Kind != chart.Line {
		p.fill(s.Fill)
		style = "F"
	}
	if s.Stroke != chart.Clear {
		p.stroke(s.Stroke, s.Thickness)
		style += "D"
	}
	if style == "" {
		return
	}
	if s.Dashed {
		p.pdf.SetDashPattern([]float64{3, 2}, 0)
	}
	if s.Faint {
		alpha := 0.55
		if s.Kind == chart.Area {
			alpha = 0.2
		}
		p.pdf.SetAlpha(alpha, "Normal")
	}
	switch s.Kind {
	case chart.Line:
		p.pdf.MoveTo(points[0].X, points[0].Y)
		for _, at := range points[1:] {
			p.pdf.LineTo(at.X, at.Y)
		}
		p.pdf.DrawPath("D")
	case chart.Circle:
		p.pdf.Circle(points[0].X, points[0].Y, s.Radius, style)
	default:
		p.pdf.Polygon(points, style)
	}
	if s.Faint {
		p.pdf.SetAlpha(1, "Normal")
	}
	if s.Dashed {
		p.pdf.SetDashPattern([]float64{}, 0)
	}
}

func (p *paper) label(s chart.Shape, at fpdf.PointType) {
	face := typeface.Regular()
	if s.Bold {
		face = typeface.Bold()
	}
	shift := 0.0
	switch s.Anchor {
	case chart.Centre:
		shift = face.Width(s.Text, s.Size) / 2
	case chart.Finish:
		shift = face.Width(s.Text, s.Size)
	}
	if s.Upright {
		p.pdf.TransformBegin()
		p.pdf.TransformRotate(90, at.X, at.Y)
		p.write(at.X-shift, at.Y, s.Text, face, s.Size, s.Fill)
		p.pdf.TransformEnd()
		return
	}
	p.write(at.X-shift, at.Y, s.Text, face, s.Size, s.Fill)
}

// light draws the mark of a light, which differs in form as well as colour.
func (p *paper) light(m document.Mark, uncertain bool, x, y, radius float64) {
	p.shape(chart.Light(m, uncertain, radius), x, y)
}
