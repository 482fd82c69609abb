package chart

import "github.com/otklik/otklik/services/reporting/internal/document"

// Drawing is a chart as shapes, in points from the upper left corner, from the one that is drawn first to the one on top.
type Drawing struct {
	Width, Height float64
	Shapes        []Shape
}

// Point is a place in a drawing.
type Point struct{ X, Y float64 }

// Kind is what a shape is.
type Kind uint8

// The kinds of shapes.
const (
	// Line joins its points; Area is what they enclose.
	Line Kind = iota
	Area
	// Circle is around its only point.
	Circle
	// Text begins at, is centred on or ends at its only point, which is on its base line.
	Text
)

// Anchor is which part of a text is at its point.
type Anchor uint8

// The anchors.
const (
	Begin Anchor = iota
	Centre
	Finish
)

// Shape is a shape of a drawing.
type Shape struct {
	Kind   Kind
	Points []Point
	Radius float64
	// Fill and Stroke are Clear where there is none; the fill of a text is its colour.
	Fill, Stroke Tone
	Thickness    float64
	Dashed       bool
	// Faint lets what is behind shine through, as bands do.
	Faint  bool
	Text   string
	Size   float64
	Bold   bool
	Anchor Anchor
	// Upright turns a text so that it is read from below.
	Upright bool
	// Role is what the shape stands for, such as "bar", and Of what it stands for in words, such as the name of its item; both are empty for what only helps to read.
	Role, Of string
}

// The sizes of text.
const (
	textSize  = 8.5
	smallSize = 7.5
	lineHigh  = 10.5
)

func (d *Drawing) add(s Shape) {
	d.Shapes = append(d.Shapes, s)
}

func (d *Drawing) line(tone Tone, thickness float64, points ...Point) {
	d.add(Shape{Kind: Line, Points: points, Stroke: tone, Thickness: thickness})
}

func (d *Drawing) text(x, y float64, text string, anchor Anchor, tone Tone) {
	d.add(Shape{Kind: Text, Points: []Point{{x, y}}, Text: text, Size: textSize, Anchor: anchor, Fill: tone})
}

func (d *Drawing) small(x, y float64, text string, anchor Anchor) {
	d.add(Shape{Kind: Text, Points: []Point{{x, y}}, Text: text, Size: smallSize, Anchor: anchor, Fill: Muted})
}

// lines writes lines one below the other; y is the base line of the first.
func (d *Drawing) lines(x, y float64, lines []string, anchor Anchor, tone Tone) {
	for i, line := range lines {
		d.text(x, y+float64(i)*lineHigh, line, anchor, tone)
	}
}

func (d *Drawing) box(role, of string, fill Tone, left, top, right, bottom float64) {
	d.add(Shape{Kind: Area, Points: rectangle(left, top, right, bottom), Fill: fill, Role: role, Of: of})
}

func rectangle(left, top, right, bottom float64) []Point {
	return []Point{{left, top}, {right, top}, {right, bottom}, {left, bottom}}
}

// whisker is an interval along a row, with ends.
func (d *Drawing) whisker(of string, left, right, y float64) {
	d.add(Shape{Kind: Line, Points: []Point{{left, y}, {right, y}}, Stroke: Ink, Thickness: 0.9, Role: "interval", Of: of})
	d.line(Ink, 0.9, Point{left, y - 2.5}, Point{left, y + 2.5})
	d.line(Ink, 0.9, Point{right, y - 2.5}, Point{right, y + 2.5})
}

// The forms of marks, which tell apart what colours tell apart.
type form uint8

const (
	disc form = iota
	triangle
	square
	diamond
	wedge
)

// mark draws a mark around a point; hollow ones are outlines.
func (d *Drawing) mark(f form, role, of string, at Point, radius float64, tone Tone, hollow bool) {
	s := Shape{Kind: Area, Fill: tone, Stroke: tone, Thickness: 1.4, Role: role, Of: of}
	if hollow {
		s.Fill = Ground
	}
	x, y, r := at.X, at.Y, radius
	switch f {
	case disc:
		s.Kind, s.Points, s.Radius = Circle, []Point{at}, r
	case triangle:
		s.Points = []Point{{x, y - 1.15*r}, {x + 1.1*r, y + 0.8*r}, {x - 1.1*r, y + 0.8*r}}
	case wedge:
		s.Points = []Point{{x, y + 1.15*r}, {x + 1.1*r, y - 0.8*r}, {x - 1.1*r, y - 0.8*r}}
	case square:
		s.Points = rectangle(x-0.9*r, y-0.9*r, x+0.9*r, y+0.9*r)
	case diamond:
		s.Points = []Point{{x, y - 1.25*r}, {x + 1.25*r, y}, {x, y + 1.25*r}, {x - 1.25*r, y}}
	}
	d.add(s)
}

// Light is the mark of a light around the origin: red points down, amber is a diamond, green a disc; an uncertain one is an outline.
func Light(m document.Mark, uncertain bool, radius float64) Shape {
	var d Drawing
	f, tone := light(m)
	d.mark(f, "light", "", Point{}, radius, tone, uncertain)
	return d.Shapes[0]
}
