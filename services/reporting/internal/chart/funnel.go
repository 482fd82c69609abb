package chart

import (
	"fmt"

	"github.com/otklik/otklik/services/reporting/internal/document"
	"github.com/otklik/otklik/services/reporting/internal/notation"
)

// funnel draws how many of each step there are, as lengths, and which part that is of the step before.
func (p *painter) funnel(c document.FunnelChart) {
	var rows []row
	var numbers []document.Number
	for i, s := range c.Steps {
		r := row{label: s.Label, to: float64(s.Count), drawn: true, tone: Fourth, value: p.Count(s.Count)}
		if i > 0 {
			numbers = append(numbers, s.Share)
			r.basis = join(p.Number(s.Share), p.Bounds(s.Share))
		}
		rows = append(rows, r)
	}
	rows, rest := p.first(rows)
	bottom := p.rows(2, rows, "", false)
	caption := ""
	if len(c.Steps) > 1 {
		caption = "%: " + p.Word(notation.ShareOfBefore)
	}
	p.foot(bottom+14, p.basis(notation.IntervalLine, nil, caption, p.levels(numbers), rest))
}

// levels names the level of the intervals of numbers.
func (p *painter) levels(numbers []document.Number) string {
	for _, x := range numbers {
		if notation.Known(x.Low) && notation.Known(x.High) && x.Level > 0 && x.Level < 1 {
			return fmt.Sprintf(p.Word(notation.IntervalName), p.Level(x.Level))
		}
	}
	return ""
}
