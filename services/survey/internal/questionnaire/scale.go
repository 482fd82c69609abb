package questionnaire

import (
	"math"
	"strconv"
)

// Scale is the set of values that a scored answer may take: Min, Min+Step, … Max.
type Scale struct {
	// Min and Max are the smallest and the greatest value, multiples of 0.01 from -1000 to 1000.
	Min, Max float64
	// Step is the distance between neighbouring values, a multiple of 0.01 that divides Max-Min; 0 means 1.
	Step float64
}

// Bounds of a scale.
const (
	// scaleBound is the greatest magnitude of a value.
	scaleBound = 1000
	// maxScaleValues is the most values of a scale.
	maxScaleValues = 1001
	// centi is the number of units of fixed point in 1: values are multiples of 0.01.
	centi = 100
	// maxCenti bounds what toCenti converts, far beyond any scale.
	maxCenti = 1 << 30
)

// ID is the identifier of the scale: `min-max`, with the step behind a slash when it is not 1, e.g. `0-10`, `1-10/0.5`.
func (s Scale) ID() string {
	id := formatValue(s.Min) + "-" + formatValue(s.Max)
	if s.Step != 0 && s.Step != 1 {
		id += "/" + formatValue(s.Step)
	}
	return id
}

func (s Scale) step() float64 {
	if s.Step == 0 {
		return 1
	}
	return s.Step
}

// fixedScale is a checked scale in hundredths.
type fixedScale struct{ min, max, step int64 }

func (s Scale) fixed() fixedScale {
	lo, _ := toCenti(s.Min)
	hi, _ := toCenti(s.Max)
	step, _ := toCenti(s.step())
	return fixedScale{min: lo, max: hi, step: step}
}

// tolerance is how far a float may lie from a multiple of 0.01 and still mean it: far more than the rounding of sums, far less than 0.01.
const tolerance = 1e-7

// toCenti converts to hundredths; false when v is no multiple of 0.01 or out of any scale.
func toCenti(v float64) (int64, bool) {
	c := v * centi
	if !(math.Abs(c) < maxCenti) { // also refuses NaN
		return 0, false
	}
	r := math.Round(c)
	return int64(r), math.Abs(c-r) < tolerance
}

// formatValue writes a value in the shortest form that reads back equal.
func formatValue(v float64) string {
	if v == 0 {
		v = 0 // no "-0"
	}
	return strconv.FormatFloat(v, 'f', -1, 64)
}

// cuts are the default cuts of a scale by its ends.
type cuts struct{ satisfied, easy, netEasy, netDifficult float64 }

// defaultCuts returns the cuts of the usual scales; false for a scale that must state its own.
func defaultCuts(s Scale) (cuts, bool) {
	switch {
	case s.Min == 1 && s.Max == 5:
		return cuts{satisfied: 4, easy: 4, netEasy: 4, netDifficult: 2}, true
	case s.Min == 1 && s.Max == 7:
		return cuts{satisfied: 6, easy: 5, netEasy: 6, netDifficult: 3}, true
	case s.Min == 1 && s.Max == 10:
		return cuts{satisfied: 9, easy: 9, netEasy: 9, netDifficult: 4}, true
	default:
		return cuts{}, false
	}
}
