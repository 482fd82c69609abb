package chart

import (
	"math"

	"github.com/otklik/otklik/services/reporting/internal/document"
	"github.com/otklik/otklik/services/reporting/internal/notation"
	"github.com/otklik/otklik/services/reporting/internal/typeface"
)

// heat draws numbers of rows by columns as shades, with the numbers written into them where there is room.
func (p *painter) heat(c document.HeatChart) {
	face := typeface.Regular()
	rows := c.Rows[:min(len(c.Rows), most)]
	labelWidth := 40.0
	for _, label := range rows {
		labelWidth = max(labelWidth, min(face.Width(label, textSize), 140))
	}
	left := labelWidth + 8
	width := min((Width-left)/float64(len(c.Columns)), 90)
	heads, headHigh, upright := p.heads(c.Columns, width)
	top := headHigh + 6
	high := min(max(width*0.7, 14), 24.0)
	if len(rows) > 20 {
		high = min(high, 17)
	}
	for i, lines := range heads {
		middle := left + (float64(i)+0.5)*width
		for k, line := range lines {
			if upright {
				p.add(Shape{Kind: Text, Points: []Point{{middle + 3, top - 4}}, Text: line, Size: smallSize, Fill: Ink, Upright: true})
				continue
			}
			p.add(Shape{Kind: Text, Points: []Point{{middle, top - 5 - float64(len(lines)-1-k)*9}}, Text: line, Size: smallSize, Anchor: Centre, Fill: Ink})
		}
	}
	var numbers []document.Number
	for i, label := range rows {
		y := top + float64(i)*high
		p.text(labelWidth, y+high/2+3, face.Fit(label, textSize, labelWidth), Finish, Ink)
		for k := range c.Columns {
			x := cell(c.Cells, i, k)
			numbers = append(numbers, x)
			p.cell(c, x, label+", "+c.Columns[k], area{left + float64(k)*width, y, left + float64(k+1)*width, y + high})
		}
	}
	note := ""
	if len(rows) < len(c.Rows) {
		_, note = p.first(make([]row, len(c.Rows)))
	}
	p.foot(p.shadesLegend(c, numbers, left, top+float64(len(rows))*high+8), p.basis(notation.IntervalName, nil, p.basis(notation.NoData, countsOnly(numbers)), note))
}

func countsOnly(numbers []document.Number) []document.Number {
	out := make([]document.Number, len(numbers))
	for i, x := range numbers {
		out[i].N = x.N
	}
	return out
}

// cell is a number of a table that may lack rows or cells.
func cell(cells [][]document.Number, row, column int) document.Number {
	if row < len(cells) && column < len(cells[row]) {
		return cells[row][column]
	}
	return document.Number{}
}

// heads breaks the names of columns to their width, or turns them upright where that does not do.
func (p *painter) heads(columns []string, width float64) (lines [][]string, high float64, upright bool) {
	face := typeface.Regular()
	for _, name := range columns {
		broken := face.Wrap(name, smallSize, width-3)
		for _, word := range broken {
			upright = upright || face.Width(word, smallSize) > width-2
		}
		upright = upright || len(broken) > 3 || len(broken) > 1 && width < 24
		lines = append(lines, broken)
		high = max(high, float64(len(broken))*9)
	}
	if !upright {
		return lines, high, false
	}
	high = 0
	for i, name := range columns {
		lines[i] = []string{face.Fit(name, smallSize, 90)}
		high = max(high, face.Width(lines[i][0], smallSize))
	}
	return lines, high, true
}

// cell draws a cell; one without a number is left open, with a stroke through it.
func (p *painter) cell(c document.HeatChart, x document.Number, of string, room area) {
	v, ok := deref(x.Value)
	s := Shape{Kind: Area, Points: rectangle(room.left, room.top, room.right, room.bottom), Fill: Ground, Stroke: Ground, Thickness: 1, Role: "cell", Of: of}
	if !ok {
		s.Fill, s.Role = Pale, "gap"
		p.add(s)
		p.line(Rule, 0.8, Point{room.left + 2, room.bottom - 2}, Point{room.right - 2, room.top + 2})
		return
	}
	s.Fill = shade(c, v)
	s.Of += ": " + p.Number(x)
	p.add(s)
	bare := x
	if bare.Unit == document.Percent || bare.Unit == document.Money {
		bare.Unit = document.Plain
	}
	text := p.Number(bare)
	if typeface.Regular().Width(text, smallSize) <= room.right-room.left-2 {
		p.add(Shape{Kind: Text, Points: []Point{{(room.left + room.right) / 2, (room.top+room.bottom)/2 + 2.6}}, Text: text, Size: smallSize, Anchor: Centre, Fill: over(s.Fill)})
	}
}

// shade is the shade of a value: of one scale from low to high, or of two that meet in the middle.
func shade(c document.HeatChart, v float64) Tone {
	if middle, ok := deref(c.Middle); ok {
		reach := max(math.Abs(c.High-middle), math.Abs(c.Low-middle))
		if !(reach > 0) {
			return Shade
		}
		if v < middle {
			return Below + step((middle-v)/reach)
		}
		return Shade + step((v-middle)/reach)
	}
	if !(c.High > c.Low) {
		return Shade
	}
	return Shade + step((v-c.Low)/(c.High-c.Low))
}

// shadesLegend draws the scale of shades with its ends, and tells where it ends.
func (p *painter) shadesLegend(c document.HeatChart, numbers []document.Number, left, top float64) float64 {
	var unit document.Number
	for _, x := range numbers {
		if notation.Known(x.Value) {
			unit = x
			break
		}
	}
	written := func(v float64) string {
		unit.Value = &v
		return p.Number(unit)
	}
	low, high := c.Low, c.High
	if middle, ok := deref(c.Middle); ok {
		reach := max(math.Abs(c.High-middle), math.Abs(c.Low-middle))
		low, high = middle-reach, middle+reach
	}
	if !(high > low) || math.IsInf(high-low, 0) {
		return top
	}
	const width, count = 9.0, 20
	for i := range count {
		v := low + (float64(i)+0.5)/count*(high-low)
		p.box("legend", "", shade(c, v), left+float64(i)*width, top, left+float64(i+1)*width, top+7)
	}
	p.small(left, top+16, written(low), Begin)
	p.small(left+count*width, top+16, written(high), Finish)
	x := left + count*width + 16
	p.box("legend", "", Pale, x, top, x+width, top+7)
	p.line(Rule, 0.8, Point{x, top + 7}, Point{x + width, top})
	p.small(x+width+4, top+6.5, p.Word(notation.NoData), Begin)
	return top + 20
}
