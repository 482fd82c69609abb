package pdf

import (
	"slices"

	"github.com/otklik/otklik/services/reporting/internal/chart"
	"github.com/otklik/otklik/services/reporting/internal/document"
	"github.com/otklik/otklik/services/reporting/internal/typeface"
)

const (
	// wordMost is the width up to which a word widens its column rather than being broken, textMost that up to which a text does rather than taking more lines.
	wordMost, textMost = 92.0, 240.0
	// measured is how many rows say how wide columns are to be.
	measured = 300
	// reasonMost is the width of why there is no number.
	reasonMost = 90.0
	markRoom   = 11.0
	// headMost is how many lines a head takes, so that rows have room below it.
	headMost = 8
)

// wish is the least width of a column, at which no word of usual length is broken, and that at which no text is.
func (g *grid) wish(column int) (least, whole float64) {
	measure := func(face *typeface.Face, text string, size, indent float64) {
		if text == "" {
			return
		}
		for word := range typeface.Words(text) {
			least = max(least, min(face.Width(word, size), wordMost)+indent)
		}
		whole = max(whole, min(face.Width(text, size), textMost)+indent)
	}
	measure(typeface.Bold(), g.Columns[column].Title, headSize, 0)
	measure(typeface.Regular(), g.shared[column], proofSize, 0)
	for _, row := range g.entries[:min(len(g.entries), measured)] {
		e := row[column]
		indent := 0.0
		if e.mark != document.NoMark {
			indent = markRoom
		}
		text := e.text
		if e.right && e.tone == chart.Muted {
			text = typeface.Regular().Fit(text, cellSize, reasonMost)
		}
		measure(typeface.Regular(), text, cellSize, indent)
		measure(typeface.Regular(), e.proof, proofSize, indent)
	}
	return least + 2*cellPad, whole + 2*cellPad
}

// parts are the columns in sets that are not wider than a page; each begins with the first column, which says what a row is.
func (g *grid) parts(room float64) [][]int {
	var out [][]int
	used := 0.0
	for i := range g.Columns {
		least, _ := g.wish(i)
		if len(out) > 0 && (used+least <= room || len(out[len(out)-1]) < 2) {
			out[len(out)-1] = append(out[len(out)-1], i)
			used += least
			continue
		}
		if i == 0 {
			out, used = [][]int{{0}}, least
			continue
		}
		first, _ := g.wish(0)
		out, used = append(out, []int{0, i}), first+least
	}
	return out
}

// widths divides the room among columns: what each wants where there is enough, otherwise between its least and that.
func (g *grid) widths(columns []int, room float64) []float64 {
	out := make([]float64, len(columns))
	least, whole := make([]float64, len(columns)), make([]float64, len(columns))
	for i, column := range columns {
		least[i], whole[i] = g.wish(column)
	}
	// Numbers are read down a column: where texts can make room, no number is broken.
	firm := slices.Clone(least)
	for i, column := range columns {
		if g.Columns[column].Kind == document.NumberColumn {
			firm[i] = whole[i]
		}
	}
	if sum(firm) <= room {
		least = firm
	}
	low, high := sum(least), sum(whole)
	for i := range columns {
		switch {
		case low >= room:
			out[i] = least[i] * room / low
		case high > room:
			out[i] = least[i] + (whole[i]-least[i])*(room-low)/(high-low)
		default:
			// A narrow table is not drawn out over the page: numbers stay near their names.
			out[i] = whole[i] * min(room/high, 1.6)
		}
	}
	return out
}

// row is a row with its lines set at their heights from its top.
type row struct {
	lines []setLine
	high  float64
}

type setLine struct {
	text         string
	face         *typeface.Face
	size         float64
	tone         chart.Tone
	column       int
	bottom, high float64
	indent       float64
	right        bool
	mark         document.Mark
	uncertain    bool
}

func (g *grid) row(index int, columns []int, widths []float64) *row {
	out := &row{}
	for i, column := range columns {
		e := g.entries[index][column]
		y, indent := cellAbove, 0.0
		if e.mark != document.NoMark {
			indent = markRoom
		}
		width := widths[i] - 2*cellPad - indent
		add := func(text string, size, high float64, tone chart.Tone, mark document.Mark) {
			if text == "" {
				return
			}
			for k, l := range typeface.Regular().Wrap(text, size, width) {
				y += high
				set := setLine{text: l, face: typeface.Regular(), size: size, tone: tone, column: i, bottom: y, high: high, indent: indent, right: e.right, uncertain: e.uncertain}
				if k == 0 {
					set.mark = mark
				}
				out.lines = append(out.lines, set)
			}
		}
		add(e.text, cellSize, cellLine, e.tone, e.mark)
		add(e.proof, proofSize, proofLine, chart.Muted, document.NoMark)
		out.high = max(out.high, y+cellAbove)
	}
	return out
}

// head are the titles of columns, with what their numbers share.
func (g *grid) head(columns []int, widths []float64) *row {
	out := &row{}
	for i, column := range columns {
		y := cellAbove
		right := g.Columns[column].Kind == document.NumberColumn
		add := func(text string, face *typeface.Face, size, high float64, tone chart.Tone) {
			if text == "" {
				return
			}
			lines := face.Wrap(text, size, widths[i]-2*cellPad)
			if len(lines) > headMost {
				lines = append(lines[:headMost-1:headMost-1], "…")
			}
			for _, l := range lines {
				y += high
				out.lines = append(out.lines, setLine{text: l, face: face, size: size, tone: tone, column: i, bottom: y, high: high, right: right})
			}
		}
		add(g.Columns[column].Title, typeface.Bold(), headSize, 10.5, chart.Ink)
		add(g.shared[column], typeface.Regular(), proofSize, proofLine, chart.Muted)
		out.high = max(out.high, y+cellAbove)
	}
	return out
}
