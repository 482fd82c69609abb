package chart

import (
	"slices"
	"time"

	"github.com/otklik/otklik/services/reporting/internal/document"
	"github.com/otklik/otklik/services/reporting/internal/notation"
	"github.com/otklik/otklik/services/reporting/internal/typeface"
)

// seriesTones and seriesForms are those of the lines of a trend, which differ in colour and form.
var (
	seriesTones = []Tone{Third, First, Fourth, Second, Fifth, Sixth}
	seriesForms = []form{disc, triangle, square, diamond, wedge}
)

// dots is up to how many steps of a line are marked each.
const dots = 60

// timeline is what the parts of a trend are drawn on.
type timeline struct {
	document.TrendChart
	room area
	x, y scale
	// steps are the times at which steps of any series begin, with the end of each.
	steps []document.TrendPoint
}

// trend draws numbers over time with the bands of their intervals. Where a step has no data the line is interrupted, and where no series has any the ground says so.
func (p *painter) trend(c document.TrendChart) {
	t := p.timeline(c)
	if len(t.steps) == 0 {
		p.nothing()
		return
	}
	bottom := p.scales(t)
	p.gaps(t)
	p.events(t)
	var numbers []document.Number
	for i, s := range c.Series {
		for _, part := range unbroken(s.Points) {
			p.band(t, part, seriesTones[i%len(seriesTones)])
		}
	}
	for i, s := range c.Series {
		tone := seriesTones[i%len(seriesTones)]
		for _, part := range unbroken(s.Points) {
			var line []Point
			for _, point := range part {
				numbers = append(numbers, point.Number)
				line = append(line, t.at(point))
			}
			p.add(Shape{Kind: Line, Points: line, Stroke: tone, Thickness: 1.6, Role: "line", Of: s.Label})
			for k, at := range line {
				if len(t.steps) <= dots || len(line) == 1 {
					p.mark(seriesForms[i%len(seriesForms)], "point", s.Label+": "+p.Number(part[k].Number), at, 2.2, tone, false)
				}
			}
		}
	}
	if len(c.Series) > 1 {
		var keys []key
		for i, s := range c.Series {
			keys = append(keys, key{form: seriesForms[i%len(seriesForms)], tone: seriesTones[i%len(seriesTones)], text: s.Label})
		}
		bottom = p.legend(bottom, keys)
	} else {
		bottom = p.counts(t, bottom)
	}
	p.foot(bottom, p.basis(notation.IntervalBand, numbers))
}

// timeline measures a trend: its steps, its scales, and the room that the names of its events take above.
func (p *painter) timeline(c document.TrendChart) *timeline {
	t := &timeline{TrendChart: c, room: area{left: 44, top: 8, right: Width - 8}}
	var values span
	for _, s := range c.Series {
		for _, point := range s.Points {
			values.include(point.Number.Value, point.Number.Low, point.Number.High)
			t.steps = append(t.steps, point)
		}
	}
	slices.SortStableFunc(t.steps, func(a, b document.TrendPoint) int { return a.Start.Compare(b.Start) })
	t.steps = slices.CompactFunc(t.steps, func(a, b document.TrendPoint) bool { return a.Start.Equal(b.Start) })
	if len(t.steps) == 0 {
		return t
	}
	last := t.steps[0].End
	for _, s := range t.steps {
		if s.End.After(last) {
			last = s.End
		}
	}
	t.x = scale{low: seconds(t.steps[0].Start), high: seconds(last), first: t.room.left, last: t.room.right}
	t.room.top += float64(len(p.flags(t))) * lineHigh
	t.room.bottom = t.room.top + 190
	t.y = scale{first: t.room.bottom, last: t.room.top}
	t.y.low, t.y.high = values.widened(0.06)
	return t
}

func seconds(t time.Time) float64 {
	return float64(t.Unix())
}

func (t *timeline) at(point document.TrendPoint) Point {
	v, _ := deref(point.Number.Value)
	return Point{t.x.at((seconds(point.Start) + seconds(point.End)) / 2), t.y.at(v)}
}

// scales draws lines at round values, and the times of steps as far as their names do not touch; it tells where they end.
func (p *painter) scales(t *timeline) float64 {
	for _, v := range p.ticks(t.y, 6) {
		p.line(Rule, 0.7, Point{t.room.left, t.y.at(v.value)}, Point{t.room.right, t.y.at(v.value)})
		text := v.text
		if t.Unit == document.Percent {
			text += "%"
		}
		p.small(t.room.left-5, t.y.at(v.value)+2.5, typeface.Regular().Fit(text, smallSize, t.room.left-6), Finish)
	}
	p.line(Muted, 0.8, Point{t.room.left, t.room.bottom}, Point{t.room.right, t.room.bottom})
	said := ""
	for _, s := range t.named(p) {
		at := t.x.at((seconds(s.Start) + seconds(s.End)) / 2)
		p.line(Muted, 0.8, Point{at, t.room.bottom}, Point{at, t.room.bottom + 3})
		begin := notation.In(s.Start, t.Zone)
		p.centred(at, t.room.bottom+11.5, p.Step(begin, s.End.Sub(s.Start)))
		if within := p.Within(begin, s.End.Sub(s.Start)); within != said {
			said = within
			p.centred(at, t.room.bottom+21, within)
		}
	}
	if said == "" {
		return t.room.bottom + 18
	}
	return t.room.bottom + 28
}

// centred writes small print around x, as far as the drawing is wide.
func (p *painter) centred(x, y float64, text string) {
	half := typeface.Regular().Width(text, smallSize) / 2
	p.small(min(max(x, half), Width-half), y, text, Centre)
}

// named are the steps whose names are written: every one, or every second, and so on, as many as there is room for.
func (t *timeline) named(p *painter) []document.TrendPoint {
	widest := 0.0
	for _, s := range t.steps {
		widest = max(widest, typeface.Regular().Width(p.Step(notation.In(s.Start, t.Zone), s.End.Sub(s.Start)), smallSize))
	}
	room := max(1, int((t.room.right-t.room.left)/(widest+8)))
	every := (len(t.steps) + room - 1) / room
	var out []document.TrendPoint
	for i := 0; i < len(t.steps); i += every {
		out = append(out, t.steps[i])
	}
	return out
}

// unbroken are the parts of a line in which each step has a number.
func unbroken(points []document.TrendPoint) [][]document.TrendPoint {
	var out [][]document.TrendPoint
	open := false
	for i, point := range points {
		_, ok := deref(point.Number.Value)
		switch {
		case !ok:
			open = false
			continue
		case open && points[i-1].End.Equal(point.Start):
			out[len(out)-1] = append(out[len(out)-1], point)
		default:
			out = append(out, []document.TrendPoint{point})
		}
		open = true
	}
	return out
}

// band draws the intervals of an unbroken part.
func (p *painter) band(t *timeline, part []document.TrendPoint, tone Tone) {
	var upper, lower []Point
	flush := func() {
		if len(upper) == 1 {
			p.line(tone, 1, upper[0], lower[0])
		} else if len(upper) > 1 {
			slices.Reverse(lower)
			p.add(Shape{Kind: Area, Points: append(upper, lower...), Fill: tone, Faint: true, Role: "band"})
		}
		upper, lower = nil, nil
	}
	for _, point := range part {
		low, okLow := deref(point.Number.Low)
		high, okHigh := deref(point.Number.High)
		if !okLow || !okHigh {
			flush()
			continue
		}
		at := t.at(point).X
		upper, lower = append(upper, Point{at, t.y.at(high)}), append(lower, Point{at, t.y.at(low)})
	}
	flush()
}

// gaps shades the steps for which no series has a number.
func (p *painter) gaps(t *timeline) {
	known := map[int64]bool{}
	for _, s := range t.Series {
		for _, point := range s.Points {
			if notation.Known(point.Number.Value) {
				known[point.Start.Unix()] = true
			}
		}
	}
	for i := 0; i < len(t.steps); i++ {
		if known[t.steps[i].Start.Unix()] {
			continue
		}
		first := i
		for i+1 < len(t.steps) && !known[t.steps[i+1].Start.Unix()] {
			i++
		}
		left, right := t.x.at(seconds(t.steps[first].Start)), t.x.at(seconds(t.steps[i].End))
		p.box("gap", "", Pale, left, t.room.top, right, t.room.bottom)
		word := p.Word(notation.NoData)
		if typeface.Regular().Width(word, smallSize)+4 <= right-left {
			p.small((left+right)/2, t.room.bottom-5, word, Centre)
			continue
		}
		p.add(Shape{Kind: Text, Points: []Point{{(left+right)/2 + 2.5, t.room.bottom - 5}}, Text: word, Size: smallSize, Fill: Muted, Upright: true})
	}
}

// flag is where the name of an event begins.
type flag struct {
	event document.TrendEvent
	room  area
	text  string
}

// flags puts the names of events into rows in which none touches another.
func (p *painter) flags(t *timeline) [][]flag {
	var out [][]flag
	events := slices.Clone(t.Events)
	slices.SortStableFunc(events, func(a, b document.TrendEvent) int { return a.Time.Compare(b.Time) })
	for _, e := range events {
		if at := seconds(e.Time); at < t.x.low || at > t.x.high {
			continue
		}
		text := typeface.Regular().Fit(p.Day(notation.In(e.Time, t.Zone))+" "+e.Label, smallSize, 190)
		width, at := typeface.Regular().Width(text, smallSize), t.x.at(seconds(e.Time))
		f := flag{event: e, text: text, room: area{left: at + 2, right: at + 2 + width}}
		if f.room.right > t.room.right {
			f.room.left, f.room.right = at-2-width, at-2
		}
		out = put(out, f)
	}
	return out
}

func put(rows [][]flag, f flag) [][]flag {
	for i, row := range rows {
		if !slices.ContainsFunc(row, func(o flag) bool { return f.room.left < o.room.right+4 && o.room.left < f.room.right+4 }) {
			rows[i] = append(row, f)
			return rows
		}
	}
	return append(rows, []flag{f})
}

// events marks what happened, with names above.
func (p *painter) events(t *timeline) {
	for i, row := range p.flags(t) {
		y := 8 + float64(i)*lineHigh
		for _, f := range row {
			at := t.x.at(seconds(f.event.Time))
			p.add(Shape{Kind: Line, Points: []Point{{at, y - 5}, {at, t.room.bottom}}, Stroke: Ink, Thickness: 0.8, Dashed: true, Role: "event", Of: f.event.Label})
			p.add(Shape{Kind: Text, Points: []Point{{f.room.left, y}}, Text: f.text, Size: smallSize, Fill: Ink, Role: "label", Of: f.event.Label})
		}
	}
}

// counts writes below the times how many responses each rests on.
func (p *painter) counts(t *timeline, top float64) float64 {
	any := false
	for _, s := range t.named(p) {
		for _, point := range t.Series[0].Points {
			if point.Start.Equal(s.Start) && point.Number.N != nil {
				p.centred(t.x.at((seconds(s.Start)+seconds(s.End))/2), top+5, p.Count(*point.Number.N))
				any = true
			}
		}
	}
	if !any {
		return top
	}
	p.small(t.room.left-16, top+5, "n", Finish)
	return top + 10
}
