package composite

import (
	"fmt"
	"math"
)

// trials are what the first term of a formula is taken for, small and great, to see whether it is ever a number; the others lie beside it.
var trials = []float64{0.0137, 1.719, 37.31, -43.77}

// never says why a formula is no number whatever its terms are, as far as trials tell; empty when it is one.
func (f *Formula) never() string {
	why := ""
	for _, base := range trials {
		values := make(map[string]float64, len(f.names))
		for i, n := range f.names {
			values[n] = base * (1 + math.Sqrt2*float64(i+1)/7)
		}
		of := func(name string) float64 { return values[name] }
		if !math.IsNaN(f.Evaluate(of)) {
			return ""
		}
		why = f.absence(of)
	}
	return why
}

// absence says why the formula is no number: the first of its parts that is none; empty when it is one.
func (f *Formula) absence(value func(name string) float64) string { return absenceOf(f.root, value) }

func absenceOf(n node, value func(name string) float64) string {
	if !math.IsNaN(n.evaluate(value)) {
		return ""
	}
	switch n := n.(type) {
	case name:
		return fmt.Sprintf("%s has no score", string(n))
	case negation:
		return absenceOf(n.of, value)
	case operation:
		for _, part := range []node{n.left, n.right} {
			if why := absenceOf(part, value); why != "" {
				return why
			}
		}
		if n.operator == '/' && n.right.evaluate(value) == 0 {
			return "the formula divides by 0"
		}
		return "a result is too great for a number"
	}
	return ""
}
