// Package chart draws the charts of reports, once, as shapes that a page, a picture and print show alike. It also gives the numbers of a chart as a table, for those
// who do not see it and for programs.
package chart

import (
	"github.com/otklik/otklik/services/reporting/internal/document"
	"github.com/otklik/otklik/services/reporting/internal/notation"
	"github.com/otklik/otklik/services/reporting/internal/typeface"
)

// Width is how wide charts are: the type area of a page of A4.
const Width = 510.0

// most is how many rows or points a chart shows, so that it fits on a page; the table of its numbers has all.
const most = 30

// Draw draws a chart without its title and note. What has nothing to show is a drawing that says so.
func Draw(c document.Chart, n notation.Notation) Drawing {
	p := &painter{Notation: n}
	p.Width = Width
	switch {
	case c.Matrix != nil && len(c.Matrix.Points) > 0:
		p.matrix(*c.Matrix)
	case c.Trend != nil && len(c.Trend.Series) > 0:
		p.trend(*c.Trend)
	case c.Bridge != nil:
		p.bridge(*c.Bridge)
	case c.Bars != nil && len(c.Bars.Bars) > 0:
		p.bars(*c.Bars)
	case c.Heat != nil && len(c.Heat.Rows) > 0 && len(c.Heat.Columns) > 0:
		p.heat(*c.Heat)
	case c.Map != nil && len(c.Map.Places) > 0:
		p.places(*c.Map)
	case c.Funnel != nil && len(c.Funnel.Steps) > 0:
		p.funnel(*c.Funnel)
	default:
		p.nothing()
	}
	return p.Drawing
}

// painter draws in a notation.
type painter struct {
	Drawing
	notation.Notation
}

func (p *painter) nothing() {
	p.Height = 30
	p.text(0, 18, p.Word(notation.Empty), Begin, Muted)
}

// wrap breaks a label into at most so many lines, the last of which ends with an ellipsis where there is more.
func wrap(text string, width float64, atMost int) []string {
	face := typeface.Regular()
	lines := face.Wrap(text, textSize, width)
	if len(lines) <= atMost {
		return lines
	}
	last := lines[atMost-1] + "…"
	if face.Width(last, textSize) > width {
		last = face.Fit(lines[atMost-1]+" …………", textSize, width)
	}
	return append(lines[:atMost-1:atMost-1], last)
}

// light is the form and the tone of a mark.
func light(m document.Mark) (form, Tone) {
	switch m {
	case document.Red:
		return wedge, RedLight
	case document.Amber:
		return diamond, AmberLight
	case document.Green:
		return disc, GreenLight
	default:
		return disc, Total
	}
}

// deref is the number behind p where it can be drawn.
func deref(p *float64) (float64, bool) {
	if !notation.Known(p) {
		return 0, false
	}
	return *p, true
}
