package bridge

import "math"

// picture holds both periods, by segment and in all.
type picture struct {
	before, after []Cell
	// sums are those of the first and the second period.
	sums [2]Cell
}

func newPicture(values []string, before, after map[string]Cell) *picture {
	p := &picture{before: make([]Cell, len(values)), after: make([]Cell, len(values))}
	for i, name := range values {
		p.before[i], p.after[i] = before[name], after[name]
	}
	p.add()
	return p
}

// without is the picture when one group of respondents is left out.
func (p *picture) without(values []string, before, after map[string]Cell) *picture {
	out := newPicture(values, before, after)
	for i := range values {
		out.before[i], out.after[i] = minus(p.before[i], out.before[i]), minus(p.after[i], out.after[i])
	}
	out.add()
	return out
}

func (p *picture) add() {
	for side, cells := range [2][]Cell{p.before, p.after} {
		p.sums[side] = Cell{}
		for _, c := range cells {
			p.sums[side].Weight += c.Weight
			p.sums[side].Sum += c.Sum
		}
	}
}

// minus goes by the count: sums of fractions leave rounding behind where nobody is left.
func minus(a, b Cell) Cell {
	if a.Count == b.Count {
		return Cell{}
	}
	return Cell{Count: a.Count - b.Count, Weight: a.Weight - b.Weight, Sum: a.Sum - b.Sum}
}

// level is the mean of the segment's responses; nil when there are none.
func (c Cell) level() *float64 {
	if c.Count == 0 {
		return nil
	}
	l := c.Sum / c.Weight
	return &l
}

// effects are the numbers of a bridge: the means of both periods, and what each segment's share and level move.
type effects struct {
	before, after float64
	mix, level    []float64
}

// split computes them; the means are NaN where a period is empty.
func (p *picture) split() effects {
	e := effects{before: math.NaN(), after: math.NaN(), mix: make([]float64, len(p.before)), level: make([]float64, len(p.before))}
	if p.sums[0].Weight > 0 {
		e.before = p.sums[0].Sum / p.sums[0].Weight
	}
	if p.sums[1].Weight > 0 {
		e.after = p.sums[1].Sum / p.sums[1].Weight
	}
	overall := (e.before + e.after) / 2
	for i := range p.before {
		b, a := p.before[i].level(), p.after[i].level()
		switch {
		case b == nil && a == nil:
			continue
		case b == nil:
			b = a
		case a == nil:
			a = b
		}
		sb, sa := p.before[i].Weight/p.sums[0].Weight, p.after[i].Weight/p.sums[1].Weight
		e.mix[i] = (sa - sb) * ((*a+*b)/2 - overall)
		e.level[i] = (sa + sb) / 2 * (*a - *b)
	}
	return e
}
