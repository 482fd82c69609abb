package chart

import "math"

// scale maps values to places of a drawing.
type scale struct {
	low, high   float64
	first, last float64
}

func (s scale) at(v float64) float64 {
	if s.high == s.low || math.IsNaN(v) {
		return (s.first + s.last) / 2
	}
	part := (v - s.low) / (s.high - s.low)
	return s.first + min(max(part, 0), 1)*(s.last-s.first)
}

// span gathers the least and the greatest of what a scale is to show.
type span struct {
	low, high float64
	any       bool
}

func (s *span) include(values ...*float64) {
	for _, v := range values {
		// Beyond this the width of the span would not be a number.
		if v == nil || math.IsNaN(*v) || math.Abs(*v) > 1e300 {
			continue
		}
		if !s.any {
			s.low, s.high, s.any = *v, *v, true
		}
		s.low, s.high = min(s.low, *v), max(s.high, *v)
	}
}

// widened is the span with room at its ends, and some width where all values are one.
func (s *span) widened(part float64) (low, high float64) {
	width := s.high - s.low
	if width <= math.Abs(s.high)*1e-12 {
		width = max(math.Abs(s.high)*0.1, 1e-9)
		return s.low - width, s.high + width
	}
	return s.low - part*width, s.high + part*width
}

// ticks are round values within a range, about as many as wanted, and the digits that they need behind the separator.
func ticks(low, high float64, wanted int) (values []float64, digits int) {
	width := high - low
	if !(width > 0) || math.IsInf(width, 0) || wanted < 1 {
		return nil, 0
	}
	unit := math.Pow(10, math.Floor(math.Log10(width/float64(wanted))))
	interval := unit
	for _, factor := range []float64{1, 2, 5, 10} {
		interval = unit * factor
		if width/interval <= float64(wanted) {
			break
		}
	}
	if interval == 0 || math.IsInf(interval, 0) {
		return nil, 0
	}
	digits = max(0, int(-math.Floor(math.Log10(interval)+1e-9)))
	first := math.Ceil(low/interval - 1e-9)
	for i := range 2*wanted + 4 {
		v := (first + float64(i)) * interval
		if v > high+interval*1e-9 {
			break
		}
		values = append(values, v)
	}
	return values, digits
}

// tick is a round value with its text.
type tick struct {
	value float64
	text  string
}

// ticks are round values within a scale as they are written.
func (p *painter) ticks(s scale, wanted int) []tick {
	values, digits := ticks(s.low, s.high, wanted)
	greatest := 0.0
	for _, v := range values {
		greatest = max(greatest, math.Abs(v))
	}
	out := make([]tick, len(values))
	for i, v := range values {
		if greatest >= 1e6 {
			// What is left of a million may need digits that the whole number does not.
			digits = 3
		}
		out[i] = tick{v, p.Round(v, greatest, digits)}
	}
	return out
}
