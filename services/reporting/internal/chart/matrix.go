package chart

import (
	"strconv"

	"github.com/otklik/otklik/services/reporting/internal/document"
	"github.com/otklik/otklik/services/reporting/internal/notation"
	"github.com/otklik/otklik/services/reporting/internal/typeface"
)

// quadrants are the form and the tone of each priority.
var quadrants = [5]struct {
	form form
	tone Tone
}{{disc, Total}, {disc, First}, {triangle, Second}, {square, Third}, {diamond, Fourth}}

func quadrant(priority int) (form, Tone) {
	if priority < 1 || priority > 4 {
		priority = 0
	}
	return quadrants[priority].form, quadrants[priority].tone
}

// matrix draws items by importance, to the right, and score, upwards, in four named quadrants.
func (p *painter) matrix(m document.MatrixChart) {
	const left, top, bottom = 40.0, 6.0, 320.0
	room := area{left, top, Width - 2, bottom}
	var importance, score span
	importance.include(&m.ImportanceCut)
	score.include(&m.ScoreCut)
	var numbers []document.Number
	for _, point := range m.Points {
		importance.include(point.Importance.Value, point.Importance.Low, point.Importance.High)
		score.include(point.Score.Value, point.Score.Low, point.Score.High)
		numbers = append(numbers, point.Score, point.Importance)
	}
	x, y := scale{first: room.left, last: room.right}, scale{first: room.bottom, last: room.top}
	x.low, x.high = importance.widened(0.06)
	y.low, y.high = score.widened(0.08)

	cut := Point{x.at(m.ImportanceCut), y.at(m.ScoreCut)}
	names := p.quadrants(room, cut)
	p.axes(room, x, y, or(m.ImportanceTitle, p.Word(notation.ImportanceWord)), or(m.ScoreTitle, p.Word(notation.ScoreWord)))
	p.crosses(m.Points, x, y, names)
	listed := p.items(m.Points, x, y, names)

	bottomOfKeys := p.keyed(room.bottom+34, m.Points, listed)
	unstable := ""
	for _, point := range m.Points {
		if !point.Stable {
			unstable = p.Word(notation.Unstable)
		}
	}
	p.foot(bottomOfKeys, p.basis(notation.IntervalLine, numbers, unstable))
}

// quadrants shades and names the four of them, and takes the room of their names.
func (p *painter) quadrants(room area, cut Point) *labels {
	p.box("quadrant", p.Quadrant(4), Ground, room.left, room.top, cut.X, cut.Y)
	p.box("quadrant", p.Quadrant(3), Pale, cut.X, room.top, room.right, cut.Y)
	p.box("quadrant", p.Quadrant(2), Pale, room.left, cut.Y, cut.X, room.bottom)
	p.box("quadrant", p.Quadrant(1), Ground, cut.X, cut.Y, room.right, room.bottom)
	p.line(Muted, 0.9, Point{cut.X, room.top}, Point{cut.X, room.bottom})
	p.line(Muted, 0.9, Point{room.left, cut.Y}, Point{room.right, cut.Y})
	out := &labels{bounds: room, lines: []area{{cut.X - 0.5, room.top, cut.X + 0.5, room.bottom}, {room.left, cut.Y - 0.5, room.right, cut.Y + 0.5}}}
	face := typeface.Bold()
	for i, corner := range []struct {
		x, y   float64
		anchor Anchor
	}{{room.right - 5, room.bottom - 6, Finish}, {room.left + 5, room.bottom - 6, Begin}, {room.right - 5, room.top + 11, Finish}, {room.left + 5, room.top + 11, Begin}} {
		priority := i + 1
		_, tone := quadrant(priority)
		text := p.Quadrant(priority)
		width := face.Width(text, textSize)
		box := area{corner.x, corner.y - 9, corner.x + width, corner.y + 3}
		if corner.anchor == Finish {
			box.left, box.right = corner.x-width, corner.x
		}
		out.take(box)
		p.add(Shape{Kind: Text, Points: []Point{{corner.x, corner.y}}, Text: text, Size: textSize, Bold: true, Anchor: corner.anchor, Fill: tone, Role: "quadrant name", Of: text})
	}
	return out
}

// axes draws a frame with round values along both sides and titles.
func (p *painter) axes(room area, x, y scale, titleX, titleY string) {
	p.add(Shape{Kind: Area, Points: rectangle(room.left, room.top, room.right, room.bottom), Stroke: Rule, Thickness: 0.8})
	for _, v := range p.ticks(x, 8) {
		p.line(Rule, 0.8, Point{x.at(v.value), room.bottom}, Point{x.at(v.value), room.bottom + 3})
		p.small(x.at(v.value), room.bottom+11.5, v.text, Centre)
	}
	for _, v := range p.ticks(y, 8) {
		p.line(Rule, 0.8, Point{room.left - 3, y.at(v.value)}, Point{room.left, y.at(v.value)})
		p.small(room.left-5, y.at(v.value)+2.5, typeface.Regular().Fit(v.text, smallSize, room.left-18), Finish)
	}
	face := typeface.Regular()
	p.text((room.left+room.right)/2, room.bottom+24, face.Fit(titleX+" →", textSize, room.right-room.left), Centre, Muted)
	p.add(Shape{Kind: Text, Points: []Point{{9, (room.top + room.bottom) / 2}}, Text: face.Fit(titleY+" →", textSize, room.bottom-room.top), Size: textSize, Anchor: Centre, Fill: Muted, Upright: true})
}

// crosses draws the intervals of the points, and takes the room of both.
func (p *painter) crosses(points []document.MatrixPoint, x, y scale, names *labels) {
	for _, point := range points {
		px, okX := deref(point.Importance.Value)
		py, okY := deref(point.Score.Value)
		if !okX || !okY {
			continue
		}
		at := Point{x.at(px), y.at(py)}
		_, tone := quadrant(point.Priority)
		interval := func(a, b Point) {
			p.add(Shape{Kind: Line, Points: []Point{a, b}, Stroke: tone, Thickness: 0.8, Dashed: !point.Stable, Faint: true, Role: "interval", Of: point.Label})
			names.lines = append(names.lines, area{min(a.X, b.X) - 0.5, min(a.Y, b.Y) - 0.5, max(a.X, b.X) + 0.5, max(a.Y, b.Y) + 0.5})
		}
		if low, ok := deref(point.Importance.Low); ok && notation.Known(point.Importance.High) {
			interval(Point{x.at(low), at.Y}, Point{x.at(*point.Importance.High), at.Y})
		}
		if low, ok := deref(point.Score.Low); ok && notation.Known(point.Score.High) {
			interval(Point{at.X, y.at(low)}, Point{at.X, y.at(*point.Score.High)})
		}
		names.take(area{at.X - 4.5, at.Y - 4.5, at.X + 4.5, at.Y + 4.5})
	}
}

// items draws the points with their names; those whose names find no room get a number, and are told.
func (p *painter) items(points []document.MatrixPoint, x, y scale, names *labels) []int {
	var listed []int
	for i, point := range points {
		px, okX := deref(point.Importance.Value)
		py, okY := deref(point.Score.Value)
		if !okX || !okY {
			continue
		}
		at := Point{x.at(px), y.at(py)}
		form, tone := quadrant(point.Priority)
		lines := wrap(point.Label, 118, 2)
		begin, anchor, ok := names.beside(at, 4, lines)
		p.mark(form, "point", point.Label, at, 4, tone, !point.Stable)
		if ok {
			p.lines(begin.X, begin.Y, lines, anchor, Ink)
			continue
		}
		listed = append(listed, i)
		number := []string{strconv.Itoa(len(listed))}
		if begin, anchor, ok = names.beside(at, 3, number); !ok {
			begin, anchor = Point{at.X + 5, at.Y + 3}, Begin
		}
		p.add(Shape{Kind: Text, Points: []Point{begin}, Text: number[0], Size: textSize, Bold: true, Anchor: anchor, Fill: tone, Role: "number", Of: point.Label})
	}
	return listed
}

// keyed lists the names that stand as numbers in the chart, in two columns, and tells where the list ends.
func (p *painter) keyed(top float64, points []document.MatrixPoint, listed []int) float64 {
	const column = Width / 2
	rows := (len(listed) + 1) / 2
	for i, item := range listed {
		left, y := 0.0, top+float64(i%rows+1)*lineHigh
		if i >= rows {
			left = column
		}
		text := strconv.Itoa(i+1) + "  " + points[item].Label
		p.text(left, y, typeface.Regular().Fit(text, textSize, column-10), Begin, Ink)
	}
	return top + float64(rows)*lineHigh + 4
}

func or(text, other string) string {
	if text != "" {
		return text
	}
	return other
}
