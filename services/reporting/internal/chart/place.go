package chart

import (
	"slices"

	"github.com/otklik/otklik/services/reporting/internal/typeface"
)

// area is a rectangle that something takes.
type area struct{ left, top, right, bottom float64 }

func (a area) overlaps(b area) bool {
	return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom
}

func (a area) within(b area) bool {
	return a.left >= b.left && a.right <= b.right && a.top >= b.top && a.bottom <= b.bottom
}

// labels finds room for the names of points, so that none covers another or a point.
type labels struct {
	bounds area
	taken  []area
	// lines are intervals, which a name should not be written across if it can be helped.
	lines []area
}

func (l *labels) take(a area) {
	l.taken = append(l.taken, a)
}

func (l *labels) free(a area, acrossLines bool) bool {
	if !a.within(l.bounds) {
		return false
	}
	if !acrossLines && slices.ContainsFunc(l.lines, a.overlaps) {
		return false
	}
	for _, t := range l.taken {
		if a.overlaps(t) {
			return false
		}
	}
	return true
}

// beside finds room for lines next to a point with a radius: right, left, above, below, then between. It takes the room and says where the base line of the first line
// begins, and how the lines are anchored.
func (l *labels) beside(at Point, radius float64, lines []string) (Point, Anchor, bool) {
	width, high := 0.0, float64(len(lines))*lineHigh
	for _, line := range lines {
		width = max(width, typeface.Regular().Width(line, textSize))
	}
	for _, acrossLines := range []bool{false, true} {
		if begin, anchor, ok := l.around(at, radius+2.5, width, high, acrossLines); ok {
			return begin, anchor, true
		}
	}
	return Point{}, Begin, false
}

func (l *labels) around(at Point, gap, width, high float64, acrossLines bool) (Point, Anchor, bool) {
	for _, c := range []struct {
		dx, dy float64
		anchor Anchor
	}{
		{gap, -high / 2, Begin}, {-gap, -high / 2, Finish}, {0, -gap - high, Centre}, {0, gap, Centre},
		{gap * 0.8, -gap - high + 3, Begin}, {gap * 0.8, gap - 3, Begin}, {-gap * 0.8, -gap - high + 3, Finish}, {-gap * 0.8, gap - 3, Finish},
	} {
		left := at.X + c.dx
		switch c.anchor {
		case Centre:
			left -= width / 2
		case Finish:
			left -= width
		}
		room := area{left, at.Y + c.dy, left + width, at.Y + c.dy + high}
		if l.free(room, acrossLines) {
			l.take(room)
			return Point{at.X + c.dx, at.Y + c.dy + lineHigh - 2.5}, c.anchor, true
		}
	}
	return Point{}, Begin, false
}
