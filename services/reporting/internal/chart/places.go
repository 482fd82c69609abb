package chart

import (
	"fmt"
	"math"
	"strconv"

	"github.com/otklik/otklik/services/reporting/internal/document"
	"github.com/otklik/otklik/services/reporting/internal/notation"
	"github.com/otklik/otklik/services/reporting/internal/typeface"
)

// kilometresPerDegree is the length of a degree of latitude.
const kilometresPerDegree = 111.195

// mapMost is how many places a map shows.
const mapMost = 500

// places draws places by their coordinates with lines of latitude and longitude and a scale, which need nothing from elsewhere. Intervals are neither drawn nor written.
func (p *painter) places(c document.MapChart) {
	shown := make([]document.MapPlace, 0, len(c.Places))
	var latitude, longitude span
	var numbers []document.Number
	for _, place := range c.Places {
		if len(shown) == mapMost || !(math.Abs(place.Latitude) <= 90) || !(math.Abs(place.Longitude) <= 180) {
			continue
		}
		shown = append(shown, place)
		latitude.include(&place.Latitude)
		longitude.include(&place.Longitude)
		numbers = append(numbers, place.Number)
	}
	if len(shown) == 0 {
		p.nothing()
		return
	}
	room := area{34, 4, Width - 2, 330}
	x, y, perDegree := fitted(latitude, longitude, room)
	p.graticule(room, x, y)
	names := &labels{bounds: area{room.left, room.top, room.right, room.bottom - 18}}
	for _, place := range shown {
		at, r := Point{x.at(place.Longitude), y.at(place.Latitude)}, size(place)
		names.take(area{at.X - r, at.Y - r, at.X + r, at.Y + r})
	}
	for _, place := range shown {
		at, r := Point{x.at(place.Longitude), y.at(place.Latitude)}, size(place)
		f, tone := light(place.Mark)
		label := place.Label
		if place.Places > 1 {
			f = disc
			label = join(place.Label, fmt.Sprintf(p.Word(notation.PlacesMore), p.Count(int64(place.Places))))
		}
		p.mark(f, "place", label+": "+join(p.Number(place.Number), p.Basis(place.Number)), at, r, tone, place.Uncertain)
		if place.Places > 1 {
			fill := Ground
			if place.Uncertain {
				fill = tone
			}
			p.add(Shape{Kind: Text, Points: []Point{{at.X, at.Y + 2.7}}, Text: strconv.Itoa(place.Places), Size: smallSize, Bold: true, Anchor: Centre, Fill: fill})
		}
		p.name(names, place, at, r)
	}
	p.scaleBar(room, perDegree/kilometresPerDegree)
	p.foot(p.legend(room.bottom+14, p.lights(shown)), p.basis(notation.IntervalName, countsOnly(numbers), p.omitted(len(shown), len(c.Places))))
}

func (p *painter) omitted(shown, all int) string {
	if shown == all {
		return ""
	}
	return fmt.Sprintf(p.Word(notation.FirstRows), p.Count(int64(shown)), p.Count(int64(all)))
}

// name writes the name and the value of a place where there is room; the table has all of them.
func (p *painter) name(names *labels, place document.MapPlace, at Point, r float64) {
	lines := wrap(place.Label, 110, 1)
	if notation.Known(place.Number.Value) {
		lines = append(lines, typeface.Regular().Fit(join(p.Number(place.Number), p.N(place.Number)), textSize, 120))
	}
	for ; len(lines) > 0; lines = lines[:len(lines)-1] {
		if begin, anchor, ok := names.beside(at, r, lines); ok {
			p.lines(begin.X, begin.Y, lines, anchor, Ink)
			return
		}
	}
}

func size(place document.MapPlace) float64 {
	if place.Places > 1 {
		return 6 + 2*math.Log10(float64(place.Places))
	}
	return 4.5
}

// fitted are the scales by which all places are in the room at the same scale both ways at their middle latitude, and how many points a degree of latitude takes.
func fitted(latitude, longitude span, room area) (x, y scale, perDegree float64) {
	const least = 0.02
	middleLatitude, middleLongitude := (latitude.low+latitude.high)/2, (longitude.low+longitude.high)/2
	narrow := max(math.Cos(middleLatitude*math.Pi/180), 0.05)
	high := max(latitude.high-latitude.low, least) * 1.25
	wide := max(longitude.high-longitude.low, least) * 1.25 * narrow
	perDegree = min((room.bottom-room.top)/high, (room.right-room.left)/wide)
	halfHigh, halfWide := (room.bottom-room.top)/perDegree/2, (room.right-room.left)/perDegree/2/narrow
	x = scale{low: middleLongitude - halfWide, high: middleLongitude + halfWide, first: room.left, last: room.right}
	y = scale{low: middleLatitude - halfHigh, high: middleLatitude + halfHigh, first: room.bottom, last: room.top}
	return x, y, perDegree
}

// graticule draws lines of latitude and longitude with their degrees.
func (p *painter) graticule(room area, x, y scale) {
	p.add(Shape{Kind: Area, Points: rectangle(room.left, room.top, room.right, room.bottom), Fill: Pale, Stroke: Rule, Thickness: 0.8})
	for _, v := range p.ticks(x, 6) {
		if math.Abs(v.value) <= 180 {
			p.line(Rule, 0.8, Point{x.at(v.value), room.top}, Point{x.at(v.value), room.bottom})
			p.small(x.at(v.value), room.bottom+10, v.text+"°", Centre)
		}
	}
	for _, v := range p.ticks(y, 5) {
		if math.Abs(v.value) <= 90 {
			p.line(Rule, 0.8, Point{room.left, y.at(v.value)}, Point{room.right, y.at(v.value)})
			p.small(room.left-4, y.at(v.value)+2.5, v.text+"°", Finish)
		}
	}
}

// scaleBar draws a round number of kilometres in a corner.
func (p *painter) scaleBar(room area, perKilometre float64) {
	if !(perKilometre > 0) || math.IsInf(perKilometre, 0) {
		return
	}
	values, digits := ticks(0, 110/perKilometre, 1)
	if len(values) < 2 {
		return
	}
	length := values[len(values)-1]
	right, y := room.right-8, room.bottom-6
	left := right - length*perKilometre
	p.line(Ink, 1.2, Point{left, y - 3}, Point{left, y}, Point{right, y}, Point{right, y - 3})
	p.small((left+right)/2, y-4, p.Decimal(length, digits)+"\u00a0"+p.Word(notation.Kilometres), Centre)
}

// lights are the entries of a legend for the marks that occur.
func (p *painter) lights(shown []document.MapPlace) []key {
	var out []key
	uncertain := false
	for m := document.Red; m <= document.Green; m++ {
		for _, place := range shown {
			if place.Mark == m {
				f, tone := light(m)
				out = append(out, key{form: f, tone: tone, text: p.Light(m)})
				break
			}
		}
	}
	for _, place := range shown {
		uncertain = uncertain || place.Uncertain
	}
	if uncertain {
		out = append(out, key{form: disc, tone: Total, hollow: true, text: p.Word(notation.Uncertain)})
	}
	return out
}
