package chart

import (
	"fmt"
	"math"
	"slices"

	"github.com/otklik/otklik/services/reporting/internal/document"
	"github.com/otklik/otklik/services/reporting/internal/notation"
	"github.com/otklik/otklik/services/reporting/internal/typeface"
)

// row is a bar of a chart that is read from top to bottom: from one value to another, with an interval.
type row struct {
	label    string
	from, to float64
	drawn    bool
	low      *float64
	high     *float64
	tone     Tone
	form     form
	marked   bool
	strong   bool
	// dot stands for a value by its place alone, on a scale that does not begin at zero.
	dot bool
	// value and basis are written behind the bar.
	value, basis string
}

const (
	rowHigh  = 23.0
	barHigh  = 11.0
	labelMax = 180.0
)

// rows draws bars below each other on one scale, with names at the left and numbers at the right, and tells where they end.
func (p *painter) rows(top float64, all []row, title string, lines bool) float64 {
	face := typeface.Regular()
	labelWidth, valueWidth := 60.0, 40.0
	var values span
	if zero := 0.0; !slices.ContainsFunc(all, func(r row) bool { return r.dot }) {
		values.include(&zero)
	}
	for _, r := range all {
		labelWidth = max(labelWidth, min(face.Width(r.label, textSize), labelMax))
		valueWidth = max(valueWidth, typeface.Bold().Width(r.value, textSize), face.Width(r.basis, smallSize))
		if r.drawn && !r.dot {
			values.include(&r.from)
		}
		if r.drawn {
			values.include(&r.to, r.low, r.high)
		}
	}
	valueWidth = min(valueWidth, 190)
	x := scale{low: values.low, high: values.high, first: labelWidth + 16, last: Width - valueWidth - 12}
	if x.low == x.high {
		x.low, x.high = x.low-1, x.high+1
	}
	bottom := top + float64(len(all))*rowHigh
	p.grid(x, top, bottom, title)
	for i, r := range all {
		middle := top + (float64(i)+0.5)*rowHigh
		label := wrap(r.label, labelMax, 2)
		for l, line := range label {
			y := middle + 3 + (float64(l)-float64(len(label)-1)/2)*9.5
			p.add(Shape{Kind: Text, Points: []Point{{labelWidth, y}}, Text: line, Size: textSize, Bold: r.strong, Anchor: Finish, Fill: Ink, Role: "label", Of: r.label})
		}
		p.add(Shape{Kind: Text, Points: []Point{{Width - valueWidth, middle - 0.5}}, Text: face.Fit(r.value, textSize, valueWidth), Size: textSize, Bold: true, Fill: Ink, Role: "value", Of: r.label})
		if r.marked {
			p.mark(r.form, "light", r.label, Point{labelWidth + 8, middle}, 3.6, r.tone, false)
		}
		p.small(Width-valueWidth, middle+8.5, face.Fit(r.basis, smallSize, valueWidth), Begin)
		if !r.drawn {
			continue
		}
		p.bar(r, x, middle)
		if lines && i+1 < len(all) {
			p.add(Shape{Kind: Line, Points: []Point{{x.at(r.to), middle + barHigh/2}, {x.at(r.to), middle + rowHigh - barHigh/2}}, Stroke: Muted, Thickness: 0.6})
		}
	}
	return bottom
}

// bar draws the bar of a row and its interval.
func (p *painter) bar(r row, x scale, middle float64) {
	left, right := x.at(min(r.from, r.to)), x.at(max(r.from, r.to))
	s := Shape{Kind: Area, Points: rectangle(left, middle-barHigh/2, right, middle+barHigh/2), Fill: r.tone, Role: "bar", Of: r.label}
	if r.dot {
		p.mark(square, "total", r.label, Point{x.at(r.to), middle}, 4.5, r.tone, false)
	} else {
		p.add(s)
	}
	low, okLow := deref(r.low)
	high, okHigh := deref(r.high)
	if okLow && okHigh {
		p.whisker(r.label, x.at(low), x.at(high), middle)
	}
}

// grid draws lines at round values, and the title of the scale below.
func (p *painter) grid(x scale, top, bottom float64, title string) {
	for _, v := range p.ticks(x, 6) {
		tone := Rule
		if v.value == 0 {
			tone = Muted
		}
		p.line(tone, 0.7, Point{x.at(v.value), top}, Point{x.at(v.value), bottom})
		p.small(x.at(v.value), bottom+9, v.text, Centre)
	}
	if title != "" {
		p.small((x.first+x.last)/2, bottom+19, typeface.Regular().Fit(title, smallSize, x.last-x.first), Centre)
	}
}

// narrow tells that all that a bridge passes lies far from zero, so that its parts could not be seen on a scale that begins there.
func narrow(rows []row) bool {
	var passed span
	for _, r := range rows {
		if r.drawn {
			passed.include(&r.to)
		}
	}
	return passed.low*passed.high > 0 && passed.high-passed.low < 0.5*max(math.Abs(passed.low), math.Abs(passed.high))
}

// bars draws numbers side by side from zero.
func (p *painter) bars(c document.BarChart) {
	var rows []row
	var numbers []document.Number
	for _, b := range c.Bars {
		numbers = append(numbers, b.Number)
		v, ok := deref(b.Number.Value)
		f, tone := light(b.Mark)
		if b.Mark == document.NoMark {
			tone = Gain
			if v < 0 {
				tone = Loss
			}
		}
		rows = append(rows, row{
			label: b.Label, to: v, drawn: ok, low: b.Number.Low, high: b.Number.High, tone: tone, form: f, marked: b.Mark != document.NoMark,
			value: p.Number(b.Number), basis: join(p.Bounds(b.Number), p.N(b.Number)),
		})
	}
	rows, rest := p.first(rows)
	bottom := p.rows(2, rows, c.ValueTitle, false)
	p.foot(bottom+24, p.basis(notation.IntervalLine, numbers, rest))
}

// first are as many rows as fit on a page, and a note of how many there are.
func (p *painter) first(rows []row) (kept []row, note string) {
	if len(rows) <= most {
		return rows, ""
	}
	return rows[:most], fmt.Sprintf(p.Word(notation.FirstRows), p.Count(most), p.Count(int64(len(rows))))
}

func join(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + " · " + b
}

// bridge draws how a number came from one value to another: each part begins where the one before ended.
func (p *painter) bridge(c document.BridgeChart) {
	whole := func(title string, x document.Number, word notation.Word) row {
		v, ok := deref(x.Value)
		return row{label: or(title, p.Word(word)), to: v, drawn: ok, low: x.Low, high: x.High, tone: Total, strong: true, value: p.Number(x), basis: join(p.Bounds(x), p.N(x))}
	}
	rows := []row{whole(c.BeforeTitle, c.Before, notation.Before)}
	numbers := []document.Number{c.Before, c.After}
	at := rows[0].to
	parts, others := c.Parts, 0.0
	if len(parts) > most-3 {
		for _, part := range parts[most-3:] {
			if v, ok := deref(part.Effect.Value); ok {
				others += v
			}
		}
		parts = parts[:most-3]
	}
	step := func(label string, x document.Number) {
		v, ok := deref(x.Value)
		r := row{label: label, from: at, to: at + v, drawn: ok, tone: Gain, value: p.Signed(x), basis: join(p.Bounds(x), p.N(x))}
		if v < 0 {
			r.tone = Loss
		}
		if low, known := deref(x.Low); known && notation.Known(x.High) {
			from, to := at+low, at+*x.High
			r.low, r.high = &from, &to
		}
		rows = append(rows, r)
		at += v
	}
	for _, part := range parts {
		numbers = append(numbers, part.Effect)
		step(part.Label, part.Effect)
	}
	if rest := len(c.Parts) - len(parts); rest > 0 {
		x := document.Number{Value: &others, Unit: c.After.Unit, Currency: c.After.Currency, Digits: c.Parts[0].Effect.Digits}
		if x.Unit == document.Percent {
			x.Unit = document.Points
		}
		step(fmt.Sprintf(p.Word(notation.Others), p.Count(int64(rest))), x)
	}
	rows = append(rows, whole(c.AfterTitle, c.After, notation.After))
	if narrow(rows) {
		rows[0].dot, rows[len(rows)-1].dot = true, true
	}
	bottom := p.rows(2, rows, "", true)
	p.foot(bottom+14, p.basis(notation.IntervalLine, numbers))
}
