package chart

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"io"
	"math"

	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
	"golang.org/x/image/vector"

	"github.com/otklik/otklik/services/reporting/internal/typeface"
)

// PNG writes a drawing on light ground as a picture of so many pixels for each point, for what takes no other: workbooks.
func PNG(w io.Writer, d Drawing, scale float64) error {
	size := image.Rect(0, 0, int(math.Ceil(d.Width*scale)), int(math.Ceil(d.Height*scale)))
	r := &raster{image: image.NewRGBA(size), scale: scale}
	draw.Draw(r.image, size, image.NewUniform(r.colour(Ground, 1)), image.Point{}, draw.Src)
	for _, s := range d.Shapes {
		if len(s.Points) == 0 {
			continue
		}
		if err := r.shape(s); err != nil {
			return err
		}
	}
	encoder := png.Encoder{CompressionLevel: png.BestSpeed}
	if err := encoder.Encode(w, r.image); err != nil {
		return fmt.Errorf("write picture: %w", err)
	}
	return nil
}

// raster paints shapes. The path of the shape at hand is gathered first, so that only its surroundings are painted.
type raster struct {
	image  *image.RGBA
	scale  float64
	path   []segment
	buffer sfnt.Buffer
}

// segment is a part of a path: to its last point, by way of the ones before; one that moves begins a new outline.
type segment struct {
	points [3]Point
	count  int
	move   bool
}

func (r *raster) colour(t Tone, alpha float64) color.RGBA {
	c := t.OnLight()
	part := func(v uint8) uint8 { return uint8(math.Round(float64(v) * alpha)) }
	return color.RGBA{part(c.R), part(c.G), part(c.B), part(255)}
}

func (r *raster) move(p Point) {
	r.path = append(r.path, segment{points: [3]Point{p}, count: 1, move: true})
}

func (r *raster) to(points ...Point) {
	s := segment{count: len(points)}
	copy(s.points[:], points)
	r.path = append(r.path, s)
}

// fill paints what the path encloses and begins anew.
func (r *raster) fill(c color.RGBA) {
	least, most := Point{math.Inf(1), math.Inf(1)}, Point{math.Inf(-1), math.Inf(-1)}
	for _, s := range r.path {
		for _, p := range s.points[:s.count] {
			least, most = Point{min(least.X, p.X), min(least.Y, p.Y)}, Point{max(most.X, p.X), max(most.Y, p.Y)}
		}
	}
	bounds := image.Rect(int(math.Floor(least.X)), int(math.Floor(least.Y)), int(math.Ceil(most.X))+1, int(math.Ceil(most.Y))+1)
	if len(r.path) > 0 && !bounds.Intersect(r.image.Bounds()).Empty() {
		v := vector.NewRasterizer(bounds.Dx(), bounds.Dy())
		at := func(p Point) (float32, float32) {
			return float32(p.X - float64(bounds.Min.X)), float32(p.Y - float64(bounds.Min.Y))
		}
		for _, s := range r.path {
			ax, ay := at(s.points[0])
			bx, by := at(s.points[1])
			cx, cy := at(s.points[2])
			switch {
			case s.move:
				v.ClosePath()
				v.MoveTo(ax, ay)
			case s.count == 1:
				v.LineTo(ax, ay)
			case s.count == 2:
				v.QuadTo(ax, ay, bx, by)
			default:
				v.CubeTo(ax, ay, bx, by, cx, cy)
			}
		}
		v.ClosePath()
		v.Draw(r.image, bounds, image.NewUniform(c), image.Point{})
	}
	r.path = r.path[:0]
}

func (r *raster) shape(s Shape) error {
	points := make([]Point, len(s.Points))
	for i, p := range s.Points {
		points[i] = Point{p.X * r.scale, p.Y * r.scale}
	}
	alpha := 1.0
	if s.Faint {
		alpha = 0.55
		if s.Kind == Area {
			alpha = 0.2
		}
	}
	switch s.Kind {
	case Text:
		return r.text(s, points[0])
	case Circle:
		points = around(points[0], s.Radius*r.scale)
	}
	if s.Fill != Clear && s.Kind != Line {
		r.outline(points)
		r.fill(r.colour(s.Fill, alpha))
	}
	if s.Stroke != Clear {
		if s.Kind != Line {
			points = append(points, points[0])
		}
		r.strokes(points, s.Thickness*r.scale/2, s.Dashed)
		r.fill(r.colour(s.Stroke, alpha))
	}
	return nil
}

func (r *raster) outline(points []Point) {
	r.move(points[0])
	for _, p := range points[1:] {
		r.to(p)
	}
}

// around is a circle as a polygon so fine that it looks round.
func around(centre Point, radius float64) []Point {
	const corners = 40
	out := make([]Point, corners)
	for i := range out {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / corners)
		out[i] = Point{centre.X + radius*cos, centre.Y + radius*sin}
	}
	return out
}

// strokes are the outlines of lines of a thickness, in one direction of turning, so that where they lap they do not cancel.
func (r *raster) strokes(points []Point, half float64, dashed bool) {
	for i := 1; i < len(points); i++ {
		a, b := points[i-1], points[i]
		length := math.Hypot(b.X-a.X, b.Y-a.Y)
		if length == 0 {
			continue
		}
		dx, dy := (b.X-a.X)/length, (b.Y-a.Y)/length
		piece, period := length, length
		if dashed {
			piece, period = 3*r.scale, 5*r.scale
		}
		for from := 0.0; from < length; from += period {
			to := min(from+piece, length)
			p, q := Point{a.X + dx*from, a.Y + dy*from}, Point{a.X + dx*to, a.Y + dy*to}
			if !dashed && i > 1 {
				// Lines lap where they join.
				p = Point{p.X - dx*half/2, p.Y - dy*half/2}
			}
			r.outline([]Point{{p.X + dy*half, p.Y - dx*half}, {q.X + dy*half, q.Y - dx*half}, {q.X - dy*half, q.Y + dx*half}, {p.X - dy*half, p.Y + dx*half}})
		}
	}
}

func (r *raster) text(s Shape, at Point) error {
	face := typeface.Regular()
	if s.Bold {
		face = typeface.Bold()
	}
	size := s.Size * r.scale
	along := 0.0
	switch s.Anchor {
	case Centre:
		along = -face.Width(s.Text, size) / 2
	case Finish:
		along = -face.Width(s.Text, size)
	}
	for _, letter := range s.Text {
		segments, err := face.Outline(&r.buffer, letter, size)
		if err != nil {
			return err
		}
		place := func(p fixed.Point26_6) Point {
			x, y := along+float64(p.X)/64, float64(p.Y)/64
			if s.Upright {
				x, y = y, -x
			}
			return Point{at.X + x, at.Y + y}
		}
		for _, g := range segments {
			switch g.Op {
			case sfnt.SegmentOpMoveTo:
				r.move(place(g.Args[0]))
			case sfnt.SegmentOpLineTo:
				r.to(place(g.Args[0]))
			case sfnt.SegmentOpQuadTo:
				r.to(place(g.Args[0]), place(g.Args[1]))
			case sfnt.SegmentOpCubeTo:
				r.to(place(g.Args[0]), place(g.Args[1]), place(g.Args[2]))
			}
		}
		along += face.Width(string(letter), size)
	}
	r.fill(r.colour(s.Fill, 1))
	return nil
}
