package main

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"time"
)

// curve is the cost of queries against the number of rows.
type curve struct{ lines []line }

// line is one query of one side.
type line struct {
	name   string
	theirs bool
	points []point
}

type point struct {
	rows int
	took time.Duration
}

// add adds the medians of both sides.
func (c *curve) add(name string, rows int, ours, theirs times) {
	c.point(name, false, rows, ours)
	if len(theirs) > 0 {
		c.point(name, true, rows, theirs)
	}
}

func (c *curve) point(name string, theirs bool, rows int, t times) {
	i := slices.IndexFunc(c.lines, func(l line) bool { return l.name == name && l.theirs == theirs })
	if i < 0 {
		i = len(c.lines)
		c.lines = append(c.lines, line{name: name, theirs: theirs})
	}
	c.lines[i].points = append(c.lines[i].points, point{rows, t.at(50)})
}

// The drawing: both axes are logarithmic and always the same, from 10,000 to 10,000,000 rows and from 10 µs to 10 s.
const (
	width, height             = 800, 420
	left, right, top, bottom  = 70, 560, 30, 360
	leastDecade, mostDecade   = 4, 7
	leastSeconds, mostSeconds = -5, 1
)

func placeX(rows int) float64 {
	at := (math.Log10(float64(rows)) - leastDecade) / (mostDecade - leastDecade)
	return left + min(1, max(0, at))*(right-left)
}

func placeY(d time.Duration) float64 {
	at := (math.Log10(max(d.Seconds(), 1e-9)) - leastSeconds) / (mostSeconds - leastSeconds)
	return bottom - min(1, max(0, at))*(bottom-top)
}

// colours tell queries apart, for those who see few colours too; PostgreSQL's lines are dashed.
var colours = []string{"#0072b2", "#d55e00", "#009e73", "#cc79a7"}

// draw makes an SVG picture.
func (c *curve) draw() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="12">`+"\n", width, height)
	fmt.Fprintf(&b, "<title>Median time of a query against the number of rows</title>\n<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>\n", width, height)
	for d := leastDecade; d <= mostDecade; d++ {
		x := placeX(int(math.Pow10(d)))
		fmt.Fprintf(&b, `<path d="M%.1f %d V%d" stroke="#ddd"/><text x="%.1f" y="%d" text-anchor="middle">%s</text>`+"\n", x, top, bottom, x, bottom+18, thousands(int(math.Pow10(d))))
	}
	for d, name := range []string{"10 µs", "0.1 ms", "1 ms", "10 ms", "0.1 s", "1 s", "10 s"} {
		y := placeY(time.Duration(math.Pow10(leastSeconds + d + 9)))
		fmt.Fprintf(&b, `<path d="M%d %.1f H%d" stroke="#ddd"/><text x="%d" y="%.1f" text-anchor="end">%s</text>`+"\n", left, y, right, left-6, y+4, name)
	}
	fmt.Fprintf(&b, `<text x="%d" y="%d" text-anchor="middle">rows</text><text x="%d" y="%d">median of a query</text>`+"\n", (left+right)/2, bottom+42, left, top-12)
	var names []string
	for i, l := range c.lines {
		if !slices.Contains(names, l.name) {
			names = append(names, l.name)
		}
		colour, dash, side := colours[slices.Index(names, l.name)%len(colours)], "", "Otklik"
		if l.theirs {
			dash, side = ` stroke-dasharray="5 4"`, "PostgreSQL"
		}
		b.WriteString(`<polyline fill="none" stroke-width="2" stroke="` + colour + `"` + dash + ` points="`)
		for _, p := range l.points {
			fmt.Fprintf(&b, "%.1f,%.1f ", placeX(p.rows), placeY(p.took))
		}
		b.WriteString("\"/>\n")
		for _, p := range l.points {
			fmt.Fprintf(&b, `<circle cx="%.1f" cy="%.1f" r="3" fill="%s"><title>%s, %s, %s rows: %s</title></circle>`+"\n",
				placeX(p.rows), placeY(p.took), colour, side, l.name, thousands(p.rows), milliseconds(p.took))
		}
		y := top + 12 + i*20
		fmt.Fprintf(&b, `<path d="M%d %d H%d" stroke="%s" stroke-width="2"%s/><text x="%d" y="%d">%s, %s</text>`+"\n", right+14, y, right+38, colour, dash, right+44, y+4, side, l.name)
	}
	b.WriteString("</svg>\n")
	return b.Bytes()
}
