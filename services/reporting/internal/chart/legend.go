package chart

import (
	"fmt"
	"strings"

	"github.com/otklik/otklik/services/reporting/internal/document"
	"github.com/otklik/otklik/services/reporting/internal/notation"
	"github.com/otklik/otklik/services/reporting/internal/typeface"
)

// basis says in one line what the numbers of a chart rest on: what their intervals are drawn as, and the least and the greatest n.
func (p *painter) basis(drawn notation.Word, numbers []document.Number, more ...string) string {
	var parts []string
	var low, high int64 = -1, -1
	level := 0.0
	for _, x := range numbers {
		if x.N != nil {
			if low < 0 || *x.N < low {
				low = *x.N
			}
			high = max(high, *x.N)
		}
		if notation.Known(x.Low) && notation.Known(x.High) {
			level = max(level, x.Level)
		}
	}
	if level > 0 && level < 1 {
		parts = append(parts, fmt.Sprintf(p.Word(drawn), p.Level(level)))
	}
	switch {
	case low >= 0 && low == high:
		parts = append(parts, "n\u00a0=\u00a0"+p.Count(low))
	case low >= 0:
		parts = append(parts, "n\u00a0=\u00a0"+p.Count(low)+"\u00a0…\u00a0"+p.Count(high))
	}
	for _, text := range more {
		if text != "" {
			parts = append(parts, text)
		}
	}
	return strings.Join(parts, " · ")
}

// foot writes a line of small print below what is drawn, broken where it is long, and sets the height.
func (p *painter) foot(top float64, text string) {
	p.Height = top
	if text == "" {
		return
	}
	for _, line := range typeface.Regular().Wrap(text, smallSize, Width) {
		p.Height += lineHigh
		p.small(0, p.Height-2.5, line, Begin)
	}
	p.Height += 2
}

// key is an entry of a legend.
type key struct {
	form   form
	tone   Tone
	hollow bool
	text   string
}

// legend writes entries from left to right, on more lines where they are long, and tells where it ends.
func (p *painter) legend(top float64, keys []key) float64 {
	x, y := 0.0, top+lineHigh
	for _, k := range keys {
		text := typeface.Regular().Fit(k.text, textSize, Width-14)
		width := 12 + typeface.Regular().Width(text, textSize) + 14
		if x > 0 && x+width-14 > Width {
			x, y = 0, y+lineHigh+2
		}
		p.mark(k.form, "legend", "", Point{x + 4, y - 3}, 3.2, k.tone, k.hollow)
		p.text(x+12, y, text, Begin, Muted)
		x += width
	}
	return y + 4
}
